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

/*@
  predicate calendar_exists(struct calendar c) =
    0 <= c.year <= 9999 && 1 <= c.month <= 12 && 1 <= c.day <= 31 &&
    0 <= c.hour <= 23 && 0 <= c.minute <= 59 && 0 <= c.second <= 59;
*/

#define CALENDAR_MIN (-62167219200) /* 0000-01-01T00:00:00Z */
#define CALENDAR_MAX 253402300799   /* 9999-12-31T23:59:59Z */

/* False outside of CALENDAR_MIN … CALENDAR_MAX. */
/*@
  requires \valid(out);
  assigns *out;
  ensures \result <==> CALENDAR_MIN <= unix_seconds <= CALENDAR_MAX;
  ensures \result ==> 0 <= out->hour <= 23 && 0 <= out->minute <= 59 && 0 <= out->second <= 59;
  ensures \result ==> 0 <= out->weekday <= 6;
  ensures \result ==> 1 <= out->month <= 12;
  ensures \result ==> 1 <= out->day <= 31;
*/
bool calendar_from_unix(int64_t unix_seconds, struct calendar *out);

/* False for a date or time that does not exist; `weekday` is not read. */
/*@
  requires \valid_read(c) && \valid(unix_seconds) && \separated(c, unix_seconds);
  assigns *unix_seconds;
  ensures \result ==> calendar_exists(*c) && CALENDAR_MIN <= *unix_seconds <= CALENDAR_MAX;
  ensures untouched: !\result ==> *unix_seconds == \old(*unix_seconds);
*/
bool calendar_to_unix(const struct calendar *c, int64_t *unix_seconds);

#endif
