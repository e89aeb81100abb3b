/*
 * time() and gettimeofday() by clock_gettime(), for a static program with TLS: libssl asks for the time when the server offers
 * to resume a session later, which is within the sandbox. A static glibc has a system call for each; the sandbox knows
 * one clock, as process.c does.
 */
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

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
