#include "iso_time.h"

#include <stdio.h>

#include "../calendar.h"

const char *iso_time(int64_t unix_seconds, char text[ISO_TIME_SIZE])
{
	struct calendar c = {0};

	if (!calendar_from_unix(unix_seconds, &c))
		return "(no date)";
	(void)snprintf(text, ISO_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)c.year % 10000,
		(unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100,
		(unsigned)c.minute % 100, (unsigned)c.second % 100);
	return text;
}
