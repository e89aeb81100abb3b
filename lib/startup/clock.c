/*
 * time() and gettimeofday() by clock_gettime(), for a static program with TLS: libssl asks for the time when the server offers
 * to resume a session later, which is within the sandbox. A static glibc has a system call for each; the sandbox knows
 * one clock, as process.c does.
 *
 * And gmtime_r(), of certificates' times: glibc's reads the file that TZ names first, whoever has set it, or /etc/localtime.
 */
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

#include "../calendar.h"

time_t time(time_t *out)
{
	struct timespec now = {0};
	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now = {0};
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

/* tm_yday is left out: libcrypto does not look at it. */
struct tm *gmtime_r(const time_t *restrict seconds, struct tm *restrict out)
{
	struct calendar c;
	if (!calendar_from_unix(*seconds, &c))
		return NULL;
	*out = (struct tm){
		.tm_year = c.year - 1900,
		.tm_mon = c.month - 1,
		.tm_mday = c.day,
		.tm_hour = c.hour,
		.tm_min = c.minute,
		.tm_sec = c.second,
		.tm_wday = c.weekday,
	};
	return out;
}
