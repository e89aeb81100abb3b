#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base64.h"
#include "der.h"

#include <stdlib.h>
#include <string.h>

/* Two requests of the crt.sh monitor: one whose base64 holds "//", one with "+/"; and RFC 5019's. */
#define SLASHES                                                                                              \
	"MEQwQjBAMD4wPDAJBgUrDgMCGgUABBQAAAAAAAAAAAAAAAAAAAAAAAAAAAQUAAAAAAAAAAAAAAAAAAAAAAAAAAACAwP//A=="
#define PLUS                                                                                                 \
	"MEQwQjBAMD4wPDAJBgUrDgMCGgUABBQAAAAAAAAAAAAAAAAAAAAAAAAAAAQUAAAAAAAAAAAAAAAAAAAAAAAAAAACAwP+/A=="
#define RFC5019                                                                                              \
	"MFEwTzBNMEswSTAJBgUrDgMCGgUABBTA/gJ4/JkYiJGz8hLpx+GyGre/"                                           \
	"wAQUDfwd8Kng8Bzn8rITF35vjRV81PYCEAk0I3LiOu9G"                                                       \
	"fIMtB/jcIro="

static void percent_decoding(void **state)
{
	static const struct {
		const char *name, *text, *expected;
	} cases[] = {
		{"nothing_escaped", "/ocsp/MEow", "/ocsp/MEow"},
		{"both_cases", "%2f%2F%3d%3D%2b", "//==+"},
		{"once_only", "%252F", "%2F"},
		{"no_digits", "%zz%2", "%zz%2"},
		{"lone_percent_at_the_end", "a%", "a%"},
		{"percent_before_an_escape", "%%41", "%A"},
		{"empty", "", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t octets[32];
		size_t expected = strlen(cases[i].expected);
		size_t len = strlen(cases[i].text);
		print_message("  %s\n", cases[i].name);
		memcpy(octets, cases[i].text, len);
		assert_int_equal(base64_percent_decode((struct slice){octets, len}, octets, len), expected);
		assert_memory_equal(octets, cases[i].expected, expected);
	}
}

static void percent_decoding_says_when_it_does_not_fit(void **state)
{
	uint8_t out[3] = {0};
	(void)state;
	assert_int_equal(base64_percent_decode(SLICE("%41%42%43"), out, 3), 3);
	assert_int_equal(base64_percent_decode(SLICE("%41%42%43"), out, 2), 3);
	assert_int_equal(base64_percent_decode(SLICE("abc"), out, 0), 1);
}

static void decoding(void **state)
{
	static const struct {
		const char *name, *text, *expected; /* NULL: refused */
	} cases[] = {
		{"empty", "", ""},
		{"two_characters", "Zg==", "f"},
		{"three_characters", "Zm8=", "fo"},
		{"four_characters", "Zm9v", "foo"},
		{"seven_characters", "Zm9vYmE=", "fooba"},
		{"padding_missing", "Zm9vYg", "foob"},
		{"alphabet_of_base64", "+/+/", "\xfb\xff\xbf"},
		{"alphabet_of_base64url", "-_-_", "\xfb\xff\xbf"},
		{"alphabets_mixed", "+_-/", "\xfb\xff\xbf"},
		{"space_for_plus", " / _", "\xfb\xff\xbf"},
		{"line_breaks_anywhere", "\r\nZm\r8\n=\r\n", "fo"},
		{"last_group_of_one", "Zm9vY", NULL},
		{"leftover_bits_of_two", "Zh==", NULL},
		{"leftover_bits_of_three", "Zm9=", NULL},
		{"too_little_padding", "Zg=", NULL},
		{"too_much_padding", "Zm8==", NULL},
		{"padding_of_a_whole_group", "Zm9v====", NULL},
		{"only_padding", "==", NULL},
		{"something_behind_the_padding", "Zg==Zg==", NULL},
		{"percent", "Zg%3D%3D", NULL},
		{"octet_above_127", "Zm9v\xc3\xa4", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t octets[32];
		size_t written = 99;
		size_t len = strlen(cases[i].text);
		print_message("  %s\n", cases[i].name);
		memcpy(octets, cases[i].text, len);
		bool ok = base64_decode((struct slice){octets, len}, octets, 3 * len / 4, &written);
		assert_int_equal(ok, cases[i].expected != NULL);
		if (!ok)
			continue;
		assert_int_equal(written, strlen(cases[i].expected));
		assert_memory_equal(octets, cases[i].expected, written);
	}
}

static void decoding_stops_where_it_does_not_fit(void **state)
{
	uint8_t out[4] = {0, 0, 0, 0x55};
	size_t written = 0;
	(void)state;
	assert_false(base64_decode(SLICE("Zm9vYg=="), out, 3, &written));
	assert_int_equal(out[3], 0x55);
	assert_true(base64_decode(SLICE("Zm9vYg=="), out, 4, &written));
}

static void finding(void **state)
{
	static const struct {
		const char *name, *path;
		enum base64_find verdict;
		const char *request; /* canonical base64 of what is found */
	} cases[] = {
		{"mounted_at_the_root", "/" PLUS, BASE64_FOUND, PLUS},
		{"mounted_below", "/ocsp/" SLASHES, BASE64_FOUND, SLASHES},
		{"mounted_two_below", "/cgi-bin/ocsp/" RFC5019, BASE64_FOUND, RFC5019},
		{"mount_of_foreign_characters", "/~a.b/c=d/" PLUS, BASE64_FOUND, PLUS},
		{"mount_that_looks_like_a_sequence", "/ME/" RFC5019, BASE64_FOUND, RFC5019},
		{"leading_slashes", "////" SLASHES, BASE64_FOUND, SLASHES},
		{"trailing_slash_behind_padding", "/" RFC5019 "/", BASE64_FOUND, RFC5019},
		{"trailing_slashes_without_padding", "/MAQEAjAx//", BASE64_FOUND, "MAQEAjAx"},
		{"trailing_slash_that_would_fill_a_group", "/MAMCATA/", BASE64_FOUND, "MAMCATA="},
		{"slash_at_the_end_is_the_requests", "/MAQEAv//", BASE64_FOUND, "MAQEAv//"},
		{"and_the_one_behind_it_is_not", "/MAQEAv///", BASE64_FOUND, "MAQEAv//"},
		{"no_slash_at_all", PLUS, BASE64_FOUND, PLUS},
		{"no_slash_in_front", RFC5019, BASE64_FOUND, RFC5019},
		{"earliest_of_two", "/MAQE/MAA", BASE64_FOUND, "MAQE/MAA"},
		{"earliest_that_is_whole", "/MAcwBS/MAMC/MAA=", BASE64_FOUND, "MAA="},
		{"empty_sequence", "/MAA=", BASE64_FOUND, "MAA="},
		{"line_breaks", "/MFEw\r\nTzBN\n", BASE64_TRUNCATED, NULL},
		{"line_breaks_in_a_whole_one", "/\r\nMA\r\nQEA\njAx\r\n", BASE64_FOUND, "MAQEAjAx"},
		{"slashes_merged",
			"/MEQwQjBAMD4wPDAJBgUrDgMCGgUABBQAAAAAAAAAAAAAAAAAAAAAAAAAAAQUAAAAAAAAAAAAAAAAAAAA"
			"AAAAAAACAwP/A==",
			BASE64_TRUNCATED, NULL},
		{"longer_than_it_says", "/MAQEAjAxMAA=", BASE64_NONE, NULL},
		{"leftover_bits", "/MAB", BASE64_NONE, NULL},
		{"wrong_padding", "/MAA==", BASE64_NONE, NULL},
		{"double_escaped", "/MEQwQ%2F", BASE64_NONE, NULL},
		{"indefinite_length", "/MIAAAA==", BASE64_NONE, NULL},
		{"length_not_minimal", "/MIEA", BASE64_NONE, NULL},
		{"a_set", "/MQA=", BASE64_NONE, NULL},
		{"root", "/", BASE64_NONE, NULL},
		{"robots", "/robots.txt", BASE64_NONE, NULL},
		{"one_character", "/M", BASE64_NONE, NULL},
		{"padding_alone", "/==", BASE64_NONE, NULL},
		{"empty", "", BASE64_NONE, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t found[256];
		uint8_t expected[256];
		size_t written = 0;
		size_t len = 0;
		print_message("  %s\n", cases[i].name);
		enum base64_find verdict =
			base64_find_request(bytes_of(cases[i].path), found, sizeof found, &written);
		assert_int_equal(verdict, cases[i].verdict);
		if (!cases[i].request)
			continue;
		assert_true(base64_decode(bytes_of(cases[i].request), expected, sizeof expected, &len));
		assert_int_equal(written, len);
		assert_memory_equal(found, expected, len);
	}
}

/* Base64 without padding of `octets`, the tests' own. */
static size_t encode(struct slice octets, char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t characters = (octets.len * 4 + 2) / 3;
	for (size_t i = 0; i < characters; i++) {
		unsigned value = 0;
		for (size_t bit = i * 6; bit < i * 6 + 6; bit++) {
			unsigned octet = bit / 8 < octets.len ? octets.data[bit / 8] : 0;
			value = value << 1 | (octet >> (7 - bit % 8) & 1);
		}
		out[i] = alphabet[value];
	}
	return characters;
}

/* An OCTET STRING's worth of 0xFF in a SEQUENCE: nearly all of it is '/', the worst case for finding where it begins. */
static void every_length_is_found_and_every_loss_noticed(void **state)
{
	static uint8_t storage[70000];
	static uint8_t content[66000];
	static uint8_t found[70000];
	static char path[100000] = "/ocsp/";
	static const size_t lengths[] = {
		0, 1, 2, 3, 126, 127, 128, 129, 254, 255, 256, 257, 65534, 65535, 65536};
	(void)state;
	memset(content, 0xFF, sizeof content);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct der_writer w = der_writer(storage, sizeof storage);
		size_t written = 0;
		der_put_element(&w, DER_SEQUENCE, (struct slice){content, lengths[i]});
		struct slice der = der_written(&w);
		size_t len = 6 + encode(der, path + 6);
		struct slice text = {(const uint8_t *)path, len};
		assert_int_equal(base64_find_request(text, found, sizeof found, &written), BASE64_FOUND);
		assert_int_equal(written, der.len);
		assert_memory_equal(found, der.data, der.len);
		text.len = len - 1;
		enum base64_find expected = lengths[i] == 0 ? BASE64_NONE : BASE64_TRUNCATED;
		assert_int_equal(base64_find_request(text, found, sizeof found, &written), expected);
	}
}

static void finding_says_no_where_it_does_not_fit(void **state)
{
	uint8_t out[6];
	size_t written = 0;
	(void)state;
	assert_int_equal(base64_find_request(SLICE("/MAQEAjAx"), out, 5, &written), BASE64_NONE);
	assert_int_equal(base64_find_request(SLICE("/MAQEAjAx"), out, 6, &written), BASE64_FOUND);
}

/*
 * Were each of the 52,000 beginnings decoded to the end, these twenty would take minutes. Each says 512 octets, 683
 * characters, and one of them has just that many behind it.
 */
static void a_path_of_beginnings_is_judged_in_one_pass(void **state)
{
	static uint8_t path[256 * 1024];
	static uint8_t found[512];
	size_t written = 0;
	(void)state;
	for (size_t i = 0; i < sizeof path; i++)
		path[i] = (uint8_t) "/MIIB"[i % 5];
	for (size_t i = 0; i < 20; i++) {
		struct slice text = {path, sizeof path};
		assert_int_equal(base64_find_request(text, found, sizeof found, &written), BASE64_FOUND);
		assert_int_equal(written, 512);
		text.len -= 1 + i % 4;
		assert_int_equal(base64_find_request(text, found, sizeof found, &written), BASE64_TRUNCATED);
	}
}

static bool is_sequence(struct slice der)
{
	struct slice content;
	return der_read(&der, DER_SEQUENCE, &content) && der.len == 0;
}

/* The definition, tried out: every beginning, every number of slashes left out at the end, each decoded whole. */
static bool found_by_trying(struct slice path, uint8_t *out, size_t *written)
{
	for (size_t start = 0; start <= path.len; start++) {
		if (start == 0 ? path.len > 0 && path.data[0] == '/' : path.data[start - 1] != '/')
			continue;
		size_t first = start;
		while (first < path.len && path.data[first] == '/')
			first++;
		for (size_t end = path.len; end > first; end--) {
			struct slice text = {path.data + first, end - first};
			if (base64_decode(text, out, 64, written) &&
				is_sequence((struct slice){out, *written}))
				return true;
			if (!strchr("/\r\n", path.data[end - 1]))
				break;
		}
	}
	return false;
}

static void one_pass_finds_what_trying_out_finds(void **state)
{
	static const char *const pieces[] = {
		"/", "M", "A", "E", "=", "\r", "MAA", "MAEA", "/M", "==", "//", "%", "MAMC", "MAIF/w", "_"};
	uint64_t random = 1;
	size_t hits = 0;
	(void)state;
	for (int i = 0; i < 100000; i++) {
		char path[64] = "";
		uint8_t one[64];
		uint8_t other[64];
		size_t one_len = 0;
		size_t other_len = 0;
		for (int n = 0; n < 7; n++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			strcat(path, pieces[(random >> 33) % (sizeof pieces / sizeof pieces[0])]);
		}
		bool expected = found_by_trying(bytes_of(path), one, &one_len);
		enum base64_find verdict =
			base64_find_request(bytes_of(path), other, sizeof other, &other_len);
		if (expected != (verdict == BASE64_FOUND))
			fail_msg("%s", path);
		if (!expected)
			continue;
		hits++;
		assert_int_equal(one_len, other_len);
		assert_memory_equal(one, other, one_len);
	}
	assert_true(hits > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_decoding),
		cmocka_unit_test(percent_decoding_says_when_it_does_not_fit),
		cmocka_unit_test(decoding),
		cmocka_unit_test(decoding_stops_where_it_does_not_fit),
		cmocka_unit_test(finding),
		cmocka_unit_test(finding_says_no_where_it_does_not_fit),
		cmocka_unit_test(every_length_is_found_and_every_loss_noticed),
		cmocka_unit_test(a_path_of_beginnings_is_judged_in_one_pass),
		cmocka_unit_test(one_pass_finds_what_trying_out_finds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
