#include "caching.h"

#include "calendar.h"

#include <string.h>

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

int64_t caching_quantise(int64_t time, int64_t window)
{
	if (window <= 0)
		return time;
	int64_t over = time % window;
	if (over < 0)
		over += window;
	return time < INT64_MIN + over ? time : time - over;
}

static struct slice skip(struct slice text, const char *characters)
{
	while (text.len > 0 && text.data[0] != '\0' && strchr(characters, text.data[0]))
		text = (struct slice){text.data + 1, text.len - 1};
	return text;
}

static struct slice without_weak(struct slice tag)
{
	bool weak = tag.len >= 2 && tag.data[0] == 'W' && tag.data[1] == '/';
	return weak ? (struct slice){tag.data + 2, tag.len - 2} : tag;
}

/*
 * entity-tag = [ %x57.2F ] opaque-tag, opaque-tag = DQUOTE *etagc DQUOTE   (RFC 9110 8.8.3): takes the opaque-tag off.
 */
static bool read_opaque_tag(struct slice *text, struct slice *tag)
{
	struct slice rest = without_weak(skip(*text, " \t,"));
	if (rest.len < 2 || rest.data[0] != '"')
		return false;
	const uint8_t *end = memchr(rest.data + 1, '"', rest.len - 1);
	if (!end)
		return false;
	*tag = (struct slice){rest.data, (size_t)(end - rest.data) + 1};
	*text = (struct slice){end + 1, rest.len - tag->len};
	return true;
}

enum caching_match caching_match(struct slice if_none_match, struct slice etag)
{
	struct slice rest = skip(if_none_match, " \t");
	struct slice tag = {NULL, 0};
	if (rest.len > 0 && rest.data[0] == '*')
		return skip((struct slice){rest.data + 1, rest.len - 1}, " \t").len == 0 ? CACHING_ANY
											 : CACHING_DIFFERS;
	while (read_opaque_tag(&rest, &tag))
		if (bytes_equal(tag, without_weak(etag)))
			return CACHING_MATCHES;
	return CACHING_DIFFERS;
}

static void append_expires(struct buffer *out, const struct caching *c)
{
	bytes_append_text(out, "Expires: ");
	caching_http_date(out, caching_expires(c->now, c->next_update, c->cap));
	bytes_append_text(out, "\r\n");
}

static void append_etag(struct buffer *out, const struct caching *c)
{
	bytes_append_text(out, "ETag: ");
	bytes_append(out, c->etag);
	bytes_append_text(out, "\r\n");
}

static void append_cache_control(struct buffer *out, const struct caching *c)
{
	bytes_append_text(out, "Cache-Control: max-age=");
	bytes_append_decimal(out, caching_max_age(c->now, c->next_update, c->cap));
	bytes_append_text(out, ", public, no-transform, must-revalidate\r\n");
}

void caching_not_modified_headers(struct buffer *out, const struct caching *c, enum caching_match match)
{
	struct caching fields = *c;
	if (match == CACHING_ANY)
		fields.cap = 0;
	append_etag(out, &fields);
	append_cache_control(out, &fields);
	append_expires(out, &fields);
}

void caching_headers(struct buffer *out, const struct caching *c)
{
	bytes_append_text(out, "Last-Modified: ");
	caching_http_date(out, c->this_update);
	bytes_append_text(out, "\r\n");
	append_expires(out, c);
	append_etag(out, c);
	append_cache_control(out, c);
}
