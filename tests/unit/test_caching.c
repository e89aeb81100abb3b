/* caching: conformance H7 and H10. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <locale.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_age_ends_before_next_update_and_cap),
		cmocka_unit_test(http_dates_are_imf_fixdates),
		cmocka_unit_test(every_weekday_and_month_has_its_name),
		cmocka_unit_test(a_date_beyond_the_calendar_or_the_buffer_fails),
		cmocka_unit_test(headers_of_a_capped_answer_agree),
		cmocka_unit_test(headers_without_a_cap_end_at_next_update),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
