/* serial_text: serials as an operator gives and reads them; reason and iso_time, the other two things that are typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "ctl/iso_time.h"
#include "ctl/reason.h"
#include "ctl/serial_text.h"
#include "ctl/redis/status_tsv.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define F16          "FFFFFFFFFFFFFFFF"
#define Z16          "0000000000000000"
#define F112         F16 F16 F16 F16 F16 F16 F16
#define f16          "ffffffffffffffff"
#define f112         f16 f16 f16 f16 f16 f16 f16

/* 2^511 - 1 and 2^511 */
#define SO_FAR                                                                                               \
	"67039039649712985497870124991029230637396829102961966888617807218608820150367734884009371490834517" \
	"1384"                                                                                               \
	"50159290932430254268769414059732849732168245030420"
#define LONGEST  SO_FAR "47"
#define ONE_MORE SO_FAR "48"

/* `both` NULL: refused, with `problem` in the words. */
static const struct {
	const char *name, *text, *both, *problem;
} cases[] = {
	{"zero", "0", "0x00 (0)", NULL},
	{"zero_in_hex", "0x0", "0x00 (0)", NULL},
	{"one_octet", "127", "0x7f (127)", NULL},
	{"high_bit_needs_a_sign_octet", "128", "0x80 (128)", NULL},
	{"two_octets", "4097", "0x1001 (4097)", NULL},
	{"hex", "0x1001", "0x1001 (4097)", NULL},
	{"hex_upper_prefix_and_digits", "0XaBcD", "0xabcd (43981)", NULL},
	{"hex_odd_number_of_digits", "0x123", "0x0123 (291)", NULL},
	{"leading_zeros_are_no_octal", "0010", "0x0a (10)", NULL},
	{"leading_zeros_in_hex", "0x0000000A", "0x0a (10)", NULL},
	{"beyond_64_bits", "18446744073709551616", "0x010000000000000000 (18446744073709551616)", NULL},
	{"twenty_octets", "0x7fffffffffffffffffffffffffffffffffffffff",
		"0x7fffffffffffffffffffffffffffffffffffffff "
		"(730750818665451459101842416358141509827966271487)",
		NULL},
	{"leading_zeros_beyond_the_limit", "0x" Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16 "0001", "0x01 (1)", NULL},
	{"the_longest", "0x7FFFFFFFFFFFFFFF" F112, "0x7fffffffffffffff" f112 " (" LONGEST ")", NULL},
	{"the_longest_in_decimal", LONGEST, "0x7fffffffffffffff" f112 " (" LONGEST ")", NULL},
	{"too_long_with_its_sign_octet", "0x8" Z16 Z16 Z16 Z16 Z16 Z16 Z16 "000000000000000", NULL,
		"longer than 64"},
	{"too_long_in_hex", "0x1" Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16, NULL, "longer than 64"},
	{"too_long_in_decimal", ONE_MORE, NULL, "longer than 64"},
	{"far_too_long", LONGEST LONGEST, NULL, "longer than 64"},
	{"empty", "", NULL, "empty"},
	{"only_a_prefix", "0x", NULL, "empty"},
	{"negative", "-1", NULL, "negative"},
	{"negative_hex", "0x-1", NULL, "negative"},
	{"no_digits", "foo", NULL, "neither decimal nor"},
	{"hex_without_prefix", "10AB", NULL, "write 0x"},
	{"not_a_number", "12z", NULL, "neither"},
	{"a_blank", "1 2", NULL, "neither"},
	{"a_plus", "+1", NULL, "neither"},
	{"colons", "0x10:01", NULL, "neither"},
};

static void each_text_is_read_and_echoed_in_both_bases_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[SERIAL_TEXT_SIZE] = "";
		struct serial serial = {0};
		const char *problem = serial_text_read(bytes_of(cases[i].text), &serial);
		if (cases[i].both && (problem || strcmp(serial_text(&serial, text), cases[i].both) != 0))
			fail_msg("%s: %s%s", cases[i].name, problem ? problem : "", text);
		if (!cases[i].both && (!problem || !strstr(problem, cases[i].problem)))
			fail_msg("%s: %s", cases[i].name, problem ? problem : "accepted");
		if (cases[i].both) /* INTEGER's content: minimal, not negative */
			assert_false(serial_is_negative(serial_slice(&serial)) ||
				     (serial.len > 1 && serial.octets[0] == 0 && serial.octets[1] < 0x80));
	}
}

static struct slice octets_of(uint8_t *storage, size_t len, uint8_t first)
{
	memset(storage, 0, len);
	if (len > 0)
		storage[0] = first;
	return (struct slice){storage, len};
}

static void a_magnitude_becomes_integer_content(void **state)
{
	uint8_t storage[80];
	struct serial serial;
	(void)state;
	assert_true(serial_from_magnitude((struct slice){NULL, 0}, &serial));
	assert_int_equal(serial.len, 1);
	assert_int_equal(serial.octets[0], 0);
	assert_true(serial_from_magnitude(octets_of(storage, 64, 0x7F), &serial));
	assert_int_equal(serial.len, 64);
	assert_true(serial_from_magnitude(octets_of(storage, 63, 0x80), &serial));
	assert_int_equal(serial.len, 64);
	assert_int_equal(serial.octets[1], 0x80);
	assert_false(serial_from_magnitude(octets_of(storage, 64, 0x80), &serial));
	assert_false(serial_from_magnitude(octets_of(storage, 65, 0x01), &serial));
}

static void a_certificate_gives_its_serial_unless_it_is_negative_or_too_long(void **state)
{
	char text[SERIAL_TEXT_SIZE];
	struct serial serial;
	X509 *certificate = X509_new();
	ASN1_INTEGER *number = X509_get_serialNumber(certificate);
	uint8_t long_number[65] = {0x01};
	(void)state;
	assert_true(ASN1_INTEGER_set_uint64(number, UINT64_C(0x8000000000000001)));
	assert_null(serial_of_certificate(certificate, &serial));
	assert_string_equal(serial_text(&serial, text), "0x8000000000000001 (9223372036854775809)");
	assert_true(ASN1_INTEGER_set(number, -5));
	assert_non_null(strstr(serial_of_certificate(certificate, &serial), "negative"));
	number->type = V_ASN1_INTEGER;
	assert_true(ASN1_STRING_set(number, long_number, sizeof long_number));
	assert_non_null(strstr(serial_of_certificate(certificate, &serial), "longer than 64"));
	X509_free(certificate);
}

/* -1: refused. */
static const struct {
	const char *text;
	int reason;
} reasons[] = {
	{"unspecified", 0},
	{"keyCompromise", 1},
	{"KEYCOMPROMISE", 1},
	{"cACompromise", 2},
	{"CACompromise", 2},
	{"affiliationChanged", 3},
	{"superseded", 4},
	{"cessationOfOperation", 5},
	{"certificateHold", 6},
	{"removeFromCRL", 8},
	{"privilegeWithdrawn", 9},
	{"aACompromise", 10},
	{"0", 0},
	{"7", 7},
	{"10", 10},
	{"11", -1},
	{"-1", -1},
	{"", -1},
	{"key", -1},
	{"keyCompromised", -1},
};

static void reasons_are_read_by_name_or_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(reasons); i++) {
		int reason = -1;
		if (reason_read(bytes_of(reasons[i].text), &reason) != (reasons[i].reason >= 0) ||
			reason != reasons[i].reason)
			fail_msg("%s: %d", reasons[i].text, reason);
	}
	for (int reason = -1; reason <= 11; reason++) {
		int again = -2;
		assert_int_equal(reason_is_of_revoked(reason),
			reason >= 0 && reason <= 10 && reason != 7 && reason != 8);
		assert_int_equal(
			reason_read(bytes_of(reason_name(reason)), &again), reason >= 0 && reason <= 10);
		assert_int_equal(again, reason >= 0 && reason <= 10 ? reason : -2);
	}
}

static const struct {
	const char *text;
	int64_t time; /* -1: refused */
} times[] = {
	{"0", 0},
	{"1735689600", 1735689600},
	{"253402300799", CALENDAR_MAX},
	{"253402300800", -1},
	{"1970-01-01T00:00:00Z", 0},
	{"2025-01-01T00:00:00Z", 1735689600},
	{"2024-02-29T23:59:59Z", 1709251199},
	{"9999-12-31T23:59:59Z", CALENDAR_MAX},
	{"2025-02-29T00:00:00Z", -1},
	{"2025-01-01T00:00:60Z", -1},
	{"1969-12-31T23:59:59Z", -1},
	{"2025-01-01T00:00:00", -1},
	{"2025-01-01 00:00:00Z", -1},
	{"2025-01-01T00:00:00+", -1},
	{"20250101000000Z", -1},
	{"2025-1-01T00:00:000Z", -1},
	{"-5", -1},
	{"now", -1},
	{"", -1},
};

static void times_are_unix_seconds_or_iso_8601_in_utc(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		int64_t found = -1;
		(void)iso_time_read(bytes_of(times[i].text), &found);
		if (found != times[i].time)
			fail_msg("%s: %lld", times[i].text, (long long)found);
	}
}

/* `problem` NULL: read, and written again the same. */
static const struct {
	const char *name, *line, *problem;
} lines[] = {
	{"good", "0x1001\t4097\tgood\t\t", NULL},
	{"unknown", "0x1001\t4097\tunknown\t\t", NULL},
	{"revoked", "0x1001\t4097\trevoked\t2025-01-01T00:00:00Z\tkeyCompromise", NULL},
	{"revoked_without_time_or_reason", "0x1001\t4097\trevoked\t\t", NULL},
	{"unrevoked", "0x1001\t4097\tgood\t2025-01-01T00:00:00Z\tcertificateHold", NULL},
	{"unrevoked_odd_reason", "0x1001\t4097\tgood\t2025-01-01T00:00:00Z\t7", NULL},
	{"revoked_odd_reason", "0x1001\t4097\trevoked\t2025-01-01T00:00:00Z\tremoveFromCRL", "reason"},
	{"serials_that_differ", "0x1001\t4098\tgood\t\t", "two numbers"},
	{"serial_that_is_none", "1001x\t4097\tgood\t\t", "neither"},
	{"decimal_that_is_none", "0x1001\t\tgood\t\t", "empty"},
	{"status_that_is_none", "0x1001\t4097\tGood\t\t", "status"},
	{"time_that_is_none", "0x1001\t4097\trevoked\tyesterday\t", "time"},
	{"reason_that_is_none", "0x1001\t4097\trevoked\t\tbad", "reason"},
	{"four_columns", "0x1001\t4097\tgood\t", "five columns"},
	{"six_columns", "0x1001\t4097\tgood\t\t\t", "five columns"},
	{"empty", "", "five columns"},
};

static void each_line_of_tsv_is_read_and_written_the_same_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		uint8_t storage[STATUS_TSV_LINE_MAX];
		char expected[256];
		struct buffer out = bytes_buffer(storage, sizeof storage);
		struct status_row row = {0};
		const char *problem = status_tsv_read(bytes_of(lines[i].line), &row);
		if (!problem != !lines[i].problem || (problem && !strstr(problem, lines[i].problem)))
			fail_msg("%s: %s", lines[i].name, problem ? problem : "accepted");
		if (problem)
			continue;
		status_tsv_append(&out, &row);
		(void)snprintf(expected, sizeof expected, "%s\n", lines[i].line);
		if (!bytes_equal(bytes_written(&out), bytes_of(expected)))
			fail_msg("%s: written as something else", lines[i].name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_read_and_echoed_in_both_bases_or_refused),
		cmocka_unit_test(a_magnitude_becomes_integer_content),
		cmocka_unit_test(a_certificate_gives_its_serial_unless_it_is_negative_or_too_long),
		cmocka_unit_test(reasons_are_read_by_name_or_number),
		cmocka_unit_test(times_are_unix_seconds_or_iso_8601_in_utc),
		cmocka_unit_test(each_line_of_tsv_is_read_and_written_the_same_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
