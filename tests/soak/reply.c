#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of a header, up to its line's end; NULL: there is none. `head` ends in an empty line. */
static const char *header(const char *head, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r';
		line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':')
			return line + 3 + length + strspn(line + 3 + length, " ");
	return NULL;
}

static bool value_is(const char *value, const char *word)
{
	size_t length = strlen(word);
	return value && strncasecmp(value, word, length) == 0 && value[length] == '\r';
}

/* Joins the chunks in `out`, which has room for all. */
static enum reply_state join_chunks(const char *from, const char *end, char *out, size_t *length)
{
	*length = 0;
	for (;;) {
		char *rest = NULL;
		const char *line = memmem(from, (size_t)(end - from), "\r\n", 2);
		if (!line)
			return REPLY_PARTIAL;
		size_t size = strtoul(from, &rest, 16);
		if (rest == from || (rest != line && *rest != ';' && *rest != ' '))
			return REPLY_BROKEN;
		from = line + 2;
		if (size >= REPLY_MAX || (size_t)(end - from) < size + 2)
			return size >= REPLY_MAX ? REPLY_BROKEN : REPLY_PARTIAL;
		if (memcmp(from + size, "\r\n", 2) != 0)
			return REPLY_BROKEN;
		if (size == 0)
			return from + 2 == end ? REPLY_WHOLE : REPLY_BROKEN;
		memcpy(out + *length, from, size);
		*length += size;
		from += size + 2;
	}
}

static enum reply_state read_body(
	struct reply *reply, const char *body, bool closed, struct reply_parts *parts)
{
	static char joined[REPLY_MAX];
	const char *end = reply->octets + reply->length;
	const char *size = header(reply->octets, "Content-Length");
	enum reply_state state = closed ? REPLY_WHOLE : REPLY_PARTIAL;
	*parts = (struct reply_parts){
		.status = parts->status, .body = body, .body_length = (size_t)(end - body)};
	if (value_is(header(reply->octets, "Transfer-Encoding"), "chunked")) {
		state = join_chunks(body, end, joined, &parts->body_length);
		parts->body = joined;
	} else if (size) {
		size_t length = strtoul(size, NULL, 10);
		state = parts->body_length == length  ? REPLY_WHOLE
			: parts->body_length > length ? REPLY_BROKEN
						      : REPLY_PARTIAL;
	}
	parts->last = closed || value_is(header(reply->octets, "Connection"), "close");
	parts->is_ocsp = value_is(header(reply->octets, "Content-Type"), "application/ocsp-response");
	return state;
}

enum reply_state reply_read(struct reply *reply, bool closed, struct reply_parts *parts)
{
	*parts = (struct reply_parts){0};
	reply->octets[reply->length] = '\0';
	const char *end = strstr(reply->octets, "\r\n\r\n");
	enum reply_state state = REPLY_PARTIAL;
	if (reply->length >= 9 && strncmp(reply->octets, "HTTP/1.", 7) != 0)
		return REPLY_BROKEN;
	if (end) {
		parts->status = atoi(reply->octets + 9);
		state = read_body(reply, end + 4, closed, parts);
	}
	return state == REPLY_PARTIAL && (closed || reply->length == REPLY_MAX) ? REPLY_BROKEN : state;
}
