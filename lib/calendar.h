/*
 * calendar: Unix seconds to and from the proleptic Gregorian calendar in UTC, without locale, time zone or libc.
 * Leap seconds do not exist in Unix time: a second of 60 is refused. A leaf.
 */
#ifndef CALENDAR_H
#define CALENDAR_H

#include "bytes.h"

struct calendar {
	int year;       /* 0 to 9999 */
	int month, day; /* from 1 */
	int hour, minute, second;
	int weekday; /* 0 = Sunday */
};

#define CALENDAR_MIN (-62167219200) /* 0000-01-01T00:00:00Z */
#define CALENDAR_MAX 253402300799   /* 9999-12-31T23:59:59Z */

/* False outside of CALENDAR_MIN … CALENDAR_MAX. */
bool calendar_from_unix(int64_t unix_seconds, struct calendar *out);

/* False for a date or time that does not exist; `weekday` is not read. */
bool calendar_to_unix(const struct calendar *c, int64_t *unix_seconds);

#endif
