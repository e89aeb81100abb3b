/*
 * calendar: known dates, dates that do not exist, and every day of ten thousand years there and back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "calendar.h"

#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define DAY          86400

static const struct {
	int64_t unix_seconds;
	struct calendar c;
} known[] = {
	{0, {1970, 1, 1, 0, 0, 0, 4}},
	{-1, {1969, 12, 31, 23, 59, 59, 3}},
	{951782400, {2000, 2, 29, 0, 0, 0, 2}},
	{1795356000, {2026, 11, 22, 14, 0, 0, 0}},
	{INT32_MAX, {2038, 1, 19, 3, 14, 7, 2}},
	{2147483648, {2038, 1, 19, 3, 14, 8, 2}},
	{UINT32_MAX, {2106, 2, 7, 6, 28, 15, 0}},
	{4294967296, {2106, 2, 7, 6, 28, 16, 0}},
	{-12219292800, {1582, 10, 15, 0, 0, 0, 5}},
	{-12219292801, {1582, 10, 14, 23, 59, 59, 4}}, /* proleptic: no days are missing */
	{-2203891200, {1900, 3, 1, 0, 0, 0, 4}},
	{-2203891201, {1900, 2, 28, 23, 59, 59, 3}},
	{CALENDAR_MIN, {0, 1, 1, 0, 0, 0, 6}},
	{CALENDAR_MAX, {9999, 12, 31, 23, 59, 59, 5}},
};

static void known_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		struct calendar c = {0};
		int64_t back = 1;
		assert_true(calendar_from_unix(known[i].unix_seconds, &c));
		assert_memory_equal(&c, &known[i].c, sizeof c);
		assert_true(calendar_to_unix(&c, &back));
		assert_true(back == known[i].unix_seconds);
	}
}

static void beyond_the_calendar(void **state)
{
	static const int64_t cases[] = {CALENDAR_MIN - 1, CALENDAR_MAX + 1, INT64_MIN, INT64_MAX};
	struct calendar c;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_false(calendar_from_unix(cases[i], &c));
}

static void what_does_not_exist(void **state)
{
	static const struct calendar cases[] = {
		{-1, 1, 1, 0, 0, 0, 0},
		{10000, 1, 1, 0, 0, 0, 0},
		{2026, 0, 1, 0, 0, 0, 0},
		{2026, 13, 1, 0, 0, 0, 0},
		{2026, 1, 0, 0, 0, 0, 0},
		{2026, 1, 32, 0, 0, 0, 0},
		{2026, 4, 31, 0, 0, 0, 0},
		{2026, 2, 29, 0, 0, 0, 0},
		{2000, 2, 30, 0, 0, 0, 0},
		{1900, 2, 29, 0, 0, 0, 0},
		{1800, 2, 29, 0, 0, 0, 0},
		{2100, 2, 29, 0, 0, 0, 0},
		{2026, 1, 1, 24, 0, 0, 0},
		{2026, 1, 1, -1, 0, 0, 0},
		{2026, 1, 1, 0, 60, 0, 0},
		{2026, 1, 1, 0, -1, 0, 0},
		{2016, 12, 31, 23, 59, 60, 0}, /* a leap second that there was */
		{2026, 1, 1, 0, 0, -1, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t untouched = 77;
		if (calendar_to_unix(&cases[i], &untouched))
			fail_msg("case %zu is taken", i);
		assert_true(untouched == 77);
	}
}

static void leap_days_exist(void **state)
{
	static const int years[] = {0, 4, 400, 1600, 2000, 2004, 2024, 2400, 9996};
	(void)state;
	for (size_t i = 0; i < COUNT(years); i++) {
		struct calendar c = {years[i], 2, 29, 12, 0, 0, 0};
		int64_t seconds = 0;
		assert_true(calendar_to_unix(&c, &seconds));
	}
}

/* Against the C library's timegm(): ten thousand years, one second of each day. */
static void every_day_there_and_back(void **state)
{
	int weekday = 6;
	(void)state;
	for (int64_t day = CALENDAR_MIN; day <= CALENDAR_MAX; day += DAY) {
		int64_t second = day + (day - CALENDAR_MIN) / DAY % DAY;
		int64_t back = 0;
		struct calendar c;
		if (!calendar_from_unix(second, &c) || !calendar_to_unix(&c, &back) || back != second)
			fail_msg("%lld", (long long)second);
		if (c.weekday != weekday)
			fail_msg("%lld: weekday %d", (long long)second, c.weekday);
		weekday = (weekday + 1) % 7;
		if (c.day != 1 && c.day < 28)
			continue;
		struct tm tm = {.tm_year = c.year - 1900,
			.tm_mon = c.month - 1,
			.tm_mday = c.day,
			.tm_hour = c.hour,
			.tm_min = c.minute,
			.tm_sec = c.second};
		if (timegm(&tm) != second)
			fail_msg("%lld: %d-%d-%d", (long long)second, c.year, c.month, c.day);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates),
		cmocka_unit_test(beyond_the_calendar),
		cmocka_unit_test(what_does_not_exist),
		cmocka_unit_test(leap_days_exist),
		cmocka_unit_test(every_day_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
