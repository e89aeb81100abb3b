#include "ca_record.h"

#include <stdio.h>
#include <string.h>

#include "calendar.h"
#include "ctl/iso_time.h"
#include "ctl/reason.h"

#define FIELDS      3
#define FIELD_SHOWN 40 /* octets of a field that is no number */
#define ERROR_SHOWN 120
#define NUMBER_SIZE 24

static const char *const field_names[FIELDS] = {"status", "revocation_time", "revocation_reason"};

/* ---- commands ---- */

struct slice ca_record_key(struct slice prefix, const struct serial *serial, uint8_t *storage)
{
	struct buffer key = bytes_buffer(storage, CA_RECORD_KEY_MAX);
	bytes_append(&key, prefix);
	serial_append_decimal(&key, serial_slice(serial));
	return bytes_written(&key);
}

void ca_record_ask(struct redis_client *c, struct slice prefix, const struct serial *serial)
{
	uint8_t key[CA_RECORD_KEY_MAX];
	const struct slice words[] = {SLICE("HMGET"), ca_record_key(prefix, serial, key),
		bytes_of(field_names[0]), bytes_of(field_names[1]), bytes_of(field_names[2])};
	redis_client_send(c, sizeof words / sizeof *words, words);
}

static struct slice decimal(int64_t value, uint8_t storage[NUMBER_SIZE])
{
	struct buffer out = bytes_buffer(storage, NUMBER_SIZE);
	bytes_append_decimal(&out, value);
	return bytes_written(&out);
}

void ca_record_put(struct redis_client *c, struct slice prefix, const struct serial *serial,
	const struct ca_record *record)
{
	uint8_t key[CA_RECORD_KEY_MAX];
	uint8_t digits[FIELDS][NUMBER_SIZE];
	const int64_t values[FIELDS] = {record->status, record->time, record->reason};
	const bool wanted[FIELDS] = {true, record->has_time, record->has_reason};
	struct slice words[2 + 2 * FIELDS] = {SLICE("HMSET"), ca_record_key(prefix, serial, key)};
	size_t count = 2;
	for (size_t i = 0; i < FIELDS; i++) {
		if (!wanted[i])
			continue;
		words[count++] = bytes_of(field_names[i]);
		words[count++] = decimal(values[i], digits[i]);
	}
	redis_client_send(c, count, words);
}

void ca_record_add_field(struct redis_client *c, struct slice prefix, const struct serial *serial,
	const char *field, int64_t value)
{
	uint8_t key[CA_RECORD_KEY_MAX];
	uint8_t digits[NUMBER_SIZE];
	const struct slice words[] = {
		SLICE("HSETNX"), ca_record_key(prefix, serial, key), bytes_of(field), decimal(value, digits)};
	redis_client_send(c, sizeof words / sizeof *words, words);
}

/* ---- replies ---- */

static void append_printable(struct buffer *out, struct slice text, size_t limit)
{
	const size_t len = text.len < limit ? text.len : limit;
	for (size_t i = 0; i < len; i++)
		bytes_append_char(
			out, text.data[i] >= 0x20 && text.data[i] <= 0x7E ? (char)text.data[i] : '?');
	if (len < text.len)
		bytes_append_text(out, "...");
}

static void describe_fields(const struct redis_answer *list, struct buffer *out)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct redis_answer field = redis_answer_item(list, i);
		bytes_append_text(out, i > 0 ? ", " : "");
		bytes_append_text(out, field.type == REDIS_ANSWER_NIL ? "no " : "");
		bytes_append_text(out, field_names[i]);
		if (field.type == REDIS_ANSWER_NIL)
			continue;
		bytes_append_text(out, " \"");
		append_printable(out, field.text, FIELD_SHOWN);
		bytes_append_char(out, '"');
	}
}

/* As the responder reads it: strict decimal, or absent. */
static bool read_field(const struct redis_answer *list, size_t i, bool *present, uint64_t *value)
{
	static const uint64_t limits[FIELDS] = {CERT_STATUS_UNKNOWN, CALENDAR_MAX, CRL_REASON_AA_COMPROMISE};
	const struct redis_answer field = redis_answer_item(list, i);
	*present = field.type != REDIS_ANSWER_NIL;
	if (!*present)
		return true;
	return field.type == REDIS_ANSWER_TEXT && bytes_decimal_canonical(field.text, limits[i], value);
}

static enum ca_record_state read_fields(const struct redis_answer *list, struct ca_record *out)
{
	uint64_t values[FIELDS] = {0};
	bool present[FIELDS] = {false};
	bool numbers = true;
	for (size_t i = 0; i < FIELDS; i++)
		numbers = read_field(list, i, &present[i], &values[i]) && numbers;
	out->has_time = present[1];
	out->has_reason = present[2];
	if (!present[0])
		return present[1] || present[2] ? CA_RECORD_UNDECODABLE : CA_RECORD_ABSENT;
	if (!numbers)
		return CA_RECORD_UNDECODABLE;
	out->status = (uint32_t)values[0];
	out->time = (int64_t)values[1];
	out->reason = (int)values[2];
	if (out->status == CERT_STATUS_REVOKED && !reason_is_of_revoked(out->reason))
		return CA_RECORD_UNDECODABLE;
	return CA_RECORD_READ;
}

void ca_record_read(const struct redis_answer *answer, struct ca_record *out)
{
	*out = (struct ca_record){.state = CA_RECORD_REFUSED};
	struct buffer detail = bytes_buffer((uint8_t *)out->detail, sizeof out->detail - 1);
	if (answer->type == REDIS_ANSWER_LIST && answer->count == FIELDS) {
		out->state = read_fields(answer, out);
		if (out->state == CA_RECORD_UNDECODABLE)
			describe_fields(answer, &detail);
	} else if (answer->type == REDIS_ANSWER_ERROR) {
		append_printable(&detail, answer->text, ERROR_SHOWN);
		bytes_append_text(&detail, "; ");
		bytes_append_text(&detail, redis_client_advice(answer->text));
	} else {
		bytes_append_text(&detail, "no reply to HMGET; is it Redis that answers?");
	}
}

const char *ca_record_text(const struct ca_record *r, char text[CA_RECORD_TEXT_SIZE])
{
	static const char *const states[] = {
		[CA_RECORD_ABSENT] = "not issued",
		[CA_RECORD_UNDECODABLE] = "undecodable: ",
		[CA_RECORD_REFUSED] = "refused by Redis: ",
	};
	char time[ISO_TIME_SIZE];
	if (r->state != CA_RECORD_READ)
		(void)snprintf(text, CA_RECORD_TEXT_SIZE, "%s%s", states[r->state], r->detail);
	else if (r->status == CERT_STATUS_REVOKED)
		(void)snprintf(text, CA_RECORD_TEXT_SIZE, "revoked since %s, %s", iso_time(r->time, time),
			reason_name(r->reason));
	else
		(void)snprintf(text, CA_RECORD_TEXT_SIZE, "%s",
			r->status == CERT_STATUS_GOOD ? "good" : "unknown (status 2)");
	return text;
}
