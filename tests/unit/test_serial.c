/* serial: serialNumbers in decimal, as the keys of Redis have them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "serial.h"

#include <string.h>

/* 2^511 - 1: the largest that CERTID_SERIAL_MAX octets hold. */
#define LARGEST                                                                                              \
	"670390396497129854978701249910292306373968291029619668886178072186088201503677348840093714"         \
	"9083451713845015929093243025426876941405973284973216824503042047"

static const struct {
	const char *hex, *decimal;
} numbers[] = {
	{"00", "0"},
	{"01", "1"},
	{"09", "9"},
	{"0a", "10"},
	{"7f", "127"},
	{"0080", "128"},
	{"00ff", "255"},
	{"0100", "256"},
	{"3b9ac9ff", "999999999"},
	{"3b9aca00", "1000000000"},
	{"3b9aca01", "1000000001"},
	{"0de0b6b3a763ffff", "999999999999999999"},
	{"0de0b6b3a7640000", "1000000000000000000"},
	{"0de0b6b3a7640001", "1000000000000000001"},
	{"7fffffffffffffff", "9223372036854775807"},
	{"008000000000000000", "9223372036854775808"},
	{"010000000000000000", "18446744073709551616"},
	{"7fffffffffffffffffffffffffffffffffffffff", "730750818665451459101842416358141509827966271487"},
};

static size_t read_hex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;
	for (size_t i = 0; i < 2 * len; i++) {
		uint8_t digit = (uint8_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
		out[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
	}
	return len;
}

static void assert_decimal(struct slice serial, const char *decimal)
{
	uint8_t octets[SERIAL_DECIMAL_MAX];
	struct buffer out = bytes_buffer(octets, sizeof octets);
	serial_append_decimal(&out, serial);
	assert_false(out.failed);
	assert_int_equal(out.len, strlen(decimal));
	assert_memory_equal(octets, decimal, out.len);
}

static void values_in_decimal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		uint8_t octets[CERTID_SERIAL_MAX];
		size_t len = read_hex(numbers[i].hex, octets);
		assert_decimal((struct slice){octets, len}, numbers[i].decimal);
	}
}

static void the_largest_has_room(void **state)
{
	uint8_t octets[CERTID_SERIAL_MAX];
	(void)state;
	memset(octets, 0xFF, sizeof octets);
	octets[0] = 0x7F;
	assert_decimal((struct slice){octets, sizeof octets}, LARGEST);
}

static void what_stands_in_the_buffer_stays(void **state)
{
	uint8_t octets[8];
	struct buffer out = bytes_buffer(octets, sizeof octets);
	(void)state;
	bytes_append_text(&out, "cert:");
	serial_append_decimal(&out, SLICE("\x7F"));
	assert_false(out.failed);
	assert_memory_equal(octets, "cert:127", 8);
	serial_append_decimal(&out, SLICE("\x01"));
	assert_true(out.failed);
}

static void what_is_no_serial_fails(void **state)
{
	uint8_t octets[SERIAL_DECIMAL_MAX];
	uint8_t long_one[CERTID_SERIAL_MAX + 1] = {0};
	const struct slice none[] = {
		{NULL, 0},
		SLICE("\x80"),
		SLICE("\xFF\x01"),
		{long_one, sizeof long_one},
	};
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		struct buffer out = bytes_buffer(octets, sizeof octets);
		serial_append_decimal(&out, none[i]);
		assert_true(out.failed);
		assert_int_equal(out.len, 0);
	}
}

static void the_first_bit_is_the_sign(void **state)
{
	(void)state;
	assert_true(serial_is_negative(SLICE("\x80")));
	assert_true(serial_is_negative(SLICE("\xFF\x7F")));
	assert_false(serial_is_negative(SLICE("\x00\x80")));
	assert_false(serial_is_negative(SLICE("\x7F\xFF")));
	assert_false(serial_is_negative((struct slice){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_in_decimal),
		cmocka_unit_test(the_largest_has_room),
		cmocka_unit_test(what_stands_in_the_buffer_stays),
		cmocka_unit_test(what_is_no_serial_fails),
		cmocka_unit_test(the_first_bit_is_the_sign),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
