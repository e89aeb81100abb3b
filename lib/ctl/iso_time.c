#include "iso_time.h"

#include <stdio.h>

#include "calendar.h"

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

/* The digits of `pattern`'s 0, its other characters as they stand. */
static bool has_form(struct slice text, struct slice pattern)
{
	if (text.len != pattern.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const bool digit = text.data[i] >= '0' && text.data[i] <= '9';
		if (pattern.data[i] == '0' ? !digit : text.data[i] != pattern.data[i])
			return false;
	}
	return true;
}

static int number_at(struct slice text, size_t offset, size_t len)
{
	uint64_t value = 0;
	(void)bytes_decimal((struct slice){text.data + offset, len}, UINT16_MAX, &value);
	return (int)value;
}

bool iso_time_read(struct slice text, int64_t *unix_seconds)
{
	uint64_t seconds = 0;
	int64_t found = 0;
	struct calendar c = {0};
	if (bytes_decimal(text, CALENDAR_MAX, &seconds)) {
		*unix_seconds = (int64_t)seconds;
		return true;
	}
	if (!has_form(text, SLICE("0000-00-00T00:00:00Z")))
		return false;
	c.year = number_at(text, 0, 4);
	c.month = number_at(text, 5, 2);
	c.day = number_at(text, 8, 2);
	c.hour = number_at(text, 11, 2);
	c.minute = number_at(text, 14, 2);
	c.second = number_at(text, 17, 2);
	if (!calendar_to_unix(&c, &found) || found < 0)
		return false;
	*unix_seconds = found;
	return true;
}
