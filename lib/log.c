#include "log.h"

#include "calendar.h"

#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_start(struct log *log, int64_t monotonic_us)
{
	memset(log, 0, sizeof *log);
	log->threshold = LOG_INFO;
	log->level = LOG_INFO;
	log->started_us = monotonic_us;
	log->serials = bytes_buffer(log->serial_octets, sizeof log->serial_octets);
	log->statuses = bytes_buffer(log->status_octets, sizeof log->status_octets);
	log->notes = bytes_buffer(log->note_octets, sizeof log->note_octets);
}

struct buffer *log_note(struct log *log, enum log_level level)
{
	if (level < log->threshold) {
		log->sink = bytes_buffer(NULL, 0);
		return &log->sink;
	}
	if (level > log->level)
		log->level = level;
	if (log->notes.len > 0)
		bytes_append_text(&log->notes, "; ");
	return &log->notes;
}

void log_say(struct log *log, enum log_level level, const char *text)
{
	struct buffer *note = log_note(log, level);
	struct slice octets = bytes_of(text);
	size_t room = note->size - note->len;
	if (octets.len > room) {
		bytes_append(note, (struct slice){octets.data, room});
		note->failed = true;
	} else {
		bytes_append(note, octets);
	}
}

/* Appends ",text", or nothing once one did not fit: a later, shorter one would stand in its place. */
static bool append_to_list(struct buffer *list, struct slice text)
{
	size_t comma = list->len > 0 ? 1 : 0;
	if (list->failed || list->size - list->len < comma || list->size - list->len - comma < text.len) {
		list->failed = true;
		return false;
	}
	if (comma > 0)
		bytes_append_char(list, ',');
	bytes_append(list, text);
	return true;
}

/* The magnitude of two's complement: all bits inverted, plus one. */
static struct slice negate(struct slice number, uint8_t *storage)
{
	unsigned carry = 1;
	for (size_t i = number.len; i > 0; i--) {
		unsigned sum = (uint8_t)~number.data[i - 1] + carry;
		storage[i - 1] = (uint8_t)(sum & 0xFF);
		carry = sum >> 8;
	}
	return (struct slice){storage, number.len};
}

void log_serial(struct log *log, struct slice serial_number)
{
	uint8_t magnitude[LOG_VALUE_MAX / 2];
	uint8_t text[LOG_VALUE_MAX];
	struct buffer out = bytes_buffer(text, sizeof text);
	bool negative = serial_number.len > 0 && (serial_number.data[0] & 0x80) != 0;
	if (serial_number.len > sizeof magnitude) {
		log->serials.failed = true;
	} else {
		if (negative)
			serial_number = negate(serial_number, magnitude);
		if (serial_number.len > 1 && serial_number.data[0] == 0)
			serial_number = (struct slice){serial_number.data + 1, serial_number.len - 1};
		bytes_append_text(&out, negative ? "-0x" : "0x");
		bytes_append_hex(&out, serial_number);
	}
	if (out.failed)
		log->serials.failed = true;
	if (!append_to_list(&log->serials, bytes_written(&out)))
		log->serials_left_out++;
}

void log_status(struct log *log, const char *name)
{
	append_to_list(&log->statuses, bytes_of(name));
}

/* The line as it grows. */
struct line {
	struct buffer out;
	enum log_format format;
};

enum quoting { QUOTED, BARE };

/*
 * JSON wants quotes, backslashes and control characters escaped (RFC 8259 7); the rest is our own caution, since the
 * reader may be a terminal. A bare value ends at a space.
 */
static bool needs_escape(uint8_t c, enum quoting quoting)
{
	return c < 0x20 || c > 0x7E || c == '"' || c == '\\' || (c == ' ' && quoting == BARE);
}

/* Appends the escaped value; false: cut between two characters, for it needs more than `room` octets. */
static bool append_escaped(struct line *line, struct slice value, size_t room, enum quoting quoting)
{
	const char *escape = line->format == LOG_JSON ? "\\u00" : "\\x";
	size_t escape_octets = strlen(escape) + 2;
	for (size_t i = 0; i < value.len; i++) {
		bool escaped = needs_escape(value.data[i], quoting);
		size_t needed = escaped ? escape_octets : 1;
		if (needed > room)
			return false;
		room -= needed;
		if (escaped) {
			bytes_append_text(&line->out, escape);
			bytes_append_hex(&line->out, (struct slice){value.data + i, 1});
		} else {
			bytes_append_char(&line->out, (char)value.data[i]);
		}
	}
	return true;
}

/* ,"key": in JSON, " key=" in text. */
static void append_key(struct line *line, const char *key)
{
	if (line->format == LOG_JSON) {
		bytes_append_text(&line->out, line->out.len == 0 ? "{\"" : ",\"");
		bytes_append_text(&line->out, key);
		bytes_append_text(&line->out, "\":");
	} else {
		bytes_append_char(&line->out, ' ');
		bytes_append_text(&line->out, key);
		bytes_append_char(&line->out, '=');
	}
}

static void append_number(struct line *line, const char *key, uint64_t number)
{
	append_key(line, key);
	bytes_append_padded(&line->out, number, 1);
}

/* A value that is empty is left out. JSON quotes all of them. */
static void append_value(struct line *line, const char *key, struct slice value, enum quoting quoting)
{
	if (value.len == 0)
		return;
	append_key(line, key);
	if (line->format == LOG_JSON)
		quoting = QUOTED;
	if (quoting == QUOTED)
		bytes_append_char(&line->out, '"');
	append_escaped(line, value, LOG_VALUE_MAX, quoting);
	if (quoting == QUOTED)
		bytes_append_char(&line->out, '"');
}

/* The values that text gives by their place instead of by a key. */
static void append_word(struct line *line, const char *key, struct slice value)
{
	if (line->format == LOG_JSON) {
		append_value(line, key, value, QUOTED);
		return;
	}
	if (line->out.len > 0)
		bytes_append_char(&line->out, ' ');
	append_escaped(line, value.len > 0 ? value : SLICE("-"), LOG_VALUE_MAX, BARE);
}

void log_append_time(struct buffer *out, int64_t unix_seconds)
{
	static const char between[] = "--T::Z";
	struct calendar c;
	if (!calendar_from_unix(unix_seconds, &c)) {
		bytes_append_decimal(out, unix_seconds);
		return;
	}
	const int parts[] = {c.year, c.month, c.day, c.hour, c.minute, c.second};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		bytes_append_padded(out, (uint64_t)parts[i], i == 0 ? 4 : 2);
		bytes_append_char(out, between[i]);
	}
}

static void append_time(struct line *line, int64_t now)
{
	uint8_t text[24];
	struct buffer out = bytes_buffer(text, sizeof text);
	log_append_time(&out, now);
	append_word(line, "time", bytes_written(&out));
}

/* Takes what room the line has left: the other values are bounded so that it is more than half. */
static void append_message(struct line *line, const struct log *log)
{
	const size_t behind = sizeof "...\"}\n"; /* its NUL keeps the line below LOG_LINE_MAX */
	if (log->notes.len == 0)
		return;
	append_key(line, "message");
	bytes_append_char(&line->out, '"');
	size_t room = line->out.size - line->out.len - behind;
	if (!append_escaped(line, bytes_written(&log->notes), room, QUOTED) || log->notes.failed)
		bytes_append_text(&line->out, "...");
	bytes_append_char(&line->out, '"');
}

size_t log_format_line(const struct log *log, int64_t now, int64_t monotonic_us, uint8_t *out)
{
	struct line line = {bytes_buffer(out, LOG_LINE_MAX), log->format};
	append_time(&line, now);
	append_word(&line, "level", bytes_of(level_names[log->level & 3]));
	append_word(&line, "method", log->method);
	append_value(&line, "ca", log->ca, QUOTED);
	append_value(&line, "serials", bytes_written(&log->serials), BARE);
	if (log->serials_left_out > 0)
		append_number(&line, "serials_more", log->serials_left_out);
	append_value(&line, "status", bytes_written(&log->statuses), BARE);
	append_value(&line, "ocsp", bytes_of(log->ocsp), BARE);
	if (log->http > 0) {
		append_number(&line, "http", log->http);
		append_number(&line, "bytes", log->octets);
	}
	if (log->started_us != 0 && monotonic_us >= log->started_us)
		append_number(&line, "us", (uint64_t)monotonic_us - (uint64_t)log->started_us);
	append_message(&line, log);
	bytes_append_text(&line.out, log->format == LOG_JSON ? "}\n" : "\n");
	return line.out.len;
}

void log_write(const struct log *log, int fd, int64_t now, int64_t monotonic_us)
{
	uint8_t line[LOG_LINE_MAX];
	if (log->level < log->threshold)
		return;
	size_t length = log_format_line(log, now, monotonic_us, line);
	ssize_t written = write(fd, line, length);
	(void)written;
}
