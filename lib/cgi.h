/*
 * cgi: CGI/1.1 (RFC 3875) on both sides: environment and standard input → the request's DER; status line, headers and
 * body → standard output. Everything of HTTP is here (conformance H1–H8) and nothing of OCSP but one look at the first
 * octets' length. Three files: cgi.c has the environment and the target, cgi_body.c standard input, cgi_reply.c the reply.
 */
#ifndef CGI_H
#define CGI_H

#include "bytes.h"
#include "caching.h"
#include "log.h"
#include "ocsp.h"

#define CGI_TARGET_MAX (4 * REQUEST_DER_MAX) /* octets of a GET's target: base64, every character escaped */
#define CGI_DRAIN_MAX  (1024 * 1024)         /* octets of a refused body that are read and thrown away (H3) */

enum cgi_method { CGI_POST, CGI_GET, CGI_HEAD, CGI_NOT_ALLOWED, CGI_NOT_IMPLEMENTED };

/* What the environment says, found in one pass over it; an absent variable is an empty slice with data NULL. */
struct cgi_environment {
	enum cgi_method method; /* POST where REQUEST_METHOD is unset: a program run by hand */
	const char *snapshot;   /* OCSP_CGI_SNAPSHOT, or CGI_SNAPSHOT_DEFAULT */
	struct slice method_name;
	struct slice request_uri, path_info;
	struct slice content_type, content_length;
	struct slice if_none_match; /* HTTP_IF_NONE_MATCH */
};
#define CGI_SNAPSHOT_DEFAULT "/var/lib/ocsp-cgi/snapshot"

/*@
  predicate cgi_environment_sound(struct cgi_environment *env) =
    \valid_read(env) && slice_readable(env->method_name) && slice_readable(env->request_uri) &&
    slice_readable(env->path_info) && slice_readable(env->content_type) && slice_readable(env->content_length) &&
    slice_readable(env->if_none_match);

  predicate cgi_apart(struct slice octets, struct log *log) =
    \separated(octets.data + (0 .. octets.len - 1), log);
*/

/* `entries` is environ's "NAME=value" list, ended by NULL; *out borrows from it. */
/*@ requires \valid(out); assigns *out; ensures cgi_environment_sound(out); */
void cgi_environment(char *const *entries, struct cgi_environment *out);

/* Where the request stands, or the reply that HTTP already has for it. */
enum cgi_outcome {
	CGI_REQUEST,      /* der is the request's octets, whatever they are */
	CGI_NOT_MODIFIED, /* 304: the client holds this answer (H9) */
	CGI_MALFORMED,    /* a GET without a request in it: malformedRequest(1), a note says why */
	CGI_STATUS_PAGE,  /* GET or HEAD of …/status: the caller finds out which of the next two (H11) */
	CGI_STATUS_OK,    /* 200 "OK" */
	CGI_STATUS_DOWN,  /* 503 "Down" */
	CGI_FAVICON,      /* 404 */
	CGI_BAD_REQUEST,  /* 400 */
	CGI_METHOD_NOT_ALLOWED,     /* 405 */
	CGI_TIMEOUT,                /* 408 */
	CGI_TOO_LARGE,              /* 413 */
	CGI_UNSUPPORTED_MEDIA_TYPE, /* 415 */
	CGI_METHOD_NOT_IMPLEMENTED, /* 501 */
};

/*
 * Reads what there is to read, octets only: the body of a POST (never more than CONTENT_LENGTH, never on GET or HEAD),
 * and drains what is refused. `storage` has CGI_TARGET_MAX octets; *body borrows from it. CGI_REQUEST means only that
 * there is nothing for HTTP to refuse yet; an empty body is one, too. `limit` beyond REQUEST_DER_MAX is taken as that.
 */
/*@
  requires cgi_environment_sound(env) && log_sound(log) && \valid(body) && \valid(storage + (0 .. CGI_TARGET_MAX - 1));
  requires \separated(env, body, log, storage + (0 .. CGI_TARGET_MAX - 1));
  requires cgi_apart(env->content_type, log) && cgi_apart(env->content_length, log);
  assigns *body, *log, storage[0 .. CGI_TARGET_MAX - 1];
  ensures body->data == storage && body->len <= REQUEST_DER_MAX;
  ensures \result == CGI_REQUEST ==> body->len <= limit;
  ensures log_sound(log);
*/
enum cgi_outcome cgi_read(const struct cgi_environment *env, int fd, size_t limit, uint8_t *storage,
	struct slice *body, struct log *log);

/*
 * POST: the body as it is. GET, HEAD: the request found in the target (H1, H2), decoded into `storage`, which has
 * CGI_TARGET_MAX octets and may be cgi_read()'s. A target that holds no request and whose last segment is "status" is
 * CGI_STATUS_PAGE: at the root and below a mount, with a slash or a query behind it.
 */
/*@
  requires cgi_environment_sound(env) && log_sound(log) && \valid(der) && slice_readable(body);
  requires \valid(storage + (0 .. CGI_TARGET_MAX - 1));
  requires \separated(env, der, log, storage + (0 .. CGI_TARGET_MAX - 1));
  assigns *der, *log, storage[0 .. CGI_TARGET_MAX - 1];
  ensures slice_readable(*der) && log_sound(log);
  ensures *der == body || (der->data == storage && der->len <= limit && der->len <= CGI_TARGET_MAX);
*/
enum cgi_outcome cgi_decode(const struct cgi_environment *env, struct slice body, size_t limit,
	uint8_t *storage, struct slice *der, struct log *log);

struct cgi_reply {
	enum cgi_outcome
		outcome;   /* CGI_REQUEST or CGI_MALFORMED: 200 with `body`; else a plain text of its own */
	struct slice body; /* the OCSPResponse */
	bool no_store;     /* Cache-Control: no-store (H8) */
	bool cacheable;    /* the fields of `caching` (H7); neither: no cache header at all */
	struct caching caching;   /* also of a 304 */
	enum caching_match match; /* of a 304: what its If-None-Match said */
};

#define CGI_HEADERS_MAX 1024

/*
 * The whole reply, headers and body, into `storage` of CGI_HEADERS_MAX + body.len octets; HEAD leaves the body out.
 * What does not fit (an ETag of a kilobyte) becomes cgi_ready_internal_error.
 */
struct slice cgi_format(
	const struct cgi_environment *env, const struct cgi_reply *reply, uint8_t *storage, size_t size);

/* The HTTP status of an outcome. */
unsigned cgi_http_status(enum cgi_outcome outcome);

/* Whole replies for process_stage(): 408, tryLater, internalError, 503 "Down". */
extern const struct slice cgi_ready_timeout, cgi_ready_try_later, cgi_ready_internal_error, cgi_ready_down;
/* One of them as this client gets it: to HEAD without its body. */
struct slice cgi_ready(const struct cgi_environment *env, struct slice reply);

/* Writes it all; EINTR, EAGAIN and short writes are continued. False: an error, errno is set. */
bool cgi_write(int fd, struct slice octets);

#endif
