/*
 * bytes: bounds of the appender, strict decimals, little-endian integers, and CRC-32C in both its ways.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

/* The source itself: which of the two CRCs runs is the processor's choice, so each is called by its own name. */
#include "bytes.c"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void slices_compare_by_content(void **state)
{
	const struct slice none = {NULL, 0};
	(void)state;
	assert_true(bytes_equal(none, SLICE("")));
	assert_true(bytes_equal(bytes_of(NULL), none));
	assert_true(bytes_equal(bytes_of("abc"), SLICE("abc")));
	assert_false(bytes_equal(SLICE("abc"), SLICE("abd")));
	assert_false(bytes_equal(SLICE("abc"), SLICE("ab")));
	assert_int_equal(SLICE("a\0b").len, 3);
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
	uint8_t storage[4] = "";
	struct buffer out = bytes_buffer(storage, sizeof storage);
	(void)state;
	bytes_append_text(&out, "abc");
	assert_false(out.failed);
	bytes_append_text(&out, "de");
	assert_true(out.failed);
	bytes_append_char(&out, 'f');
	assert_true(out.failed);
	assert_true(bytes_equal(bytes_written(&out), SLICE("abcf")));
	bytes_append(&out, (struct slice){NULL, 0});
	bytes_append(&out, (struct slice){storage, SIZE_MAX}); /* no sum that wraps */
	assert_true(bytes_equal(bytes_written(&out), SLICE("abcf")));

	struct buffer three = bytes_buffer(storage, 3);
	bytes_append_hex(&three, SLICE("\x01\x02"));
	assert_true(three.failed);
	bytes_append_decimal(&three, -123);
	bytes_append_padded(&three, 1, 4);
	assert_int_equal(three.len, 0);
	bytes_append_decimal(&three, -12);
	assert_true(bytes_equal(bytes_written(&three), SLICE("-12")));

	struct buffer nowhere = bytes_buffer(NULL, 0);
	bytes_append_text(&nowhere, "");
	assert_false(nowhere.failed);
	bytes_append_char(&nowhere, 'x');
	assert_true(nowhere.failed);
}

static void numbers_as_text(void **state)
{
	uint8_t storage[128];
	struct buffer out = bytes_buffer(storage, sizeof storage);
	(void)state;
	bytes_append_decimal(&out, 0);
	bytes_append_char(&out, ' ');
	bytes_append_decimal(&out, INT64_MIN);
	bytes_append_char(&out, ' ');
	bytes_append_decimal(&out, INT64_MAX);
	bytes_append_char(&out, ' ');
	bytes_append_padded(&out, 7, 4);
	bytes_append_char(&out, ' ');
	bytes_append_padded(&out, 12345, 4);
	bytes_append_char(&out, ' ');
	bytes_append_padded(&out, UINT64_MAX, 99);
	bytes_append_char(&out, ' ');
	bytes_append_hex(&out, SLICE("\x00\x7f\xAB"));
	assert_true(bytes_equal(bytes_written(&out),
		SLICE("0 -9223372036854775808 9223372036854775807 0007 12345 18446744073709551615 007fab")));
	assert_false(out.failed);
}

static void little_endian_integers(void **state)
{
	static const uint8_t octets[] = {0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0xF1};
	(void)state;
	assert_int_equal(bytes_le16(octets), 0xDCFE);
	assert_int_equal(bytes_le32(octets), 0x98BADCFE);
	assert_true(bytes_le64(octets) == 0xF132547698BADCFE);
}

static void decimals_are_strict_and_bounded(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool accepted;
		uint64_t value;
	} cases[] = {
		{"0", 0, true, 0},
		{"007", 7, true, 7},
		{"42", 42, true, 42},
		{"43", 42, false, 0},
		{"420", 42, false, 0},
		{"9", 8, false, 0},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"99999999999999999999", UINT64_MAX, false, 0},
		{"184467440737095516150", UINT64_MAX, false, 0},
		{"00000000000000000000000000000001", 1, true, 1},
		{"00", 9, true, 0},
		{"10", 10, true, 10},
		{"", 9, false, 0},
		{"-1", 9, false, 0},
		{"+1", 9, false, 0},
		{" 1", 9, false, 0},
		{"1 ", 9, false, 0},
		{"1\n", 9, false, 0},
		{"0x1", 9, false, 0},
		{"1.0", 10, false, 0},
		{"\xB2", 9, false, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t value = 77;
		if (bytes_decimal(bytes_of(cases[i].text), cases[i].max, &value) != cases[i].accepted)
			fail_msg("\"%s\"", cases[i].text);
		assert_true(value == (cases[i].accepted ? cases[i].value : 77));
		bool one_text = cases[i].text[0] != '0' || cases[i].text[1] == '\0';
		value = 77;
		if (bytes_decimal_canonical(bytes_of(cases[i].text), cases[i].max, &value) !=
			(cases[i].accepted && one_text))
			fail_msg("\"%s\" as canonical", cases[i].text);
		assert_true(value == (cases[i].accepted && one_text ? cases[i].value : 77));
	}
}

/* RFC 3720 B.4, and the check value of the catalogues of CRCs. */
static void crc32c_known_answers(void **state)
{
	uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
	static const uint8_t read_command[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14,
		0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02};
	(void)state;
	memset(ones, 0xFF, sizeof ones);
	for (uint8_t i = 0; i < 32; i++) {
		up[i] = i;
		down[i] = (uint8_t)(31 - i);
	}
	const struct {
		struct slice octets;
		uint32_t crc;
	} cases[] = {
		{{zeros, sizeof zeros}, 0x8A9136AA},
		{{ones, sizeof ones}, 0x62A8AB43},
		{{up, sizeof up}, 0x46DD794E},
		{{down, sizeof down}, 0x113FDB5C},
		{{read_command, sizeof read_command}, 0xD9963A56},
		{SLICE("123456789"), 0xE3069283},
		{SLICE(""), 0},
		{{NULL, 0}, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(bytes_crc32c(0, cases[i].octets), cases[i].crc);
		assert_int_equal((uint32_t)~crc32c_portable(0xFFFFFFFF, cases[i].octets), cases[i].crc);
	}
}

static void crc32c_goes_on_where_it_was(void **state)
{
	struct slice all = SLICE("123456789");
	(void)state;
	for (size_t cut = 0; cut <= all.len; cut++) {
		uint32_t first = bytes_crc32c(0, (struct slice){all.data, cut});
		assert_int_equal(
			bytes_crc32c(first, (struct slice){all.data + cut, all.len - cut}), 0xE3069283);
	}
}

/* Every length around the eight octets of one step, at every alignment. */
static void both_crcs_agree(void **state)
{
#ifdef BYTES_CRC32C_INSTRUCTION
	uint8_t octets[128];
	uint32_t seed = 1;
	if (!CPU_FEATURE_ACTIVE(SSE4_2))
		skip();
	for (size_t i = 0; i < sizeof octets; i++) {
		seed = seed * 1664525 + 1013904223;
		octets[i] = (uint8_t)(seed >> 24);
	}
	for (size_t from = 0; from < 8; from++) {
		for (size_t length = 0; length <= sizeof octets - from; length++) {
			struct slice part = {octets + from, length};
			assert_int_equal(crc32c_instruction(seed, part), crc32c_portable(seed, part));
		}
	}
#else
	skip();
#endif
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_compare_by_content),
		cmocka_unit_test(what_does_not_fit_is_left_out_whole),
		cmocka_unit_test(numbers_as_text),
		cmocka_unit_test(little_endian_integers),
		cmocka_unit_test(decimals_are_strict_and_bounded),
		cmocka_unit_test(crc32c_known_answers),
		cmocka_unit_test(crc32c_goes_on_where_it_was),
		cmocka_unit_test(both_crcs_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
