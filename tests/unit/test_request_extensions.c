/*
 * request: requestExtensions and singleRequestExtensions (conformance Q5, Q6, Q11, N1, N2), and OIDs as text.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "request_text.h"

static void fault_names_the_extension(void **state)
{
	static const struct {
		const char *der, *reason;
	} cases[] = {
		{EXTENDED("30{30{" UNKNOWN_OID TRUE_BOOLEAN "04{}}}"), "Extension: unknown and critical"},
		{SINGLE("30{30{" UNKNOWN_OID TRUE_BOOLEAN "04{}}}"), "Extension: unknown and critical"},
		{EXTENDED("30{30{" UNKNOWN_OID "04{}}" NONCE("04{*16}") "30{" UNKNOWN_OID "04{01}}}"),
			"Extensions: one is repeated"},
		{SINGLE("30{30{" UNKNOWN_OID "04{}}30{" UNKNOWN_OID "04{}}}"), "Extensions: one is repeated"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request_fault fault;
		char text[64] = "";
		struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);
		assert_false(decode(cases[i].der, 64, &fault));
		assert_string_equal(fault.reason, cases[i].reason);
		request_oid_text(fault.oid, &out);
		assert_string_equal(text, "1.3.6.1.4.1.311.10");
	}
}

static void known_extension_in_the_wrong_list_is_unknown(void **state)
{
	struct request_fault fault;
	(void)state;
	assert_false(decode(SINGLE("30{30{" OCSP_OID("02") TRUE_BOOLEAN "04{04{*16}}}}"), 64, &fault));
	assert_false(decode(EXTENDED("30{30{" OCSP_OID("07") TRUE_BOOLEAN "04{}}}"), 64, &fault));
	assert_true(decode(SINGLE("30{" NONCE("04{*16}") "}"), 64, &fault));
	assert_int_equal(request.nonce_state, NONCE_ABSENT);
}

static void nonce_lengths(void **state)
{
	static const struct {
		const char *inner;
		enum request_nonce state;
	} cases[] = {
		{"04{*1}", NONCE_VALID},
		{"04{*16}", NONCE_VALID},
		{"04{*32}", NONCE_VALID},
		{"04{*128}", NONCE_VALID},
		{"04{}", NONCE_INVALID},
		{"04{*129}", NONCE_INVALID},
		{"*16", NONCE_INVALID}, /* as clients sent it before the ASN.1 was clear */
		{"", NONCE_INVALID},
		{"04{*16}00", NONCE_INVALID},
		{"0481 10 *16", NONCE_INVALID},
		{"24{04{*16}}", NONCE_INVALID},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[512] = "";
		uint8_t storage[256];
		strcat(strcat(strcpy(text, "30{30{" LIST "A2{30{30{" OCSP_OID("02") "04{"), cases[i].inner),
			"}}}}}}");
		accept(cases[i].inner, text);
		assert_int_equal(request.nonce_state, cases[i].state);
		if (cases[i].state == NONCE_VALID)
			assert_true(bytes_equal(
				request.nonce, der_text(cases[i].inner, storage, sizeof storage)));
	}
	accept("absent", REQUEST(LIST));
	assert_int_equal(request.nonce_state, NONCE_ABSENT);
}

#define PREFERENCE(algorithms) EXTENDED("30{30{" OCSP_OID("08") "04{30{" algorithms "}}}}")

static void preferences_are_kept_in_order(void **state)
{
	uint8_t storage[64];
	(void)state;
	accept("two", PREFERENCE("30{30{06{2A8648CE3D040302}}}"
				 "30{" RSA_SHA256 "30{06{2A864886F70D010101}}}"));
	assert_int_equal(request.preferred_count, 2);
	assert_true(bytes_equal(
		request.preferred[0], der_text("30{06{2A8648CE3D040302}}", storage, sizeof storage)));
	assert_true(bytes_equal(request.preferred[1],
		der_text(RSA_SHA256 "30{06{2A864886F70D010101}}", storage, sizeof storage)));
#define FOUR(x) x x x x
	accept("twenty", PREFERENCE(FOUR("30{" RSA_SHA256 "}") FOUR(FOUR("30{" RSA_SHA256 "}"))));
	assert_int_equal(request.preferred_count, REQUEST_PREFERRED_MAX);
	accept("second_broken", PREFERENCE("30{" RSA_SHA256 "}30{05{}}"));
	assert_int_equal(request.preferred_count, 0);
	accept("trailing_in_one", PREFERENCE("30{" RSA_SHA256 RSA_SHA256 "05{}}"));
	assert_int_equal(request.preferred_count, 0);
}

static void extensions_up_to_32(void **state)
{
	(void)state;
	for (unsigned count = 31; count <= 33; count++) {
		char text[4096] = "30{30{" LIST "A2{30{";
		struct request_fault fault;
		for (unsigned i = 0; i < count; i++) {
			char *end = text + strlen(text);
			assert_true(snprintf(end, 64, "30{06{2B06%02X}04{}}", i) > 0);
		}
		strcat(text, "}}}}");
		assert_int_equal(decode(text, 64, &fault), count <= REQUEST_EXTENSIONS_MAX);
	}
}

static void oids_as_text(void **state)
{
	static const struct {
		struct slice oid;
		const char *text;
	} cases[] = {
		{{(const uint8_t *)"\x00", 1}, "0.0"},
		{{(const uint8_t *)"\x27", 1}, "0.39"},
		{{(const uint8_t *)"\x28", 1}, "1.0"},
		{{(const uint8_t *)"\x4F", 1}, "1.39"},
		{{(const uint8_t *)"\x50", 1}, "2.0"},
		{{(const uint8_t *)"\x88\x37\x03", 3}, "2.999.3"},
		{{(const uint8_t *)"\x2B\x06\x01\x05\x05\x07\x30\x01\x02", 9}, "1.3.6.1.5.5.7.48.1.2"},
		{{(const uint8_t *)"\x2A\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 11},
			"1.2.18446744073709551615"},
		{{(const uint8_t *)"\x2A\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01", 12}, "1.2.?.1"},
		{{(const uint8_t *)"\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00\x01", 11}, "2.?.1"},
		{{(const uint8_t *)"\x2A\x80\x01", 3}, "1.2.?"},
		{{(const uint8_t *)"\x2A\x81", 2}, "1.2.?"},
		{{(const uint8_t *)"", 0}, "?"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[64] = "";
		struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);
		request_oid_text(cases[i].oid, &out);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_names_the_extension),
		cmocka_unit_test(known_extension_in_the_wrong_list_is_unknown),
		cmocka_unit_test(nonce_lengths),
		cmocka_unit_test(preferences_are_kept_in_order),
		cmocka_unit_test(extensions_up_to_32),
		cmocka_unit_test(oids_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
