/* caching: conformance H7, H9, H9a and H10. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "caching.h"
#include "calendar.h"

#define NOW 1700000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

static void max_age_ends_before_next_update_and_cap(void **state)
{
	static const struct {
		const char *name;
		int64_t now, next_update, cap, max_age, expires;
	} cases[] = {
		{"no_cap", NOW, NOW + 3600, CACHING_NO_MAX_AGE, 3599, NOW + 3600},
		{"cap_is_shorter", NOW, NOW + 3600, 60, 60, NOW + 60},
		{"cap_is_longer", NOW, NOW + 3600, 7200, 3599, NOW + 3599},
		{"cap_is_all_that_is_left", NOW, NOW + 3600, 3599, 3599, NOW + 3599},
		{"cap_of_zero", NOW, NOW + 3600, 0, 0, NOW},
		{"one_second_left", NOW, NOW + 1, 60, 0, NOW},
		{"two_seconds_left", NOW, NOW + 2, 60, 1, NOW + 1},
		{"at_next_update", NOW, NOW, 60, 0, NOW},
		{"at_next_update_no_cap", NOW, NOW, CACHING_NO_MAX_AGE, 0, NOW},
		{"past_next_update", NOW, NOW - 9, 60, 0, NOW},
		{"past_next_update_no_cap", NOW, NOW - 9, CACHING_NO_MAX_AGE, 0, NOW - 9},
		{"longest_span", INT64_MIN, INT64_MAX, CACHING_NO_MAX_AGE, INT64_MAX, INT64_MAX},
		{"longest_span_capped", INT64_MIN, INT64_MAX, 60, 60, INT64_MIN + 60},
		{"backwards", INT64_MAX, INT64_MIN, 60, 0, INT64_MAX},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t age = caching_max_age(cases[i].now, cases[i].next_update, cases[i].cap);
		int64_t expires = caching_expires(cases[i].now, cases[i].next_update, cases[i].cap);
		if (age != cases[i].max_age || expires != cases[i].expires)
			fail_msg("%s: max-age %lld, Expires %lld", cases[i].name, (long long)age,
				(long long)expires);
	}
}

static void http_dates_are_imf_fixdates(void **state)
{
	static const struct {
		int64_t time;
		const char *text;
	} cases[] = {
		{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110 5.6.7's */
		{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
		{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
		{NOW, "Tue, 14 Nov 2023 22:13:20 GMT"},
		{4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
		{4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
		{CALENDAR_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
		{CALENDAR_MIN, "Sat, 01 Jan 0000 00:00:00 GMT"},
	};
	(void)state;
	setlocale(LC_ALL, "");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[30] = {0};
		struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);
		caching_http_date(&out, cases[i].time);
		assert_false(out.failed);
		assert_string_equal(text, cases[i].text);
	}
}

static void every_weekday_and_month_has_its_name(void **state)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	(void)state;
	for (int day = 0; day < 366; day++) {
		char text[30] = {0};
		struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);
		struct calendar c;
		assert_true(calendar_from_unix((int64_t)day * 86400, &c));
		caching_http_date(&out, (int64_t)day * 86400);
		assert_memory_equal(text, days + (ptrdiff_t)3 * (day % 7), 3);
		assert_memory_equal(text + 8, months + (ptrdiff_t)3 * (c.month - 1), 3);
	}
}

static void a_date_beyond_the_calendar_or_the_buffer_fails(void **state)
{
	uint8_t storage[28];
	struct buffer out = bytes_buffer(storage, sizeof storage);
	(void)state;
	caching_http_date(&out, CALENDAR_MAX + 1);
	assert_true(out.failed);
	out = bytes_buffer(storage, sizeof storage);
	caching_http_date(&out, NOW); /* 29 octets */
	assert_true(out.failed);
}

static void check_headers(int64_t cap, const char *expected)
{
	char text[512] = {0};
	struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);
	const struct caching c = {NOW, NOW - 3600, NOW + 86400, cap, SLICE("\"0123abcd\"")};
	caching_headers(&out, &c);
	assert_false(out.failed);
	assert_string_equal(text, expected);
}

static void headers_of_a_capped_answer_agree(void **state)
{
	(void)state;
	check_headers(60, "Last-Modified: Tue, 14 Nov 2023 21:13:20 GMT\r\n"
			  "Expires: Tue, 14 Nov 2023 22:14:20 GMT\r\n"
			  "ETag: \"0123abcd\"\r\n"
			  "Cache-Control: max-age=60, public, no-transform, must-revalidate\r\n");
}

static void headers_without_a_cap_end_at_next_update(void **state)
{
	(void)state;
	check_headers(CACHING_NO_MAX_AGE,
		"Last-Modified: Tue, 14 Nov 2023 21:13:20 GMT\r\n"
		"Expires: Wed, 15 Nov 2023 22:13:20 GMT\r\n"
		"ETag: \"0123abcd\"\r\n"
		"Cache-Control: max-age=86399, public, no-transform, must-revalidate\r\n");
}

static void rounding_goes_down_to_the_window(void **state)
{
	static const struct {
		const char *name;
		int64_t time, window, expected;
	} cases[] = {
		{"no_window", NOW + 7, 0, NOW + 7},
		{"negative_window", NOW + 7, -300, NOW + 7},
		{"window_of_one", NOW + 7, 1, NOW + 7},
		{"first_second", 600, 300, 600},
		{"last_second", 899, 300, 600},
		{"next_window", 900, 300, 900},
		{"zero", 0, 300, 0},
		{"before_1970_goes_down_too", -1, 300, -300},
		{"before_1970_exact", -300, 300, -300},
		{"before_1970_next", -301, 300, -600},
		{"longer_than_the_time", 299, 86400, 0},
		{"latest", INT64_MAX, 10, INT64_MAX - 7},
		{"earliest_that_has_one_below", INT64_MIN + 8, 10, INT64_MIN + 8},
		{"none_below", INT64_MIN + 7, 10, INT64_MIN + 7},
		{"earliest", INT64_MIN, 10, INT64_MIN},
		{"earliest_of_the_longest_window", INT64_MIN, INT64_MAX, INT64_MIN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t got = caching_quantise(cases[i].time, cases[i].window);
		if (got != cases[i].expected)
			fail_msg("%s: %lld", cases[i].name, (long long)got);
	}
}

#define STRONG "\"0123abcd\""
#define WEAK   "W/\"0123abcd\""

/* RFC 9110 8.8.3.2: weak comparison, the same for a strong and for a weak ETag of ours. */
static void if_none_match_is_compared_weakly(void **state)
{
	static const struct {
		const char *name, *if_none_match;
		enum caching_match expected;
	} cases[] = {
		{"absent", "", CACHING_DIFFERS},
		{"only_spaces", "  \t ", CACHING_DIFFERS},
		{"strong", STRONG, CACHING_MATCHES},
		{"weak", WEAK, CACHING_MATCHES},
		{"another", "\"0123abce\"", CACHING_DIFFERS},
		{"prefix", "\"0123abc\"", CACHING_DIFFERS},
		{"longer", "\"0123abcdd\"", CACHING_DIFFERS},
		{"other_case", "\"0123ABCD\"", CACHING_DIFFERS},
		{"changed_by_a_compressing_proxy", "\"0123abcd-gzip\"", CACHING_DIFFERS},
		{"empty_tag", "\"\"", CACHING_DIFFERS},
		{"first_of_a_list", STRONG ", \"x\"", CACHING_MATCHES},
		{"last_of_a_list", "\"x\", W/\"y\", " STRONG, CACHING_MATCHES},
		{"weak_in_a_list_without_spaces", "\"x\"," WEAK ",\"y\"", CACHING_MATCHES},
		{"empty_elements", " , ,\t," STRONG, CACHING_MATCHES},
		{"spaces_around", " \t" STRONG " \t", CACHING_MATCHES},
		{"none_of_a_list", "\"x\", W/\"y\", \"z\"", CACHING_DIFFERS},
		{"comma_inside_a_tag", "\"a,b\", " STRONG, CACHING_MATCHES},
		{"ours_inside_a_tag", "\"a, 0123abcd\"", CACHING_DIFFERS},
		{"star_inside_a_tag", "\"*\"", CACHING_DIFFERS},
		{"octets_above_ascii_in_a_tag", "\"\xC3\xA4\", " STRONG, CACHING_MATCHES},
		{"no_quotes", "0123abcd", CACHING_DIFFERS},
		{"no_quotes_ends_the_list", "x, " STRONG, CACHING_DIFFERS},
		{"unterminated", "\"0123abcd", CACHING_DIFFERS},
		{"unterminated_after_another", "\"x\", \"0123abcd", CACHING_DIFFERS},
		{"a_quote_alone", "\"", CACHING_DIFFERS},
		{"weak_prefix_alone", "W/", CACHING_DIFFERS},
		{"half_a_weak_prefix", "W", CACHING_DIFFERS},
		{"weak_prefix_in_lower_case", "w/" STRONG, CACHING_DIFFERS},
		{"weak_prefix_twice", "W/" WEAK, CACHING_DIFFERS},
		{"space_behind_the_prefix", "W/ " STRONG, CACHING_DIFFERS},
		{"any", "*", CACHING_ANY},
		{"any_with_spaces", " * \t", CACHING_ANY},
		{"any_is_no_element_of_a_list", "*, " STRONG, CACHING_DIFFERS},
		{"any_behind_another", "\"x\", *", CACHING_DIFFERS},
		{"any_twice", "**", CACHING_DIFFERS},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice header = bytes_of(cases[i].if_none_match);
		if (caching_match(header, SLICE(STRONG)) != cases[i].expected)
			fail_msg("%s, strong ETag", cases[i].name);
		if (caching_match(header, SLICE(WEAK)) != cases[i].expected)
			fail_msg("%s, weak ETag", cases[i].name);
	}
	assert_int_equal(caching_match((struct slice){NULL, 0}, SLICE(STRONG)), CACHING_DIFFERS);
	assert_int_equal(caching_match(SLICE("\0" STRONG), SLICE(STRONG)), CACHING_DIFFERS);
}

/* The list in storage of exactly its length: an octet read beyond it is the sanitizer's to find. */
static void if_none_match_is_never_read_past_its_end(void **state)
{
	static const char list[] = " W/\"x\" , * \"0123abcd\",W/";
	(void)state;
	for (size_t len = 0; len < sizeof list; len++) {
		uint8_t *exact = malloc(len > 0 ? len : 1);
		assert_non_null(exact);
		memcpy(exact, list, len);
		assert_int_equal(caching_match((struct slice){exact, len}, SLICE(STRONG)), CACHING_DIFFERS);
		free(exact);
	}
}

static void check_not_modified(
	const struct caching *fields, enum caching_match match, const char *max_age, const char *expires)
{
	char text[512] = {0};
	char expected[512] = {0};
	struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);
	struct buffer want = bytes_buffer((uint8_t *)expected, sizeof expected - 1);
	bytes_append_text(&want, "ETag: W/\"0123abcd\"\r\nCache-Control: max-age=");
	bytes_append_text(&want, max_age);
	bytes_append_text(&want, ", public, no-transform, must-revalidate\r\nExpires: ");
	bytes_append_text(&want, expires);
	bytes_append_text(&want, "\r\n");
	caching_not_modified_headers(&out, fields, match);
	assert_false(out.failed);
	assert_string_equal(text, expected);
}

static void a_304_is_never_fresh_beyond_next_update(void **state)
{
	struct caching c = {NOW, NOW - 3600, NOW + 3600, 60, SLICE(WEAK)};
	(void)state;
	check_not_modified(&c, CACHING_MATCHES, "60", "Tue, 14 Nov 2023 22:14:20 GMT");
	c.cap = CACHING_NO_MAX_AGE;
	check_not_modified(&c, CACHING_MATCHES, "3599", "Tue, 14 Nov 2023 23:13:20 GMT");
	c.cap = 86400;
	check_not_modified(&c, CACHING_MATCHES, "3599", "Tue, 14 Nov 2023 23:13:19 GMT");
	c.next_update = NOW + 1;
	check_not_modified(&c, CACHING_MATCHES, "0", "Tue, 14 Nov 2023 22:13:20 GMT");
}

/* "*": the copy may be an older one, whose nextUpdate is nearer. */
static void a_304_to_a_star_is_not_fresh_at_all(void **state)
{
	struct caching c = {NOW, NOW - 3600, NOW + 3600, 60, SLICE(WEAK)};
	(void)state;
	check_not_modified(&c, CACHING_ANY, "0", "Tue, 14 Nov 2023 22:13:20 GMT");
	c.cap = CACHING_NO_MAX_AGE;
	check_not_modified(&c, CACHING_ANY, "0", "Tue, 14 Nov 2023 22:13:20 GMT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_age_ends_before_next_update_and_cap),
		cmocka_unit_test(http_dates_are_imf_fixdates),
		cmocka_unit_test(every_weekday_and_month_has_its_name),
		cmocka_unit_test(a_date_beyond_the_calendar_or_the_buffer_fails),
		cmocka_unit_test(headers_of_a_capped_answer_agree),
		cmocka_unit_test(headers_without_a_cap_end_at_next_update),
		cmocka_unit_test(rounding_goes_down_to_the_window),
		cmocka_unit_test(if_none_match_is_compared_weakly),
		cmocka_unit_test(if_none_match_is_never_read_past_its_end),
		cmocka_unit_test(a_304_is_never_fresh_beyond_next_update),
		cmocka_unit_test(a_304_to_a_star_is_not_fresh_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
