/* The request's side that the environment tells: variables, method, and the target of a GET. */
#include "cgi.h"

#include "base64.h"

#include <string.h>

/* "NAME=value": the value, where the name is this one. The first of several of one name counts. */
/*@
  requires valid_read_string(entry) && \valid(value) && slice_readable(*value);
  assigns *value;
  ensures slice_readable(*value);
*/
static void take(const char *entry, const char *name, struct slice *value)
{
	/*@ admit literal: valid_read_string(name); */
	/*@
	  loop invariant valid_read_string(entry) && valid_read_string(name);
	  loop assigns entry, name;
	  loop variant strlen(name);
	*/
	for (; *name != '\0'; entry++, name++)
		if (*entry != *name)
			return;
	if (*entry == '=' && !value->data)
		*value = bytes_of(entry + 1);
}

/* RFC 9110 9.1: method names are case-sensitive. Those that are known and refused are 405, the rest 501. */
/*@ requires slice_readable(name); assigns \nothing; */
static enum cgi_method method_of(struct slice name)
{
	static const struct {
		const char *name;
		enum cgi_method method;
	} methods[] = {
		{"POST", CGI_POST},
		{"GET", CGI_GET},
		{"HEAD", CGI_HEAD},
		{"PUT", CGI_NOT_ALLOWED},
		{"DELETE", CGI_NOT_ALLOWED},
		{"OPTIONS", CGI_NOT_ALLOWED},
		{"TRACE", CGI_NOT_ALLOWED},
		{"CONNECT", CGI_NOT_ALLOWED},
		{"PATCH", CGI_NOT_ALLOWED},
	};
	if (!name.data)
		return CGI_POST;
	/*@ loop invariant 0 <= i <= 9; loop assigns i; loop variant 9 - i; */
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (bytes_equal(name, bytes_of(methods[i].name)))
			return methods[i].method;
	return CGI_NOT_IMPLEMENTED;
}

/*@
  requires valid_read_string(entry) && cgi_environment_sound(out) && \valid(out) && \valid(snapshot);
  requires slice_readable(*snapshot) && \separated(out, snapshot);
  assigns *out, *snapshot;
  ensures cgi_environment_sound(out) && slice_readable(*snapshot);
*/
static void take_entry(const char *entry, struct slice *snapshot, struct cgi_environment *out)
{
	take(entry, "OCSP_CGI_SNAPSHOT", snapshot);
	take(entry, "REQUEST_METHOD", &out->method_name);
	take(entry, "REQUEST_URI", &out->request_uri);
	take(entry, "PATH_INFO", &out->path_info);
	take(entry, "CONTENT_TYPE", &out->content_type);
	take(entry, "CONTENT_LENGTH", &out->content_length);
	take(entry, "HTTP_IF_NONE_MATCH", &out->if_none_match);
}

void cgi_environment(char *const *entries, struct cgi_environment *out)
{
	struct slice snapshot = {NULL, 0};
	*out = (struct cgi_environment){0};
	for (; *entries; entries++)
		take_entry(*entries, &snapshot, out);
	out->method = method_of(out->method_name);
	out->snapshot = snapshot.len > 0 ? (const char *)snapshot.data : CGI_SNAPSHOT_DEFAULT;
}

/* The octets before the first `stop`, or all of them. */
/*@
  requires slice_readable(text);
  assigns \nothing;
  ensures slice_readable(\result) && \result.data == text.data && \result.len <= text.len;
*/
static struct slice before(struct slice text, uint8_t stop)
{
	return (struct slice){text.data, bytes_before(text, stop)};
}

/*@
  requires octets <= text.len;
  assigns \nothing;
  ensures slice_ends(\result, text) && \result.len == text.len - octets;
*/
static struct slice skip(struct slice text, size_t octets)
{
	return (struct slice){text.data + octets, text.len - octets};
}

/* RFC 9112 3.2.2: absolute-form = scheme "://" authority path; Apache passes it on as it came. */
/*@
  requires slice_readable(target);
  assigns \nothing;
  ensures slice_ends(\result, target);
*/
static struct slice without_authority(struct slice target)
{
	const struct slice mark = SLICE("://");
	struct slice scheme = before(target, ':');
	struct slice rest = skip(target, scheme.len);
	/*@ admit literal: slice_readable(mark); */
	if (rest.len < mark.len || !bytes_equal((struct slice){rest.data, mark.len}, mark))
		return target;
	if (before(scheme, '/').len < scheme.len)
		return target;
	rest = skip(rest, mark.len);
	return skip(rest, before(rest, '/').len);
}

/* The status page of the Ruby responder: /status, /status/, the same below a mount (H11). */
/*@ requires slice_readable(path); assigns \nothing; */
static bool is_status_page(struct slice path)
{
	const struct slice name = SLICE("/status");
	/*@ admit literal: slice_readable(name); */
	/*@ loop invariant path.len <= \at(path.len, Pre); loop assigns path.len; loop variant path.len; */
	while (path.len > 0 && path.data[path.len - 1] == '/')
		path.len--;
	return path.len >= name.len && bytes_equal(skip(path, path.len - name.len), name);
}

/* Percent-decodes a raw target's path into `storage`. False: longer than any request. */
/*@
  requires slice_readable(target) && \valid(storage + (0 .. CGI_TARGET_MAX - 1)) && \valid(path);
  requires \separated(path, storage + (0 .. CGI_TARGET_MAX - 1));
  assigns *path, storage[0 .. CGI_TARGET_MAX - 1];
  ensures \result ==> path->data == storage && path->len <= CGI_TARGET_MAX;
*/
static bool decode_path(struct slice target, uint8_t *storage, struct slice *path)
{
	struct slice raw = without_authority(before(target, '?'));
	size_t len = base64_percent_decode(raw, storage, CGI_TARGET_MAX);
	if (len > CGI_TARGET_MAX)
		return false;
	*path = (struct slice){storage, len};
	return true;
}

/*@
  requires \valid_read(env) && log_sound(log) && \separated(env, log);
  assigns *log;
  ensures log_sound(log);
*/
static void note_truncated(const struct cgi_environment *env, struct log *log)
{
	struct buffer *note = log_note(log, LOG_WARNING);
	bytes_append_text(note,
		"the request in the path is shorter than its DER says: probably the web server or a "
		"proxy in front merges slashes (Apache: MergeSlashes Off, nginx: merge_slashes off)");
	/*@ assert log_sound(log); */
	if (!env->request_uri.data)
		bytes_append_text(
			note, "; PATH_INFO was used, which most web servers fold: let yours set REQUEST_URI");
}

/*@
  requires octets <= CGI_TARGET_MAX && limit < octets && log_sound(log);
  assigns *log;
  ensures log_sound(log);
*/
static void note_too_long(size_t octets, size_t limit, struct log *log)
{
	struct buffer *note = log_note(log, LOG_INFO);
	bytes_append_text(note, "the request in the path has ");
	bytes_append_decimal(note, (int64_t)octets);
	bytes_append_text(note, " octets, limits.request_bytes is ");
	bytes_append_decimal(note, (int64_t)limit);
}

/* RFC 6960 A.1: GET {url}/{url-encoding of base-64 encoding of the DER encoding of the OCSPRequest} */
/*@
  requires cgi_environment_sound(env) && log_sound(log) && \valid(der);
  requires \valid(storage + (0 .. CGI_TARGET_MAX - 1));
  requires \separated(env, der, log, storage + (0 .. CGI_TARGET_MAX - 1));
  assigns *der, *log, storage[0 .. CGI_TARGET_MAX - 1];
  ensures log_sound(log);
  ensures *der == \old(*der) || (der->data == storage && der->len <= limit && der->len <= CGI_TARGET_MAX);
*/
static enum cgi_outcome decode_target(
	const struct cgi_environment *env, size_t limit, uint8_t *storage, struct slice *der, struct log *log)
{
	struct slice path = env->path_info; /* decoded by the server already: never twice */
	const struct slice favicon = SLICE("/favicon.ico");
	size_t len = 0;
	/*@ admit literal: slice_readable(favicon); */
	if (env->request_uri.data && !decode_path(env->request_uri, storage, &path)) {
		log_say(log, LOG_INFO, "the target is longer than any request");
		return CGI_MALFORMED;
	}
	if (bytes_equal(path, favicon))
		return CGI_FAVICON;
	bool is_status = is_status_page(path); /* now: decoding overwrites the path */
	enum base64_find found = base64_find_request(path, storage, CGI_TARGET_MAX, &len);
	if (is_status && found != BASE64_FOUND)
		return CGI_STATUS_PAGE;
	switch (found) {
	case BASE64_FOUND:
		break;
	case BASE64_TRUNCATED:
		note_truncated(env, log);
		return CGI_MALFORMED;
	case BASE64_NONE:
		log_say(log, LOG_INFO,
			"no request in the path: nothing in it is the base64 of one DER SEQUENCE");
		return CGI_MALFORMED;
	}
	if (len > limit) {
		note_too_long(len, limit, log);
		return CGI_MALFORMED;
	}
	*der = (struct slice){storage, len};
	return CGI_REQUEST;
}

enum cgi_outcome cgi_decode(const struct cgi_environment *env, struct slice body, size_t limit,
	uint8_t *storage, struct slice *der, struct log *log)
{
	*der = body;
	if (env->method != CGI_GET && env->method != CGI_HEAD)
		return CGI_REQUEST;
	*der = (struct slice){storage, 0};
	return decode_target(env, limit, storage, der, log);
}
