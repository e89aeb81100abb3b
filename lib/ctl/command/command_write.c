/*
 * ocspctl issue, revoke, unrevoke: the writer's side of a CA's records in Redis, by the rules of r509-validity-redis.
 *
 * Each is one atomic change, and none can undo another writer's, without a script (which ACLs often forbid):
 *   issue     HSETNX key status 0: Redis itself sets it only where there is no status;
 *   revoke    HMSET with all three fields: unconditional, as it was in Ruby, so that the last writer decides;
 *   unrevoke  WATCH, look, MULTI, HMSET, EXEC: refused by Redis, and tried again, if another changed it in between.
 */
#include "commands.h"

#include <stdio.h>

#include "ctl/iso_time.h"
#include "record_command.h"
#include "ctl/reason.h"

#define UNREVOKE_TRIES 16

static enum record_outcome fail(
	const struct serial *serial, const char *what, const char *detail, struct messages *m)
{
	char name[SERIAL_TEXT_SIZE];
	message_error(m, (struct place){0}, "%s: %s%s", serial_text(serial, name), what, detail);
	return RECORD_FAILED;
}

static enum record_outcome fail_with_answer(
	const struct serial *serial, const struct redis_answer *answer, struct messages *m)
{
	char name[SERIAL_TEXT_SIZE];
	const struct slice text =
		answer->type == REDIS_ANSWER_ERROR ? redis_client_shown(answer->text) : SLICE("an odd reply");
	message_error(m, (struct place){0}, "%s: refused by Redis: %.*s; %s", serial_text(serial, name),
		(int)text.len, (const char *)text.data, redis_client_advice(text));
	return RECORD_FAILED;
}

static enum record_outcome lost(const struct serial *serial, struct messages *m)
{
	(void)fail(serial,
		"the connection was lost before the reply, so that nobody knows whether it was done; ",
		"ask with ocspctl status, and do it and those behind it again", m);
	return RECORD_LOST;
}

static enum record_outcome report(
	const struct serial *serial, const char *what, const struct ca_record *before)
{
	char name[SERIAL_TEXT_SIZE];
	char text[CA_RECORD_TEXT_SIZE];
	if (before)
		printf("%s: %s (was: %s)\n", serial_text(serial, name), what, ca_record_text(before, text));
	else
		printf("%s: %s\n", serial_text(serial, name), what);
	return RECORD_DONE;
}

/* ---- issue ---- */

static enum record_outcome issue(
	struct redis_ca *ca, const struct serial *serial, const struct record_options *o, struct messages *m)
{
	struct redis_answer answer;
	struct ca_record there;
	char text[CA_RECORD_TEXT_SIZE];
	(void)o;
	ca_record_add_field(&ca->client, ca->prefix, serial, "status", CERT_STATUS_GOOD);
	if (!redis_client_receive(&ca->client, &answer))
		return lost(serial, m);
	if (answer.type != REDIS_ANSWER_NUMBER)
		return fail_with_answer(serial, &answer, m);
	if (answer.number == 1)
		return report(serial, "issued", NULL);
	ca_record_ask(&ca->client, ca->prefix, serial);
	if (!redis_client_receive(&ca->client, &answer))
		return RECORD_LOST;
	ca_record_read(&answer, &there);
	return fail(serial, "was issued before, and stays as it is: ", ca_record_text(&there, text), m);
}

int command_issue(int argc, char **argv)
{
	static const struct record_command command = {
		.name = "issue",
		.what = "Makes certificates known to Redis as good. A serial that is there is refused.",
		.more = "Exit status: 0 all were issued, 1 some were not (said on standard error), 2 usage.\n"
			"Redis needs to allow HSETNX and HMGET.\n",
		.writes = true,
		.run = issue,
	};
	return record_command(&command, argc, argv);
}

/* ---- revoke ---- */

static enum record_outcome revoke(
	struct redis_ca *ca, const struct serial *serial, const struct record_options *o, struct messages *m)
{
	struct redis_answer answer;
	struct ca_record before;
	char what[CA_RECORD_TEXT_SIZE];
	const struct ca_record record = {
		.state = CA_RECORD_READ,
		.status = CERT_STATUS_REVOKED,
		.has_time = true,
		.time = o->time,
		.has_reason = true,
		.reason = o->reason,
	};
	ca_record_ask(&ca->client, ca->prefix, serial);
	ca_record_put(&ca->client, ca->prefix, serial, &record);
	if (!redis_client_receive(&ca->client, &answer))
		return lost(serial, m);
	ca_record_read(&answer, &before);
	if (!redis_client_receive(&ca->client, &answer))
		return lost(serial, m);
	if (answer.type != REDIS_ANSWER_TEXT)
		return fail_with_answer(serial, &answer, m);
	return report(serial, ca_record_text(&record, what), &before);
}

int command_revoke(int argc, char **argv)
{
	static const struct record_command command = {
		.name = "revoke",
		.what = "Marks certificates as revoked in Redis, whatever was there: it says what. One that "
			"was\n"
			"never issued becomes revoked too; one that is revoked gets the new time and reason.",
		.more = "Exit status: 0 all were revoked, 1 some were not (said on standard error), 2 "
			"usage.\n"
			"Redis needs to allow HMSET and HMGET.\n",
		.writes = true,
		.revokes = true,
		.run = revoke,
	};
	return record_command(&command, argc, argv);
}

/* ---- unrevoke ---- */

/* Sends one command, and waits. */
static bool ask(struct redis_client *c, const char *word, struct redis_answer *answer)
{
	const struct slice words[] = {bytes_of(word)};
	redis_client_send(c, 1, words);
	return redis_client_receive(c, answer);
}

/* WATCH, and what is there. False: *outcome. */
static bool watch(struct redis_ca *ca, const struct serial *serial, struct ca_record *before,
	enum record_outcome *outcome, struct messages *m)
{
	uint8_t key[CA_RECORD_KEY_MAX];
	struct redis_answer answer;
	const struct slice words[] = {SLICE("WATCH"), ca_record_key(ca->prefix, serial, key)};
	*outcome = RECORD_LOST;
	redis_client_send(&ca->client, 2, words);
	if (!redis_client_receive(&ca->client, &answer))
		return false;
	if (answer.type != REDIS_ANSWER_TEXT) {
		*outcome = fail_with_answer(serial, &answer, m);
		return false;
	}
	ca_record_ask(&ca->client, ca->prefix, serial);
	if (!redis_client_receive(&ca->client, &answer))
		return false;
	ca_record_read(&answer, before);
	return true;
}

/*
 * After the WATCH. MULTI is waited for: were it refused, what follows would be carried out at once, unguarded. The reply is
 * EXEC's (a list, or nil if the record was changed since), or an error on the way to it.
 */
static bool exchange(struct redis_ca *ca, const struct serial *serial, struct redis_answer *answer)
{
	const struct ca_record good = {.state = CA_RECORD_READ, .status = CERT_STATUS_GOOD};
	if (!ask(&ca->client, "MULTI", answer))
		return false;
	if (answer->type != REDIS_ANSWER_TEXT)
		return true;
	ca_record_put(&ca->client, ca->prefix, serial, &good);
	if (!redis_client_receive(&ca->client, answer))
		return false;
	return answer->type == REDIS_ANSWER_ERROR || ask(&ca->client, "EXEC", answer);
}

/* Ends what a WATCH began, where nothing was changed. */
static enum record_outcome leave(struct redis_ca *ca, const struct serial *serial, const char *what,
	const struct ca_record *there, struct messages *m)
{
	struct redis_answer answer;
	char text[CA_RECORD_TEXT_SIZE];
	(void)fail(serial, what, ca_record_text(there, text), m);
	return ask(&ca->client, "UNWATCH", &answer) ? RECORD_FAILED : RECORD_LOST;
}

static enum record_outcome judge(
	const struct serial *serial, const struct redis_answer *answer, struct messages *m)
{
	if (answer->type != REDIS_ANSWER_LIST) {
		(void)fail_with_answer(serial, answer, m);
		return RECORD_LOST; /* a transaction may still be open */
	}
	const struct redis_answer only = answer->count == 1 ? redis_answer_item(answer, 0) : *answer;
	return only.type == REDIS_ANSWER_TEXT ? RECORD_DONE : fail_with_answer(serial, &only, m);
}

static enum record_outcome unrevoke(
	struct redis_ca *ca, const struct serial *serial, const struct record_options *o, struct messages *m)
{
	struct redis_answer answer;
	struct ca_record before;
	enum record_outcome outcome = RECORD_DONE;
	(void)o;
	for (int i = 0; i < UNREVOKE_TRIES; i++) {
		if (!watch(ca, serial, &before, &outcome, m))
			return outcome;
		if (before.state == CA_RECORD_ABSENT)
			return leave(ca, serial, "cannot be unrevoked: ", &before, m);
		if (before.state != CA_RECORD_READ)
			return leave(ca, serial,
				"stays as it is; revoke it first, which makes it readable: ", &before, m);
		if (!exchange(ca, serial, &answer))
			return lost(serial, m);
		if (answer.type == REDIS_ANSWER_NIL)
			continue;
		outcome = judge(serial, &answer, m);
		return outcome == RECORD_DONE ? report(serial, "good", &before) : outcome;
	}
	return fail(serial, "others change it all the time; it stays as they leave it", "", m);
}

int command_unrevoke(int argc, char **argv)
{
	static const struct record_command command = {
		.name = "unrevoke",
		.what = "Makes certificates good again in Redis. A serial that is not there is refused. The "
			"old time\n"
			"and reason stay in the record, unused, as they always have.",
		.more = "Exit status: 0 all are good now, 1 some were refused (said on standard error), 2 "
			"usage.\n"
			"Redis needs to allow WATCH, HMGET, MULTI, HMSET, EXEC and UNWATCH.\n",
		.writes = true,
		.run = unrevoke,
	};
	return record_command(&command, argc, argv);
}
