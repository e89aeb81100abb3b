/* response: golden octets from RFC 6960's ASN.1 by hand, and what must not be encoded (conformance R1, R2, R7, S5, S6). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "calendar.h"
#include "der_text.h"
#include "response.h"

#define NOW 1700000000 /* 20231114221320Z */

/* RFC 8032 7.1, test 1: a seed that the RFC publishes for testing. */
static const uint8_t rfc8032_seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
	0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
	0x1c, 0xae, 0x7f, 0x60};
static const struct sign_key signing_key = {SIGN_ED25519, 1, {{rfc8032_seed, sizeof rfc8032_seed}}};

/* As the texts below write it: a2{ 04{*20} } is byKey; 30{ 02{ 01 } }, 30{ 02{ 02 } } … stand for CertIDs. */
#define RESPONDER_ID SLICE("\xA2\x16\x04\x14" AA_5 AA_5 AA_5 AA_5)
#define AA_5         "\xAA\xAA\xAA\xAA\xAA"
#define NONCE        SLICE("\x04\x03\x01\x02\x03")

#define TIME_13  "18{32 30 32 33 31 31 31 34 32 31 31 33 32 30 5a}" /* 20231114211320Z */
#define TIME_22  "18{32 30 32 33 31 31 31 34 32 32 31 33 32 30 5a}" /* 20231114221320Z */
#define TIME_21  "18{32 30 32 33 31 31 32 31 32 32 31 33 32 30 5a}" /* 20231121221320Z */
#define TIME_70  "18{31 39 37 30 30 31 30 31 30 30 30 30 30 30 5a}" /* 19700101000000Z */
#define OID_OCSP "2b 06 01 05 05 07 30 01"

static const struct single_response singles[] = {
	{.certid = {(const uint8_t *)"\x30\x03\x02\x01\x01", 5},
		CERT_STATUS_GOOD,
		0,
		CRL_REASON_NONE,
		NOW - 3600,
		NOW + 604800,
		false,
		0},
	{.certid = {(const uint8_t *)"\x30\x03\x02\x01\x02", 5},
		CERT_STATUS_REVOKED,
		0,
		CRL_REASON_CERTIFICATE_HOLD,
		NOW - 3600,
		NOW + 604800,
		false,
		0},
	{.certid = {(const uint8_t *)"\x30\x03\x02\x01\x03", 5},
		CERT_STATUS_UNKNOWN,
		0,
		CRL_REASON_NONE,
		NOW - 3600,
		NOW + 604800,
		true,
		NOW},
};

static const char golden_tbs[] =
	"30{ a2{ 04{*20} }" TIME_22 " 30{ 30{ 30{ 02{ 01 } } 80{}" TIME_13 " a0{" TIME_21 "} }"
	"     30{ 30{ 02{ 02 } } a1{" TIME_70 " a0{ 0a{ 06 } } }" TIME_13 " a0{" TIME_21 "} }"
	"     30{ 30{ 02{ 03 } } 82{}" TIME_13 " a0{" TIME_21 "}"
	"         a1{ 30{ 30{ 06{" OID_OCSP " 06 } 04{" TIME_22 "} } } } } }"
	" a1{ 30{ 30{ 06{" OID_OCSP " 02 } 04{ 04{ 01 02 03 } } }"
	"         30{ 06{" OID_OCSP " 09 } 04{ 05{} } } } } }";

static struct response sample(void)
{
	return (struct response){RESPONDER_ID, NOW, 3, singles, NONCE, true, 0, NULL};
}

static void tbs_is_golden(void **state)
{
	uint8_t ours[1024], wanted[1024];
	struct response r = sample();
	(void)state;
	struct slice tbs = response_encode_tbs(&r, ours, sizeof ours);
	assert_true(bytes_equal(tbs, der_text(golden_tbs, wanted, sizeof wanted)));
}

/* The signature is RFC 8032's test key's over golden_tbs, computed by OpenSSL's command. */
static void whole_response_is_golden(void **state)
{
	static uint8_t ours[4096], text[4096], wanted[2048], signature[SIGN_SIGNATURE_MAX];
	const struct slice certs[] = {SLICE("\x30\x02\x05\x00"), SLICE("\x30\x00")};
	uint8_t tbs_storage[1024];
	struct slice bits = {signature, 0};
	struct response r = sample();
	(void)state;
	r.cert_count = 2;
	r.certs = certs;
	struct slice tbs = response_encode_tbs(&r, tbs_storage, sizeof tbs_storage);
	assert_true(sign(&signing_key, tbs, signature, &bits.len));
	struct buffer whole = bytes_buffer(text, sizeof text - 1);
	bytes_append_text(&whole, "30{ 0a{ 00 } a0{ 30{ 06{" OID_OCSP " 01 } 04{ 30{");
	bytes_append_text(&whole, golden_tbs);
	bytes_append_text(&whole, " 30{ 06{ 2b 65 70 } } 03{ 00"
				  "7f1f76702d13aaa6e96a8e8a984b26e752516d3262d471a5d0e5364be4bffb9e"
				  "7f13f75d9d10c7092ce890c6da36ace03e6ef1c7a5fb4ca1475025243b88be00"
				  "} a0{ 30{ 30{ 05{} } 30{} } } } } } } }");
	text[whole.len] = '\0';
	assert_true(bytes_equal(response_encode(&r, tbs, SIGN_ED25519, bits, ours, sizeof ours),
		der_text((const char *)text, wanted, sizeof wanted)));
}

/* R1: no empty list, no default: the least that there can be. */
static void empty_fields_are_left_out(void **state)
{
	uint8_t ours[1024], wanted[1024];
	struct response r = sample();
	(void)state;
	r.single_count = 1;
	r.nonce = (struct slice){NULL, 0};
	r.extended_revoke = false;
	struct slice expected = der_text("30{ a2{ 04{*20} }" TIME_22 " 30{ 30{ 30{ 02{ 01 } } 80{}" TIME_13
					 " a0{" TIME_21 "} } } }",
		wanted, sizeof wanted);
	assert_true(bytes_equal(response_encode_tbs(&r, ours, sizeof ours), expected));
	struct slice whole =
		response_encode(&r, SLICE("\x30\x00"), SIGN_ED25519, SLICE("S"), ours, sizeof ours);
	expected = der_text("30{ 0a{ 00 } a0{ 30{ 06{" OID_OCSP
			    " 01 } 04{ 30{ 30{} 30{ 06{ 2b 65 70 } } 03{ 00 53 } } } } } }",
		wanted, sizeof wanted);
	assert_true(bytes_equal(whole, expected));
}

static void unspecified_and_absent_reasons_are_left_out(void **state)
{
	uint8_t first[1024], second[1024];
	struct single_response single = singles[1];
	struct response r = sample();
	(void)state;
	r.singles = &single;
	r.single_count = 1;
	single.reason = CRL_REASON_UNSPECIFIED;
	struct slice unspecified = response_encode_tbs(&r, first, sizeof first);
	single.reason = CRL_REASON_NONE;
	struct slice none = response_encode_tbs(&r, second, sizeof second);
	assert_true(none.len > 0 && bytes_equal(unspecified, none));
	single.reason = CRL_REASON_KEY_COMPROMISE;
	assert_int_equal(response_encode_tbs(&r, first, sizeof first).len, none.len + 5);
}

/* Each case spoils one field of a response that encodes. */
static void what_is_no_response_is_not_encoded(void **state)
{
	static const struct {
		const char *name;
		struct single_response single;
	} cases[] = {
#define SPOILED(status, time, reason, this_update, next_update, cutoff)                                      \
	{{(const uint8_t *)"\x30\x00", 2}, status, time, reason, this_update, next_update, true, cutoff}
		{"reason_7", SPOILED(CERT_STATUS_REVOKED, NOW, 7, NOW, NOW, NOW)},
		{"remove_from_crl", SPOILED(CERT_STATUS_REVOKED, NOW, 8, NOW, NOW, NOW)},
		{"reason_11", SPOILED(CERT_STATUS_REVOKED, NOW, 11, NOW, NOW, NOW)},
		{"reason_257", SPOILED(CERT_STATUS_REVOKED, NOW, 257, NOW, NOW, NOW)},
		{"reason_minus_2", SPOILED(CERT_STATUS_REVOKED, NOW, -2, NOW, NOW, NOW)},
		{"revocation_time", SPOILED(CERT_STATUS_REVOKED, CALENDAR_MAX + 1, 1, NOW, NOW, NOW)},
		{"this_update", SPOILED(CERT_STATUS_GOOD, 0, -1, CALENDAR_MIN - 1, NOW, NOW)},
		{"next_update", SPOILED(CERT_STATUS_GOOD, 0, -1, NOW, CALENDAR_MAX + 1, NOW)},
		{"archive_cutoff", SPOILED(CERT_STATUS_GOOD, 0, -1, NOW, NOW, INT64_MIN)},
		{"status", SPOILED((enum cert_status)3, 0, -1, NOW, NOW, NOW)},
		{"certid", {{NULL, 0}, CERT_STATUS_GOOD, 0, -1, NOW, NOW, false, 0}},
	};
	uint8_t storage[1024];
	const struct single_response good = SPOILED(CERT_STATUS_REVOKED, NOW, 1, NOW, NOW, NOW);
	struct response r = sample();
	(void)state;
	r.singles = &good;
	r.single_count = 1;
	assert_true(response_encode_tbs(&r, storage, sizeof storage).len > 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct single_response both[] = {good, cases[i].single};
		r.singles = both;
		r.single_count = 2;
		if (response_encode_tbs(&r, storage, sizeof storage).len != 0)
			fail_msg("%s was encoded", cases[i].name);
	}
}

static void what_lacks_a_part_is_not_encoded(void **state)
{
	uint8_t storage[1024];
	const struct slice nothing = {NULL, 0}, tbs = SLICE("\x30\x00"), bits = SLICE("S");
	struct response r = sample();
	(void)state;
	assert_true(response_encode(&r, tbs, SIGN_ED25519, bits, storage, sizeof storage).len > 0);
	assert_int_equal(response_encode(&r, nothing, SIGN_ED25519, bits, storage, sizeof storage).len, 0);
	assert_int_equal(response_encode(&r, tbs, SIGN_NONE, bits, storage, sizeof storage).len, 0);
	assert_int_equal(response_encode(&r, tbs, SIGN_ED25519, nothing, storage, sizeof storage).len, 0);
	r.cert_count = 1;
	r.certs = &nothing;
	assert_int_equal(response_encode(&r, tbs, SIGN_ED25519, bits, storage, sizeof storage).len, 0);
	r.single_count = 0;
	assert_int_equal(response_encode_tbs(&r, storage, sizeof storage).len, 0);
	r = sample();
	r.responder_id = nothing;
	assert_int_equal(response_encode_tbs(&r, storage, sizeof storage).len, 0);
	r = sample();
	r.produced_at = CALENDAR_MAX + 1;
	assert_int_equal(response_encode_tbs(&r, storage, sizeof storage).len, 0);
}

static void storage_that_is_too_small_holds_nothing(void **state)
{
	uint8_t storage[1024], tbs_storage[1024];
	struct response r = sample();
	(void)state;
	struct slice tbs = response_encode_tbs(&r, tbs_storage, sizeof tbs_storage);
	size_t whole = response_encode(&r, tbs, SIGN_ED25519, SLICE("S"), storage, sizeof storage).len;
	for (size_t size = 0; size < whole; size++)
		assert_int_equal(response_encode(&r, tbs, SIGN_ED25519, SLICE("S"), storage, size).len, 0);
	assert_int_equal(response_encode(&r, tbs, SIGN_ED25519, SLICE("S"), storage, whole).len, whole);
	for (size_t size = 0; size < tbs.len; size++)
		assert_int_equal(response_encode_tbs(&r, storage, size).len, 0);
	assert_int_equal(response_encode_tbs(&r, storage, tbs.len).len, tbs.len);
}

static void errors_are_five_octets_without_response_bytes(void **state)
{
	static const struct {
		int status;
		uint8_t octet;
		const char *name;
	} cases[] = {{0, 2, "successful"}, {1, 1, "malformedRequest"}, {2, 2, "internalError"},
		{3, 3, "tryLater"}, {4, 2, "unknown"}, {5, 5, "sigRequired"}, {6, 6, "unauthorized"},
		{7, 2, "unknown"}, {-1, 2, "unknown"}, {999, 2, "unknown"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const uint8_t wanted[5] = {0x30, 0x03, 0x0A, 0x01, cases[i].octet};
		enum response_status status = (enum response_status)cases[i].status;
		assert_true(bytes_equal(response_error(status), (struct slice){wanted, 5}));
		assert_string_equal(response_status_name(status), cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tbs_is_golden),
		cmocka_unit_test(whole_response_is_golden),
		cmocka_unit_test(empty_fields_are_left_out),
		cmocka_unit_test(unspecified_and_absent_reasons_are_left_out),
		cmocka_unit_test(what_is_no_response_is_not_encoded),
		cmocka_unit_test(what_lacks_a_part_is_not_encoded),
		cmocka_unit_test(storage_that_is_too_small_holds_nothing),
		cmocka_unit_test(errors_are_five_octets_without_response_bytes),
	};
	return sign_start() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
