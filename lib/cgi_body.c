/* The request's side that standard input tells: a POST's body, what HTTP refuses of it, and how it is drained. */
#include "cgi.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define NOTE_VALUE_MAX 64 /* octets of a foreign header field in a note */

/* RFC 3875 4.1.2, 4.2: CONTENT_LENGTH = "" | 1*digit. A number beyond 64 bits counts as the largest one. */
struct content_length {
	bool given, valid;
	uint64_t octets;
};

/*@ requires slice_readable(text); assigns \nothing; */
static struct content_length content_length_of(struct slice text)
{
	struct content_length length = {text.len > 0, true, 0};
	/*@
	  loop invariant 0 <= i <= text.len;
	  loop assigns i, length.valid;
	  loop variant text.len - i;
	*/
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			length.valid = false;
	if (length.given && length.valid && !bytes_decimal(text, UINT64_MAX, &length.octets))
		length.octets = UINT64_MAX;
	return length;
}

/*@ assigns \nothing; */
static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* RFC 9110 8.3.1: type "/" subtype in any case, parameters behind ";". */
/*@ requires slice_readable(content_type); assigns \nothing; */
static bool is_ocsp_request(struct slice content_type)
{
	static const char wanted[] = "application/ocsp-request";
	const size_t len = sizeof wanted - 1;
	if (content_type.len == 0)
		return true;
	if (content_type.len < len)
		return false;
	/*@ loop invariant 0 <= i <= 24 <= content_type.len; loop assigns i; loop variant 24 - i; */
	for (size_t i = 0; i < len; i++)
		if (lower(content_type.data[i]) != (uint8_t)wanted[i])
			return false;
	if (content_type.len == len)
		return true;
	uint8_t behind = content_type.data[len];
	return behind == ';' || behind == ' ' || behind == '\t';
}

/*@
  requires log_sound(log) && slice_readable(value) && cgi_apart(value, log);
  assigns *log;
  ensures log_sound(log);
*/
static void note_value(struct log *log, const char *text, struct slice value)
{
	struct buffer *note = log_note(log, LOG_INFO);
	bytes_append_text(note, text);
	bytes_append(
		note, (struct slice){value.data, value.len < NOTE_VALUE_MAX ? value.len : NOTE_VALUE_MAX});
}

/*@
  requires log_sound(log);
  assigns *log;
  ensures log_sound(log);
*/
static void note_numbers(struct log *log, const char *text, uint64_t number, const char *middle, size_t limit)
{
	struct buffer *note = log_note(log, LOG_INFO);
	bytes_append_text(note, text);
	bytes_append_padded(note, number, 1);
	bytes_append_text(note, middle);
	bytes_append_padded(note, limit, 1);
}

/* What HTTP refuses before a single octet is read; CGI_REQUEST: nothing. */
/*@
  requires cgi_environment_sound(env) && log_sound(log) && \valid_read(length) && \separated(env, length, log);
  requires cgi_apart(env->content_type, log) && cgi_apart(env->content_length, log);
  assigns *log;
  ensures log_sound(log);
  ensures \result == CGI_REQUEST ==> length->valid && length->octets <= limit;
*/
static enum cgi_outcome refuse(
	const struct cgi_environment *env, const struct content_length *length, size_t limit, struct log *log)
{
	if (env->method == CGI_NOT_ALLOWED)
		return CGI_METHOD_NOT_ALLOWED;
	if (env->method == CGI_NOT_IMPLEMENTED)
		return CGI_METHOD_NOT_IMPLEMENTED;
	if (!is_ocsp_request(env->content_type)) {
		note_value(log, "Content-Type is not application/ocsp-request: ", env->content_type);
		return CGI_UNSUPPORTED_MEDIA_TYPE;
	}
	if (!length->valid) {
		note_value(log, "CONTENT_LENGTH is no number: ", env->content_length);
		return CGI_BAD_REQUEST;
	}
	if (length->octets > limit) {
		note_numbers(log, "CONTENT_LENGTH is ", length->octets, ", limits.request_bytes is ", limit);
		return CGI_TOO_LARGE;
	}
	return CGI_REQUEST;
}

/* As read(), but neither a signal nor a non-blocking descriptor ends it: the deadline does. */
/*@
  requires \valid(out + (0 .. size - 1));
  assigns out[0 .. size - 1];
  ensures -1 <= \result <= size;
*/
static ssize_t read_some(int fd, uint8_t *out, size_t size)
{
	for (;;) {
		ssize_t got = read(fd, out, size);
		if (got >= 0)
			return got;
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		if (errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return -1;
	}
}

/* Reads to the end of the file or of `size`. False: an error, errno is set. */
/*@
  requires \valid(out + (0 .. size - 1)) && \valid(len) && \separated(len, out + (0 .. size - 1));
  assigns *len, out[0 .. size - 1];
  ensures *len <= size;
*/
static bool read_whole(int fd, uint8_t *out, size_t size, size_t *len)
{
	*len = 0;
	/*@ loop invariant *len <= size; loop assigns *len, out[0 .. size - 1]; loop variant size - *len; */
	while (*len < size) {
		ssize_t got = read_some(fd, out + *len, size - *len);
		if (got < 0)
			return false;
		if (got == 0)
			return true;
		*len += (size_t)got;
	}
	return true;
}

/* mod_cgid loses the reply of a program that ends without having read the body. */
/*@
  requires \valid(storage + (0 .. CGI_TARGET_MAX - 1));
  assigns storage[0 .. CGI_TARGET_MAX - 1];
*/
static void drain(int fd, uint64_t octets, uint8_t *storage)
{
	uint64_t left = octets < CGI_DRAIN_MAX ? octets : CGI_DRAIN_MAX;
	/*@
	  loop invariant left <= CGI_DRAIN_MAX;
	  loop assigns left, storage[0 .. CGI_TARGET_MAX - 1];
	  loop variant left;
	*/
	while (left > 0) {
		ssize_t got = read_some(fd, storage, left < CGI_TARGET_MAX ? (size_t)left : CGI_TARGET_MAX);
		if (got <= 0)
			return;
		left -= (uint64_t)got;
	}
}

/* How much of a refused body there may be. Without a length only a POST is known to have one (chunked, Apache). */
/*@ requires \valid_read(env) && \valid_read(length); assigns \nothing; */
static uint64_t refused_octets(const struct cgi_environment *env, const struct content_length *length)
{
	if (length->given)
		return length->octets; /* 0 where it is no number */
	return env->method == CGI_POST ? CGI_DRAIN_MAX : 0;
}

/*@
  requires log_sound(log);
  assigns *log;
  ensures log_sound(log) && \result == CGI_BAD_REQUEST;
*/
static enum cgi_outcome read_failed(int error, struct log *log)
{
	struct buffer *note = log_note(log, LOG_WARNING);
	bytes_append_text(note, "reading the body from standard input: ");
	bytes_append_text(note, strerrordesc_np(error));
	return CGI_BAD_REQUEST;
}

/*@
  requires octets <= REQUEST_DER_MAX && \valid(storage + (0 .. CGI_TARGET_MAX - 1)) && \valid(len) && log_sound(log);
  requires \separated(len, log, storage + (0 .. CGI_TARGET_MAX - 1));
  assigns *len, *log, storage[0 .. CGI_TARGET_MAX - 1];
  ensures log_sound(log);
  ensures \result == CGI_REQUEST ==> *len <= octets;
*/
static enum cgi_outcome read_announced(int fd, size_t octets, uint8_t *storage, size_t *len, struct log *log)
{
	if (!read_whole(fd, storage, octets, len))
		return read_failed(errno, log);
	if (*len == octets)
		return CGI_REQUEST;
	note_numbers(log, "the body ended early: octets read ", *len, ", CONTENT_LENGTH ", octets);
	return CGI_BAD_REQUEST;
}

/*@
  requires limit <= REQUEST_DER_MAX && \valid(storage + (0 .. CGI_TARGET_MAX - 1)) && \valid(len) && log_sound(log);
  requires \separated(len, log, storage + (0 .. CGI_TARGET_MAX - 1));
  assigns *len, *log, storage[0 .. CGI_TARGET_MAX - 1];
  ensures log_sound(log);
  ensures \result == CGI_REQUEST ==> *len <= limit;
*/
static enum cgi_outcome read_to_end(int fd, size_t limit, uint8_t *storage, size_t *len, struct log *log)
{
	if (!read_whole(fd, storage, limit + 1, len))
		return read_failed(errno, log);
	if (*len <= limit)
		return CGI_REQUEST;
	note_numbers(log, "the body has at least ", *len, " octets, limits.request_bytes is ", limit);
	drain(fd, CGI_DRAIN_MAX, storage);
	return CGI_TOO_LARGE;
}

enum cgi_outcome cgi_read(const struct cgi_environment *env, int fd, size_t limit, uint8_t *storage,
	struct slice *body, struct log *log)
{
	struct content_length length = content_length_of(env->content_length);
	size_t len = 0;
	*body = (struct slice){storage, 0};
	if (env->method == CGI_GET || env->method == CGI_HEAD)
		return CGI_REQUEST;
	if (limit > REQUEST_DER_MAX)
		limit = REQUEST_DER_MAX;
	enum cgi_outcome outcome = refuse(env, &length, limit, log);
	if (outcome != CGI_REQUEST) {
		drain(fd, refused_octets(env, &length), storage);
		return outcome;
	}
	if (length.given)
		outcome = read_announced(fd, (size_t)length.octets, storage, &len, log);
	else
		outcome = read_to_end(fd, limit, storage, &len, log);
	if (outcome == CGI_REQUEST)
		body->len = len;
	return outcome;
}
