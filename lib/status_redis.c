#include "status_redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <string.h>

#include "calendar.h"
#include "serial.h"
#include "status_redis_link.h"

#define KEY_MAX 4096 /* octets; ocspctl compile refuses a longer prefix than KEY_MAX - SERIAL_DECIMAL_MAX */

static struct buffer *begin_note(const struct status_redis *r, struct log *log)
{
	struct buffer *note = log_note(log, LOG_ERROR);
	bytes_append_text(note, "redis ");
	redis_link_address(r, note);
	bytes_append_text(note, ": ");
	return note;
}

static enum response_status fail(const struct status_redis *r, enum redis_outcome outcome, struct log *log)
{
	int error = errno;
	struct buffer *note = begin_note(r, log);
	if (outcome == REDIS_NONSENSE) {
		bytes_append_text(
			note, "what answers is not Redis, or no answer to HMGET: check the address");
		return RESPONSE_INTERNAL_ERROR;
	}
	if (outcome == REDIS_TIMEOUT) {
		bytes_append_text(note, "no whole reply within redis.timeout_ms = ");
		bytes_append_decimal(note, r->settings.timeout_ms);
	} else {
		bytes_append_text(
			note, error ? strerrordesc_np(error) : "closed the connection before it had replied");
	}
	bytes_append_text(note, ": is the server up?");
	return RESPONSE_TRY_LATER;
}

static enum response_status unreachable(const struct status_redis *r, struct log *log)
{
	struct buffer *note = begin_note(r, log);
	bytes_append_text(note, "cannot connect: ");
	bytes_append_text(note, r->error ? strerrordesc_np(r->error) : "no address");
	if (r->settings.address_count > 1)
		bytes_append_text(note, " (the last of the addresses)");
	return RESPONSE_TRY_LATER;
}

static void append_command(struct status_redis *r, int count, const struct slice *words)
{
	const char *argv[6] = {0};
	size_t lengths[6] = {0};
	for (int i = 0; i < count && i < 6; i++) {
		argv[i] = (const char *)words[i].data;
		lengths[i] = words[i].len;
	}
	redisAppendCommandArgv(r->context, count, argv, lengths);
}

/* AUTH [username] password, SELECT database, READONLY: only what is configured. Returns how many replies come first. */
static size_t append_greeting(struct status_redis *r)
{
	uint8_t digits[20];
	size_t count = 0;
	struct buffer database = bytes_buffer(digits, sizeof digits);
	const struct redis_settings *s = &r->settings;
	if (s->password.len > 0) {
		struct slice named[] = {SLICE("AUTH"), s->username, s->password};
		struct slice unnamed[] = {SLICE("AUTH"), s->password};
		append_command(r, s->username.len > 0 ? 3 : 2, s->username.len > 0 ? named : unnamed);
		count++;
	}
	if (s->database != 0) {
		bytes_append_decimal(&database, s->database);
		append_command(r, 2, (struct slice[]){SLICE("SELECT"), bytes_written(&database)});
		count++;
	}
	if (s->cluster) {
		append_command(r, 1, (struct slice[]){SLICE("READONLY")});
		count++;
	}
	return count;
}

static bool is_ok(const struct redis_reply *reply)
{
	return reply->type == REDIS_REPLY_STATUS && bytes_equal(redis_reply_text(reply), SLICE("OK"));
}

/* After a refused AUTH or SELECT nothing that follows is believed: it may come from another database (S4). */
static enum response_status read_greeting(struct status_redis *r, size_t count, struct log *log)
{
	for (size_t i = 0; i < count; i++) {
		struct redis_reply reply;
		enum redis_outcome outcome = redis_link_receive(r, &reply);
		if (outcome != REDIS_DONE)
			return fail(r, outcome, log);
		if (is_ok(&reply))
			continue;
		struct buffer *note = begin_note(r, log);
		bytes_append_text(note, "AUTH, SELECT or READONLY refused: ");
		bytes_append(note, redis_reply_text(&reply));
		bytes_append_text(note, ": check redis.username, password, database and cluster");
		return reply.type == REDIS_REPLY_ERROR ? RESPONSE_TRY_LATER : RESPONSE_INTERNAL_ERROR;
	}
	return RESPONSE_SUCCESSFUL;
}

static bool append_key(struct buffer *key, struct slice prefix, const struct certid *id)
{
	bytes_append(key, prefix);
	serial_append_decimal(key, id->serial_number);
	return !key->failed;
}

static bool append_question(struct status_redis *r, struct slice prefix, const struct certid *id)
{
	uint8_t octets[KEY_MAX];
	struct buffer key = bytes_buffer(octets, sizeof octets);
	if (!append_key(&key, prefix, id))
		return false;
	append_command(r, 5,
		(struct slice[]){SLICE("HMGET"), bytes_written(&key), SLICE("status"),
			SLICE("revocation_time"), SLICE("revocation_reason")});
	return true;
}

/* Strict decimal: digits only (the Ruby program read "abc" as good). An absent field leaves *value. */
static bool read_number(const struct redis_field *field, uint64_t max, uint64_t *value)
{
	return !field->present || bytes_decimal((struct slice){field->text, field->len}, max, value);
}

static bool read_record(const struct redis_reply *reply, struct redis_record *out)
{
	uint64_t status = 0;
	uint64_t time = 0;
	uint64_t reason = 0;
	const struct redis_field *field = reply->field;
	*out = (struct redis_record){.reason = CRL_REASON_NONE};
	if (!field[0].present)
		return !field[1].present && !field[2].present;
	if (!read_number(&field[0], CERT_STATUS_UNKNOWN, &status) ||
		!read_number(&field[1], CALENDAR_MAX, &time) ||
		!read_number(&field[2], CRL_REASON_AA_COMPROMISE, &reason))
		return false;
	*out = (struct redis_record){
		true, (uint32_t)status, (int64_t)time, field[2].present ? (int)reason : CRL_REASON_NONE};
	return true;
}

/* The error replies that say "this record cannot be read", not "not now". */
static bool is_final_error(struct slice text)
{
	struct slice word = SLICE("WRONGTYPE");
	return text.len >= word.len && bytes_equal((struct slice){text.data, word.len}, word);
}

static enum response_status refuse_record(const struct status_redis *r, struct slice prefix,
	const struct certid *id, const struct redis_reply *reply, struct log *log)
{
	struct slice text = redis_reply_text(reply);
	bool is_error = reply->type == REDIS_REPLY_ERROR;
	struct buffer *note = begin_note(r, log);
	bytes_append_text(note, "key ");
	(void)append_key(note, prefix, id);
	bytes_append_text(note, ": ");
	if (is_error)
		bytes_append(note, text);
	else
		bytes_append_text(
			note, "not a record: status 0, 1 or 2, time and reason must be decimal numbers");
	return is_error && !is_final_error(text) ? RESPONSE_TRY_LATER : RESPONSE_INTERNAL_ERROR;
}

static enum response_status read_answer(struct status_redis *r, struct slice prefix, const struct certid *id,
	struct redis_record *out, struct log *log)
{
	struct redis_reply reply;
	enum redis_outcome outcome = redis_link_receive(r, &reply);
	if (outcome != REDIS_DONE)
		return fail(r, outcome, log);
	if (reply.type == REDIS_REPLY_ARRAY && read_record(&reply, out))
		return RESPONSE_SUCCESSFUL;
	return refuse_record(r, prefix, id, &reply, log);
}

static enum response_status start(struct status_redis *r, struct log *log)
{
	if (r->fd < 0)
		return unreachable(r, log);
	if (redis_link_context(r))
		return RESPONSE_SUCCESSFUL;
	bytes_append_text(begin_note(r, log), "no memory for the connection");
	return RESPONSE_INTERNAL_ERROR;
}

enum response_status status_redis_lookup(struct status_redis *r, struct slice key_prefix,
	const struct certid *certids, size_t count, struct redis_record *out, struct log *log)
{
	size_t questions = 0;
	for (size_t i = 0; i < count; i++)
		questions += serial_is_negative(certids[i].serial_number) ? 0 : 1;
	enum response_status result = questions > 0 ? start(r, log) : RESPONSE_SUCCESSFUL;
	if (result != RESPONSE_SUCCESSFUL)
		return result;
	size_t greeting = questions > 0 ? append_greeting(r) : 0;
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct redis_record){.reason = CRL_REASON_NONE};
		if (!serial_is_negative(certids[i].serial_number) &&
			!append_question(r, key_prefix, &certids[i])) {
			bytes_append_text(begin_note(r, log), "the key is too long");
			return RESPONSE_INTERNAL_ERROR;
		}
	}
	enum redis_outcome sent = redis_link_send(r);
	if (sent != REDIS_DONE)
		return fail(r, sent, log);
	result = read_greeting(r, greeting, log);
	for (size_t i = 0; i < count && result == RESPONSE_SUCCESSFUL; i++)
		if (!serial_is_negative(certids[i].serial_number))
			result = read_answer(r, key_prefix, &certids[i], &out[i], log);
	return result;
}

enum response_status status_redis_ping(struct status_redis *r, struct log *log)
{
	struct redis_reply reply;
	enum response_status result = start(r, log);
	if (result != RESPONSE_SUCCESSFUL)
		return result;
	size_t greeting = append_greeting(r);
	append_command(r, 1, (struct slice[]){SLICE("PING")});
	enum redis_outcome outcome = redis_link_send(r);
	if (outcome != REDIS_DONE)
		return fail(r, outcome, log);
	result = read_greeting(r, greeting, log);
	if (result != RESPONSE_SUCCESSFUL)
		return result;
	outcome = redis_link_receive(r, &reply);
	if (outcome != REDIS_DONE)
		return fail(r, outcome, log);
	if (reply.type == REDIS_REPLY_STATUS && bytes_equal(redis_reply_text(&reply), SLICE("PONG")))
		return RESPONSE_SUCCESSFUL;
	struct buffer *note = begin_note(r, log);
	bytes_append_text(note, "PING answered: ");
	bytes_append(note, redis_reply_text(&reply));
	return RESPONSE_TRY_LATER;
}
