#include "caching.h"

#include "calendar.h"

int64_t caching_max_age(int64_t now, int64_t next_update, int64_t cap)
{
	if (next_update <= now)
		return 0;
	/* Unsigned, so that no pair of times overflows; the 1 keeps a cache from serving at nextUpdate itself. */
	uint64_t fresh = (uint64_t)next_update - (uint64_t)now - 1;
	int64_t age = fresh > INT64_MAX ? INT64_MAX : (int64_t)fresh;
	if (cap != CACHING_NO_MAX_AGE && cap < age)
		age = cap;
	return age < 0 ? 0 : age;
}

int64_t caching_expires(int64_t now, int64_t next_update, int64_t cap)
{
	if (cap == CACHING_NO_MAX_AGE)
		return next_update;
	/* Never beyond nextUpdate or now, so the sum cannot overflow. */
	return now + caching_max_age(now, next_update, cap);
}

/*
 * IMF-fixdate = day-name "," SP 2DIGIT SP month SP 4DIGIT SP hour ":" minute ":" second SP GMT   (RFC 9110 5.6.7)
 */
void caching_http_date(struct buffer *out, int64_t unix_seconds)
{
	static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char month_names[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct calendar c;
	if (!calendar_from_unix(unix_seconds, &c)) {
		out->failed = true;
		return;
	}
	bytes_append_text(out, day_names[c.weekday]);
	bytes_append_text(out, ", ");
	bytes_append_padded(out, (uint64_t)c.day, 2);
	bytes_append_char(out, ' ');
	bytes_append_text(out, month_names[c.month - 1]);
	bytes_append_char(out, ' ');
	bytes_append_padded(out, (uint64_t)c.year, 4);
	bytes_append_char(out, ' ');
	bytes_append_padded(out, (uint64_t)c.hour, 2);
	bytes_append_char(out, ':');
	bytes_append_padded(out, (uint64_t)c.minute, 2);
	bytes_append_char(out, ':');
	bytes_append_padded(out, (uint64_t)c.second, 2);
	bytes_append_text(out, " GMT");
}

void caching_headers(struct buffer *out, const struct caching *c)
{
	bytes_append_text(out, "Last-Modified: ");
	caching_http_date(out, c->this_update);
	bytes_append_text(out, "\r\nExpires: ");
	caching_http_date(out, caching_expires(c->now, c->next_update, c->cap));
	bytes_append_text(out, "\r\nETag: ");
	bytes_append(out, c->etag);
	bytes_append_text(out, "\r\nCache-Control: max-age=");
	bytes_append_decimal(out, caching_max_age(c->now, c->next_update, c->cap));
	bytes_append_text(out, ", public, no-transform, must-revalidate\r\n");
}
