/*
 * log: one line per request on standard error (conformance H14). A leaf; no stdio, no allocation, safe in a signal
 * handler that does not return. A line is shorter than LOG_LINE_MAX, so that it is atomic on a pipe; a value is cut at
 * LOG_VALUE_MAX octets; every octet outside printable ASCII, every quote and backslash is escaped.
 */
#ifndef LOG_H
#define LOG_H

#include "bytes.h"

#define LOG_LINE_MAX  4096
#define LOG_VALUE_MAX 256
#define LOG_NOTES_MAX 1024

enum log_format { LOG_JSON = 0, LOG_TEXT = 1 };
enum log_level { LOG_DEBUG = 0, LOG_INFO = 1, LOG_WARNING = 2, LOG_ERROR = 3 };

/*
 * What is known of the request so far; the caller's storage. All slices are borrowed until log_write(). The fields are
 * set as they become known; an empty one is left out of the line. The line's level is the highest note's, LOG_INFO
 * without one. All zero, before log_start(), it takes no notes and can be written.
 *
 * JSON   {"time":"2026-11-22T14:00:00Z","level":"info","method":"POST","ca":"NAME","serials":"0x1a,0x2b",
 *         "serials_more":N,"status":"good,revoked","ocsp":"successful","http":200,"bytes":1234,"us":345,"message":"…"}
 * text   2026-11-22T14:00:00Z info POST ca="NAME" serials=0x1a,0x2b serials_more=N status=good,revoked ocsp=successful
 *        http=200 bytes=1234 us=345 message="…"
 * in this order, on one line. Escaped octets are \u00xx in JSON, \xhh in text.
 */
struct log {
	enum log_format format;
	enum log_level threshold; /* a line of a lower level is not written */
	enum log_level level;
	int64_t started_us;     /* monotonic clock, for the microseconds; 0: not started, none are told */
	struct slice method;    /* as the server gave it */
	struct slice ca;        /* the configuration's name for it */
	struct buffer serials;  /* "0x1a,0x2b": log_serial() */
	struct buffer statuses; /* "good,revoked" in the same order: log_status() */
	unsigned serials_left_out;
	const char *ocsp; /* OCSPResponseStatus by name */
	unsigned http;
	size_t octets;       /* of the body; told when http is known */
	struct buffer notes; /* what went wrong or is worth knowing, joined by "; " */
	struct buffer sink;  /* of no size: where a note goes that is below the threshold */
	uint8_t serial_octets[LOG_VALUE_MAX], status_octets[LOG_VALUE_MAX], note_octets[LOG_NOTES_MAX];
};

/*@
  // Each buffer is the log's own storage, or has no room at all.
  predicate log_buffer_sound(struct buffer out, uint8_t *storage, integer size) =
    out.len <= out.size && (out.size == 0 || (out.data == storage && out.size == size));

  predicate log_sound(struct log *log) = \valid(log) &&
    log_buffer_sound(log->notes, &log->note_octets[0], LOG_NOTES_MAX) &&
    log_buffer_sound(log->serials, &log->serial_octets[0], LOG_VALUE_MAX) &&
    log_buffer_sound(log->statuses, &log->status_octets[0], LOG_VALUE_MAX);
*/

/* Forgets everything: JSON, threshold and level LOG_INFO until the snapshot says otherwise. */
/*@
  requires \valid(log);
  assigns *log;
  ensures log_sound(log);
*/
void log_start(struct log *log, int64_t monotonic_us);

/*
 * Begins a note and returns the buffer to append its text to (raw octets are fine: escaping happens on output):
 *     struct buffer *note = log_note(log, LOG_ERROR);
 *     bytes_append_text(note, "table ");
 * Nothing fails: pieces that do not fit are left out, and the message ends in "..." then. A note below the threshold is
 * left out.
 */
/*@
  requires log_sound(log);
  assigns log->sink, log->level, log->notes.len, log->notes.failed, log->note_octets[0 .. LOG_NOTES_MAX - 1];
  ensures log_sound(log);
  ensures buffer_sound(\result);
  ensures \result == &log->notes || (\result == &log->sink && log->sink.size == 0);
*/
struct buffer *log_note(struct log *log, enum log_level level);
/* The same for a text that is whole. */
/*@
  requires log_sound(log);
  assigns log->sink, log->level, log->notes.len, log->notes.failed, log->note_octets[0 .. LOG_NOTES_MAX - 1];
  ensures log_sound(log);
*/
void log_say(struct log *log, enum log_level level, const char *text);

/* Adds a serialNumber (INTEGER content; 0x… of whole octets, negative ones -0x…); what does not fit is counted. */
void log_serial(struct log *log, struct slice serial_number);
/* Adds a certStatus by name; what does not fit is left out. */
void log_status(struct log *log, const char *name);

/* For notes: RFC 3339 5.6 ("2026-11-22T14:00:00Z"); a time that no calendar has, as the number it is. */
void log_append_time(struct buffer *out, int64_t unix_seconds);

/* The line, with its newline, into `out` of LOG_LINE_MAX octets: a pure function of its arguments. Returns its length. */
size_t log_format_line(const struct log *log, int64_t now, int64_t monotonic_us, uint8_t *out);

/* Formats and writes it to `fd` in one write(); a failing write is ignored: there is nobody left to tell. */
void log_write(const struct log *log, int fd, int64_t now, int64_t monotonic_us);

#endif
