/* The reply's side: status, headers and body in one piece, in the order that every known client can read. */
#include "cgi.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PLAIN    "text/plain; charset=utf-8"
#define OCSP     "application/ocsp-response"
#define NO_STORE "Cache-Control: no-store\r\n"

struct status_line {
	enum cgi_outcome outcome;
	unsigned code;
	const char *reason, *text; /* no text: the body is an OCSPResponse */
};

static const struct status_line *status_line_of(enum cgi_outcome outcome)
{
	static const struct status_line lines[] = {
		{CGI_REQUEST, 200, "OK", NULL},
		{CGI_MALFORMED, 200, "OK", NULL},
		{CGI_NOT_MODIFIED, 304, "Not Modified", NULL},
		{CGI_STATUS_OK, 200, "OK", "OK"},
		{CGI_STATUS_DOWN, 503, "Service Unavailable", "Down"},
		{CGI_FAVICON, 404, "Not Found", "This is an OCSP responder; it has no icon.\n"},
		{CGI_BAD_REQUEST, 400, "Bad Request",
			"The body did not arrive as announced. Send as many octets as Content-Length "
			"says.\n"},
		{CGI_METHOD_NOT_ALLOWED, 405, "Method Not Allowed",
			"This is an OCSP responder. Send an OCSPRequest by GET or POST (RFC 6960 A.1).\n"},
		{CGI_TIMEOUT, 408, "Request Timeout", "The body did not arrive in time. Send it again.\n"},
		{CGI_TOO_LARGE, 413, "Content Too Large",
			"The OCSPRequest is too large. Ask for fewer certificates at once.\n"},
		{CGI_UNSUPPORTED_MEDIA_TYPE, 415, "Unsupported Media Type",
			"Send the OCSPRequest with Content-Type: application/ocsp-request.\n"},
		{CGI_METHOD_NOT_IMPLEMENTED, 501, "Not Implemented",
			"This is an OCSP responder. Send an OCSPRequest by GET or POST (RFC 6960 A.1).\n"},
	};
	static const struct status_line unheard_of = {CGI_REQUEST, 500, "Internal Server Error",
		"The responder has a fault. Its log says which.\n"};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (lines[i].outcome == outcome)
			return &lines[i];
	return &unheard_of;
}

unsigned cgi_http_status(enum cgi_outcome outcome)
{
	return status_line_of(outcome)->code;
}

/*
 * wolfSSL's client wants these three first, and none of them shorter than 13 characters. Date and Server are the web
 * server's: some would send both.
 */
static void append_headers(struct buffer *out, const struct status_line *line, size_t body_octets)
{
	bytes_append_text(out, "Status: ");
	bytes_append_padded(out, line->code, 3);
	bytes_append_char(out, ' ');
	bytes_append_text(out, line->reason);
	bytes_append_text(out, "\r\nContent-Type: ");
	bytes_append_text(out, line->text ? PLAIN : OCSP);
	bytes_append_text(out, "\r\nContent-Length: ");
	bytes_append_padded(out, body_octets, 1);
	bytes_append_text(out, "\r\n");
}

/* RFC 9110 9.3.2. */
struct slice cgi_ready(const struct cgi_environment *env, struct slice reply)
{
	const uint8_t *end = NULL;
	if (env->method == CGI_HEAD)
		end = memmem(reply.data, reply.len, "\r\n\r\n", 4);
	return end ? (struct slice){reply.data, (size_t)(end - reply.data) + 4} : reply;
}

/* RFC 9110 15.4.5: no body, and none of the fields that describe one. */
static struct slice format_not_modified(
	const struct cgi_environment *env, const struct cgi_reply *reply, uint8_t *storage, size_t size)
{
	struct buffer out = bytes_buffer(storage, size);
	bytes_append_text(&out, "Status: 304 Not Modified\r\n");
	caching_not_modified_headers(&out, &reply->caching, reply->match);
	bytes_append_text(&out, "\r\n");
	return out.failed ? cgi_ready(env, cgi_ready_internal_error) : bytes_written(&out);
}

struct slice cgi_format(
	const struct cgi_environment *env, const struct cgi_reply *reply, uint8_t *storage, size_t size)
{
	const struct status_line *line = status_line_of(reply->outcome);
	struct slice body = line->text ? bytes_of(line->text) : reply->body;
	struct buffer out = bytes_buffer(storage, size);
	if (reply->outcome == CGI_NOT_MODIFIED)
		return format_not_modified(env, reply, storage, size);
	append_headers(&out, line, body.len);
	if (line->code == 405)
		bytes_append_text(&out, "Allow: GET, HEAD, POST\r\n");
	if (line->text || reply->no_store)
		bytes_append_text(&out, NO_STORE);
	else if (reply->cacheable)
		caching_headers(&out, &reply->caching);
	bytes_append_text(&out, "\r\n");
	if (env->method != CGI_HEAD)
		bytes_append(&out, body);
	return out.failed ? cgi_ready(env, cgi_ready_internal_error) : bytes_written(&out);
}

/* The replies that a signal handler writes; the tests compare them with what cgi_format() makes of the same. */
static const char ready_timeout[] =
	"Status: 408 Request Timeout\r\nContent-Type: " PLAIN "\r\nContent-Length: 48\r\n" NO_STORE "\r\n"
	"The body did not arrive in time. Send it again.\n";

static const char ready_down[] = "Status: 503 Service Unavailable\r\nContent-Type: " PLAIN
				 "\r\nContent-Length: 4\r\n" NO_STORE "\r\nDown";

/* OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED { internalError (2), tryLater (3) } } */
#define READY_OCSP(status)                                                                                   \
	"Status: 200 OK\r\nContent-Type: " OCSP "\r\nContent-Length: 5\r\n" NO_STORE "\r\n"                  \
	"\x30\x03\x0A\x01" status
static const char ready_try_later[] = READY_OCSP("\x03");
static const char ready_internal_error[] = READY_OCSP("\x02");

const struct slice cgi_ready_timeout = {(const uint8_t *)ready_timeout, sizeof ready_timeout - 1};
const struct slice cgi_ready_down = {(const uint8_t *)ready_down, sizeof ready_down - 1};
const struct slice cgi_ready_try_later = {(const uint8_t *)ready_try_later, sizeof ready_try_later - 1};
const struct slice cgi_ready_internal_error = {
	(const uint8_t *)ready_internal_error, sizeof ready_internal_error - 1};

bool cgi_write(int fd, struct slice octets)
{
	while (octets.len > 0) {
		ssize_t put = write(fd, octets.data, octets.len);
		if (put > 0) {
			octets = (struct slice){octets.data + put, octets.len - (size_t)put};
			continue;
		}
		struct pollfd wait = {.fd = fd, .events = POLLOUT};
		if (put == 0)
			errno = EIO;
		if (errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return false;
	}
	return true;
}
