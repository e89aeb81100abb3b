/*
 * der, reading: what is strict DER and what is only BER, and times. test_der_write.c has the writer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "der.h"

#include "calendar.h"
#include "der_text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static uint8_t storage[0x20000];

static struct slice octets(const char *text)
{
	return der_text(text, storage, sizeof storage);
}

/* A reader that refuses leaves its cursor where it was. */
static void check_cursor(const char *name, struct slice before, struct slice after, bool accepted)
{
	if (accepted ? after.len >= before.len : (after.data != before.data || after.len != before.len))
		fail_msg("%s: cursor", name);
}

static void elements(void **state)
{
	static const struct {
		const char *der;
		bool accepted;
	} cases[] = {
		{"04 00", true},
		{"04 01 61", true},
		{"04 7F *127", true},
		{"04 8180 *128", true},
		{"04 81FF *255", true},
		{"04 820100 *256", true},
		{"04 82FFFF *65535", true},
		{"04 83010000 *65536", true},
		{"30 00", true},
		{"31 00", true},
		{"80 00", true},
		{"A0 00", true},
		{"BE 00", true},
		{"", false},
		{"04", false},
		{"04 01", false},
		{"04 02 61", false},
		{"04 817F *127", false},
		{"04 8100", false},
		{"04 820080 *128", false},
		{"04 8200FF *255", false},
		{"04 8300FFFF *65535", false},
		{"04 81", false},
		{"04 8201", false},
		{"04 80 0000", false},
		{"30 80 0000", false},
		{"04 FF *300", false},
		{"04 84FFFFFFFF *300", false},
		{"04 850100000000 *300", false},
		{"04 88FFFFFFFFFFFFFFFF *300", false},
		{"04 820100 *255", false},
		{"00 00", false},
		{"1F 1F 00", false},
		{"BF 1F 00", false},
		{"9F 8101 00", false},
		{"10 00", false}, /* SEQUENCE and SET are constructed, */
		{"11 00", false},
		{"21 03 0101FF", false}, /* what is primitive stays so in DER */
		{"24 03 040161", false},
		{"2C 03 0C0161", false},
		{"05 01 00", false},
		{"03 00", false},
		{"03 01 01", false},
		{"03 02 0801", false},
		{"03 02 0101", false},
		{"03 02 0102", true},
		{"03 02 0780", true},
		{"03 01 00", true},
		{"1E 01 61", false},
		{"1C 02 0061", false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice whole = octets(cases[i].der);
		struct slice cursor = whole;
		struct slice content = {NULL, 0};
		uint8_t tag = 0;
		if (der_read_any(&cursor, &tag, &content) != cases[i].accepted)
			fail_msg("%s", cases[i].der);
		check_cursor(cases[i].der, whole, cursor, cases[i].accepted);
		if (cases[i].accepted) {
			assert_int_equal(tag, whole.data[0]);
			assert_int_equal(cursor.len, 0);
			assert_true(content.data + content.len == whole.data + whole.len);
		}
	}
}

static void a_reader_takes_one_element_of_its_tag(void **state)
{
	struct slice cursor = octets("04{61}05{}02{07}");
	struct slice start = cursor;
	struct slice content;
	(void)state;
	assert_int_equal(der_peek(cursor), DER_OCTET_STRING);
	assert_false(der_read(&cursor, DER_NULL, &content));
	assert_true(der_read(&cursor, DER_OCTET_STRING, &content));
	assert_true(bytes_equal(content, SLICE("a")));
	assert_true(der_read_whole(&cursor, DER_NULL, &content));
	assert_true(content.data == start.data + 3 && content.len == 2);
	assert_false(der_read_whole(&cursor, DER_NULL, &content));
	assert_true(der_read_integer(&cursor, &content));
	assert_int_equal(der_peek(cursor), 0);
	assert_int_equal(cursor.len, 0);
	assert_false(der_read(&cursor, 0, &content));
}

static bool takes_integer(struct slice *cursor)
{
	struct slice content;
	return der_read_integer(cursor, &content);
}

static bool takes_boolean(struct slice *cursor)
{
	bool value = false;
	return der_read_boolean(cursor, &value);
}

static bool takes_oid(struct slice *cursor)
{
	struct slice oid;
	return der_read_oid(cursor, &oid);
}

static bool takes_algorithm(struct slice *cursor)
{
	struct slice oid;
	struct slice parameters;
	return der_read_algorithm(cursor, &oid, &parameters);
}

static bool takes_bits(struct slice *cursor)
{
	struct slice bits;
	return der_read_bits(cursor, &bits);
}

static void types(void **state)
{
	static const struct {
		bool (*takes)(struct slice *cursor);
		const char *der;
		bool accepted;
	} cases[] = {
		{takes_integer, "02{00}", true},
		{takes_integer, "02{7F}", true},
		{takes_integer, "02{0080}", true},
		{takes_integer, "02{80}", true},
		{takes_integer, "02{FF7F}", true},
		{takes_integer, "02{FF00}", true},
		{takes_integer, "02{*200}", true},
		{takes_integer, "02{}", false},
		{takes_integer, "02{0000}", false},
		{takes_integer, "02{007F}", false},
		{takes_integer, "02{FFFF}", false},
		{takes_integer, "02{FF80}", false},
		{takes_integer, "0A{00}", false},
		{takes_boolean, "01{00}", true},
		{takes_boolean, "01{FF}", true},
		{takes_boolean, "01{01}", false},
		{takes_boolean, "01{}", false},
		{takes_boolean, "01{FFFF}", false},
		{takes_oid, "06{2A}", true},
		{takes_oid, "06{2A8648}", true},
		{takes_oid, "06{8837}", true},
		{takes_oid, "06{}", false},
		{takes_oid, "06{80}", false},
		{takes_oid, "06{2A86}", false},
		{takes_oid, "06{2A8001}", false},
		{takes_oid, "06{8001}", false},
		{takes_oid, "0D{2A}", false},
		{takes_algorithm, "30{06{2A}}", true},
		{takes_algorithm, "30{06{2A}05{}}", true},
		{takes_algorithm, "30{06{2A}30{0000}}",
			true}, /* what is inside is for who knows the algorithm */
		{takes_algorithm, "30{}", false},
		{takes_algorithm, "30{05{}}", false},
		{takes_algorithm, "30{06{2A}05{}05{}}", false},
		{takes_algorithm, "30{06{2A}05{00}}", false},
		{takes_algorithm, "30{06{2A}02{0001}}", false},
		{takes_algorithm, "30{06{2A}0500 00}", false},
		{takes_algorithm, "31{06{2A}}", false},
		{takes_bits, "03{00}", true},
		{takes_bits, "03{00FF}", true},
		{takes_bits, "03{0780}", false},
		{takes_bits, "03{}", false},
		{takes_bits, "04{00}", false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice whole = octets(cases[i].der);
		struct slice cursor = whole;
		if (cases[i].takes(&cursor) != cases[i].accepted)
			fail_msg("%s", cases[i].der);
		check_cursor(cases[i].der, whole, cursor, cases[i].accepted);
	}
}

static void small_numbers(void **state)
{
	static const struct {
		const char *der;
		uint8_t tag;
		uint32_t max;
		bool accepted;
		uint32_t value;
	} cases[] = {
		{"0A{06}", DER_ENUMERATED, 10, true, 6},
		{"02{00}", DER_INTEGER, 0, true, 0},
		{"02{0080}", DER_INTEGER, 128, true, 128},
		{"02{0080}", DER_INTEGER, 127, false, 0},
		{"02{00FFFFFFFF}", DER_INTEGER, UINT32_MAX, true, UINT32_MAX},
		{"02{0100000000}", DER_INTEGER, UINT32_MAX, false, 0},
		{"02{008000000000}", DER_INTEGER, UINT32_MAX, false, 0},
		{"02{01000000000000000005}", DER_INTEGER, UINT32_MAX, false, 0},
		{"02{FF}", DER_INTEGER, UINT32_MAX, false, 0},
		{"02{0006}", DER_INTEGER, 10, false, 0},
		{"02{}", DER_INTEGER, 10, false, 0},
		{"02{06}", DER_ENUMERATED, 10, false, 0},
		{"80{0006}", DER_CONTEXT(0), 10, false, 0},
		{"80{}", DER_CONTEXT(0), 10, false, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice whole = octets(cases[i].der);
		struct slice cursor = whole;
		uint32_t value = 0;
		if (der_read_small(&cursor, cases[i].tag, cases[i].max, &value) != cases[i].accepted)
			fail_msg("%s", cases[i].der);
		assert_int_equal(value, cases[i].value);
		check_cursor(cases[i].der, whole, cursor, cases[i].accepted);
	}
}

static struct slice time_element(uint8_t tag, const char *text)
{
	struct der_writer w = der_writer(storage, sizeof storage);
	der_put_element(&w, tag, bytes_of(text));
	return der_written(&w);
}

static void times(void **state)
{
	static const struct {
		uint8_t tag;
		const char *text;
		bool accepted;
		int64_t seconds;
	} cases[] = {
		{DER_UTC_TIME, "700101000000Z", true, 0},
		{DER_UTC_TIME, "491231235959Z", true, 2524607999},
		{DER_UTC_TIME, "500101000000Z", true, -631152000}, /* 1950: RFC 5280 4.1.2.5.1 */
		{DER_UTC_TIME, "000229000000Z", true, 951782400},
		{DER_GENERALIZED_TIME, "20380119031408Z", true, 2147483648},
		{DER_GENERALIZED_TIME, "21060207062816Z", true, 4294967296},
		{DER_GENERALIZED_TIME, "99991231235959Z", true, CALENDAR_MAX},
		{DER_GENERALIZED_TIME, "00000101000000Z", true, CALENDAR_MIN},
		{DER_GENERALIZED_TIME, "15821015000000Z", true, -12219292800},
		{DER_GENERALIZED_TIME, "20240229000000Z", true, 1709164800},
		{DER_UTC_TIME, "010229000000Z", false, 0},
		{DER_GENERALIZED_TIME, "21000229000000Z", false, 0},
		{DER_GENERALIZED_TIME, "20261301000000Z", false, 0},
		{DER_GENERALIZED_TIME, "20260001000000Z", false, 0},
		{DER_GENERALIZED_TIME, "20261122240000Z", false, 0},
		{DER_GENERALIZED_TIME, "20161231235960Z", false, 0},
		{DER_GENERALIZED_TIME, "20261122140000.5Z", false, 0},
		{DER_GENERALIZED_TIME, "202611221400Z", false, 0},
		{DER_GENERALIZED_TIME, "20261122140000", false, 0},
		{DER_GENERALIZED_TIME, "20261122140000+0000", false, 0},
		{DER_GENERALIZED_TIME, "20261122140000z", false, 0},
		{DER_GENERALIZED_TIME, "20261122140000ZZ", false, 0},
		{DER_GENERALIZED_TIME, "2026112214000:Z", false, 0},
		{DER_GENERALIZED_TIME, "2026112214000/Z", false, 0},
		{DER_GENERALIZED_TIME, "-0261122140000Z", false, 0},
		{DER_GENERALIZED_TIME, "", false, 0},
		{DER_UTC_TIME, "20261122140000Z", false, 0},
		{DER_UTC_TIME, "2611221400Z", false, 0},
		{DER_UTC_TIME, "261122140000+0000", false, 0},
		{DER_OCTET_STRING, "20261122140000Z", false, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice whole = time_element(cases[i].tag, cases[i].text);
		struct slice cursor = whole;
		int64_t seconds = 0;
		if (der_read_time(&cursor, &seconds) != cases[i].accepted)
			fail_msg("%s", cases[i].text);
		assert_true(seconds == cases[i].seconds);
		check_cursor(cases[i].text, whole, cursor, cases[i].accepted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements),
		cmocka_unit_test(a_reader_takes_one_element_of_its_tag),
		cmocka_unit_test(types),
		cmocka_unit_test(small_numbers),
		cmocka_unit_test(times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
