#include "calendar.h"

#define SECONDS_PER_DAY 86400

/* Days are counted from 0000-03-01, so that a leap day is the last of its year. */
#define DAYS_TO_1970 719468
#define DAYS_PER_ERA 146097 /* 400 years */

bool calendar_from_unix(int64_t unix_seconds, struct calendar *out)
{
	if (unix_seconds < CALENDAR_MIN || unix_seconds > CALENDAR_MAX)
		return false;
	int64_t shifted = unix_seconds - CALENDAR_MIN;
	int64_t days = shifted / SECONDS_PER_DAY + CALENDAR_MIN / SECONDS_PER_DAY;
	int seconds = (int)(shifted % SECONDS_PER_DAY);

	int64_t z = days + DAYS_TO_1970 + DAYS_PER_ERA; /* one era more: never negative */
	int era_day = (int)(z % DAYS_PER_ERA);
	int era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	int year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
	int shifted_month = (5 * year_day + 2) / 153;

	out->day = year_day - (153 * shifted_month + 2) / 5 + 1;
	out->month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	out->year = era_year + (int)(z / DAYS_PER_ERA - 1) * 400 + (out->month <= 2 ? 1 : 0);
	out->hour = seconds / 3600;
	out->minute = seconds / 60 % 60;
	out->second = seconds % 60;
	out->weekday = (int)((days + DAYS_PER_ERA * 5 + 4) % 7);
	return true;
}

/*@ requires 0 <= year && 1 <= month <= 12; assigns \nothing; ensures 28 <= \result <= 31; */
static int days_in_month(int year, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 2 && leap ? 29 : days[month - 1];
}

bool calendar_to_unix(const struct calendar *c, int64_t *unix_seconds)
{
	if (c->year < 0 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1)
		return false;
	if (c->day > days_in_month(c->year, c->month))
		return false;
	if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 59)
		return false;

	int year = c->month <= 2 ? c->year + 399 : c->year + 400; /* one era more: never negative */
	int era_year = year % 400;
	int shifted_month = c->month > 2 ? c->month - 3 : c->month + 9;
	int year_day = (153 * shifted_month + 2) / 5 + c->day - 1;
	int era_day = era_year * 365 + era_year / 4 - era_year / 100 + year_day;
	int64_t days = (int64_t)(year / 400 - 1) * DAYS_PER_ERA + era_day - DAYS_TO_1970;

	*unix_seconds = days * SECONDS_PER_DAY + c->hour * 3600 + c->minute * 60 + c->second;
	return true;
}
