#include "status_redis.h"

#include <string.h>

#include "calendar.h"
#include "status_redis_fault.h"
#include "status_redis_link.h"

#define GREETING_MAX 3

/* AUTH [username] password, SELECT database, READONLY: only what is configured, by name in `names`. Returns how many. */
static size_t append_greeting(struct status_redis *r, struct slice names[GREETING_MAX])
{
	const struct redis_settings *s = &r->settings;
	const struct slice named[] = {SLICE("AUTH"), s->username, s->password};
	const struct slice unnamed[] = {SLICE("AUTH"), s->password};
	uint8_t digits[20];
	struct buffer database = bytes_buffer(digits, sizeof digits);
	size_t count = 0;
	if (s->password.len > 0) {
		names[count++] = SLICE("AUTH");
		if (s->username.len > 0)
			redis_link_command(r, 3, named);
		else
			redis_link_command(r, 2, unnamed);
	}
	if (s->database != 0) {
		names[count++] = SLICE("SELECT");
		bytes_append_padded(&database, s->database, 1);
		redis_link_command(r, 2, (struct slice[]){SLICE("SELECT"), bytes_written(&database)});
	}
	if (s->cluster) {
		names[count++] = SLICE("READONLY");
		redis_link_command(r, 1, &names[count - 1]);
	}
	return count;
}

static bool says(const struct redis_reply *reply, struct slice text)
{
	return reply->kind == REDIS_STATUS && bytes_equal(redis_reply_text(reply), text);
}

/*
 * A server that turns a client away (maxclients, protected mode) says so and closes without reading. Its words are worth
 * more than "broken pipe"; but only an error is believed of one that has not heard the question.
 */
static enum response_status hear_last_words(struct status_redis *r, struct log *log)
{
	const int error = r->error;
	struct redis_reply reply;
	enum redis_outcome outcome = redis_link_receive(r, &reply);
	if (outcome == REDIS_DONE && reply.kind == REDIS_ERROR)
		return redis_fault_refusal(r, &reply, (struct slice){0}, log);
	r->error = error;
	return redis_fault_outcome(
		r, outcome == REDIS_NONSENSE ? REDIS_NONSENSE : REDIS_LOST, (struct slice){0}, log);
}

static enum response_status send_commands(struct status_redis *r, struct log *log)
{
	if (r->commands.failed)
		return redis_fault_broken(r, (struct slice){0}, "the commands are too long", log);
	enum redis_outcome outcome = redis_link_send(r);
	if (outcome == REDIS_DONE)
		return RESPONSE_SUCCESSFUL;
	if (outcome == REDIS_LOST)
		return hear_last_words(r, log);
	return redis_fault_outcome(r, outcome, (struct slice){0}, log);
}

/* After a refused AUTH or SELECT nothing that follows is believed: it may come from another database (S4). */
static enum response_status read_greeting(
	struct status_redis *r, size_t count, const struct slice *names, struct log *log)
{
	for (size_t i = 0; i < count; i++) {
		struct redis_reply reply;
		enum redis_outcome outcome = redis_link_receive(r, &reply);
		if (outcome != REDIS_DONE)
			return redis_fault_outcome(r, outcome, names[i], log);
		if (!says(&reply, SLICE("OK")))
			return redis_fault_refusal(r, &reply, names[i], log);
	}
	return RESPONSE_SUCCESSFUL;
}

static bool append_key(struct buffer *key, struct slice prefix, const struct certid *id)
{
	bytes_append(key, prefix);
	serial_append_decimal(key, id->serial_number);
	return !key->failed;
}

static void append_question(struct status_redis *r, struct slice prefix, const struct certid *id)
{
	uint8_t octets[STATUS_REDIS_KEY_MAX];
	struct buffer key = bytes_buffer(octets, sizeof octets);
	if (!append_key(&key, prefix, id)) {
		r->commands.failed = true;
		return;
	}
	const struct slice words[] = {SLICE("HMGET"), bytes_written(&key), SLICE("status"),
		SLICE("revocation_time"), SLICE("revocation_reason")};
	redis_link_command(r, sizeof words / sizeof *words, words);
}

/* Strict decimal: digits, without zeros in front (the Ruby program read "abc" as good). An absent field leaves *value. */
static bool read_number(const struct redis_field *field, uint64_t max, uint64_t *value)
{
	return !field->present ||
	       bytes_decimal_canonical((struct slice){field->text, field->len}, max, value);
}

/* RFC 5280 5.3.1: 7 is not used, removeFromCRL(8) makes sense in a delta CRL only (conformance S5). */
static bool may_be_revoked_for(uint64_t reason)
{
	return reason != 7 && reason != CRL_REASON_REMOVE_FROM_CRL;
}

/* Time and reason stay where a revocation was taken back: they must be numbers, but mean nothing then. */
static bool read_record(const struct redis_field field[REDIS_FIELDS], struct redis_record *out)
{
	uint64_t status = 0, time = 0, reason = 0;
	if (!field[0].present)
		return !field[1].present && !field[2].present;
	if (!read_number(&field[0], CERT_STATUS_UNKNOWN, &status) ||
		!read_number(&field[1], CALENDAR_MAX, &time) ||
		!read_number(&field[2], CRL_REASON_AA_COMPROMISE, &reason))
		return false;
	if (status == CERT_STATUS_REVOKED && !may_be_revoked_for(reason))
		return false;
	out->present = true;
	out->status = (uint32_t)status;
	out->revocation_time = (int64_t)time;
	out->reason = field[2].present ? (int)reason : CRL_REASON_NONE;
	return true;
}

static enum response_status read_answer(struct status_redis *r, struct slice prefix, const struct certid *id,
	struct redis_record *out, struct log *log)
{
	struct redis_reply reply;
	enum redis_outcome outcome = redis_link_receive(r, &reply);
	if (outcome == REDIS_DONE && reply.kind == REDIS_RECORD && read_record(reply.field, out))
		return RESPONSE_SUCCESSFUL;

	uint8_t octets[STATUS_REDIS_KEY_MAX + 4];
	struct buffer subject = bytes_buffer(octets, sizeof octets);
	bytes_append_text(&subject, "key ");
	(void)append_key(&subject, prefix, id);
	if (outcome != REDIS_DONE)
		return redis_fault_outcome(r, outcome, bytes_written(&subject), log);
	if (reply.kind != REDIS_RECORD)
		return redis_fault_answer(r, &reply, bytes_written(&subject), log);
	return redis_fault_broken(r, bytes_written(&subject),
		"no record: status must be 0, 1 or 2, time and reason decimal numbers in range: mend the "
		"hash",
		log);
}

/* Whoever sends more than was asked for has counted differently: the answers may be another question's. */
static enum response_status end(const struct status_redis *r, struct log *log)
{
	if (redis_reply_is_left_over(r->reader))
		return redis_fault_outcome(r, REDIS_NONSENSE, (struct slice){0}, log);
	return RESPONSE_SUCCESSFUL;
}

enum response_status status_redis_lookup(struct status_redis *r, struct slice key_prefix,
	const struct certid *certids, size_t count, struct redis_record *out, struct log *log)
{
	struct slice names[GREETING_MAX];
	size_t questions = 0;
	size_t greeting = append_greeting(r, names);
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct redis_record){.reason = CRL_REASON_NONE};
		if (serial_is_negative(certids[i].serial_number))
			continue;
		append_question(r, key_prefix, &certids[i]);
		questions++;
	}
	if (questions == 0)
		return RESPONSE_SUCCESSFUL;
	enum response_status result = send_commands(r, log);
	if (result == RESPONSE_SUCCESSFUL)
		result = read_greeting(r, greeting, names, log);
	for (size_t i = 0; i < count && result == RESPONSE_SUCCESSFUL; i++)
		if (!serial_is_negative(certids[i].serial_number))
			result = read_answer(r, key_prefix, &certids[i], &out[i], log);
	return result == RESPONSE_SUCCESSFUL ? end(r, log) : result;
}

/* Said to one who was let in, by a server that is up: what he may not do is PING, of which no answer is made. */
static bool may_not_ask(const struct redis_reply *reply)
{
	static const char refusal[] = "NOPERM ";
	const struct slice text = redis_reply_text(reply);
	return reply->kind == REDIS_ERROR && text.len >= sizeof refusal - 1 &&
	       memcmp(text.data, refusal, sizeof refusal - 1) == 0;
}

enum response_status status_redis_ping(struct status_redis *r, struct log *log)
{
	struct slice names[GREETING_MAX];
	const struct slice ping = SLICE("PING");
	struct redis_reply reply;
	size_t greeting = append_greeting(r, names);
	redis_link_command(r, 1, &ping);
	enum response_status result = send_commands(r, log);
	if (result == RESPONSE_SUCCESSFUL)
		result = read_greeting(r, greeting, names, log);
	if (result != RESPONSE_SUCCESSFUL)
		return result;
	enum redis_outcome outcome = redis_link_receive(r, &reply);
	if (outcome != REDIS_DONE)
		return redis_fault_outcome(r, outcome, ping, log);
	if (says(&reply, SLICE("PONG")) || may_not_ask(&reply))
		return end(r, log);
	return redis_fault_refusal(r, &reply, ping, log);
}
