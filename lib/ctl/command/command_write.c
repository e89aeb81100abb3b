/*
 * ocspctl issue, revoke, unrevoke: the writer's side of a CA's records in Redis, by the rules of r509-validity-redis.
 *
 * Each is one atomic change, and none can undo another writer's, without a script (which ACLs often forbid):
 *   issue     HSETNX key status 0: Redis itself sets it only where there is no status;
 *   revoke    HMSET with all three fields, unconditional as it was in Ruby, where time and reason are given; else, and
 *   unrevoke  WATCH, look, MULTI, HMSET, EXEC: refused by Redis, and tried again, if another changed it in between.
 */
#include "commands.h"

#include <stdlib.h>

#include "record_change.h"
#include "ctl/memory.h"

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
		return record_lost(serial, m);
	if (answer.type != REDIS_ANSWER_NUMBER)
		return record_refused(serial, &answer, m);
	if (answer.number == 1)
		return record_done(serial, "issued", NULL);
	ca_record_ask(&ca->client, ca->prefix, serial);
	if (!redis_client_receive(&ca->client, &answer))
		return RECORD_LOST;
	ca_record_read(&answer, &there);
	return record_failed(
		serial, "was issued before, and stays as it is: ", ca_record_text(&there, text), m);
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

static struct ca_record as_given(const struct record_options *o)
{
	return (struct ca_record){
		.state = CA_RECORD_READ,
		.status = CERT_STATUS_REVOKED,
		.has_time = true,
		.time = o->time,
		.has_reason = true,
		.reason = o->reason,
	};
}

/*
 * A revocation that is there already stays where nothing else is said: were its time moved to now, what the stolen key has
 * signed since would be valid again. One that cannot be read, or has no time, says nothing that could stay.
 */
static enum record_decision revoke_what_is_there(const struct serial *serial, const struct record_options *o,
	const struct ca_record *before, struct ca_record *after, struct messages *m)
{
	const bool keeps = before->state == CA_RECORD_READ && before->status == CERT_STATUS_REVOKED;
	char text[CA_RECORD_TEXT_SIZE];
	*after = as_given(o);
	if (before->state == CA_RECORD_REFUSED) {
		(void)record_failed(serial, "", ca_record_text(before, text), m);
		return RECORD_MUST_STAY;
	}
	if (keeps && !o->has_time && before->has_time && before->time < o->time)
		after->time = before->time;
	if (keeps && !o->has_reason)
		after->reason = before->reason;
	if (!keeps || !before->has_time || after->time != before->time || after->reason != before->reason)
		return RECORD_CHANGES;
	char *what = memory_printf("already %s; nothing changed", ca_record_text(before, text));
	(void)record_done(serial, what, NULL);
	free(what);
	return RECORD_STAYS;
}

/* Both are given, so that what is there does not matter: it is asked only to be told. */
static enum record_outcome overwrite(
	struct redis_ca *ca, const struct serial *serial, const struct record_options *o, struct messages *m)
{
	struct redis_answer answer;
	struct ca_record before;
	char what[CA_RECORD_TEXT_SIZE];
	const struct ca_record record = as_given(o);
	ca_record_ask(&ca->client, ca->prefix, serial);
	ca_record_put(&ca->client, ca->prefix, serial, &record);
	if (!redis_client_receive(&ca->client, &answer))
		return record_lost(serial, m);
	ca_record_read(&answer, &before);
	if (!redis_client_receive(&ca->client, &answer))
		return record_lost(serial, m);
	if (answer.type != REDIS_ANSWER_TEXT)
		return record_refused(serial, &answer, m);
	return record_done(serial, ca_record_text(&record, what), &before);
}

static enum record_outcome revoke(
	struct redis_ca *ca, const struct serial *serial, const struct record_options *o, struct messages *m)
{
	return o->has_time && o->has_reason ? overwrite(ca, serial, o, m)
					    : record_change(ca, serial, o, revoke_what_is_there, m);
}

int command_revoke(int argc, char **argv)
{
	static const struct record_command command = {
		.name = "revoke",
		.what = "Marks certificates as revoked in Redis, whatever was there: it says what. One that "
			"was\n"
			"never issued becomes revoked too. One that is revoked already keeps its time "
			"unless\n"
			"--time is given, and its reason unless --reason is given.",
		.more = "Exit status: 0 all were revoked, 1 some were not (said on standard error), 2 "
			"usage.\n"
			"Redis needs to allow WATCH, HMGET, MULTI, HMSET, EXEC and UNWATCH; where --time "
			"and\n"
			"--reason are both given, HMSET and HMGET.\n",
		.writes = true,
		.revokes = true,
		.run = revoke,
	};
	return record_command(&command, argc, argv);
}

/* ---- unrevoke ---- */

static enum record_decision take_back(const struct serial *serial, const struct record_options *o,
	const struct ca_record *before, struct ca_record *after, struct messages *m)
{
	char text[CA_RECORD_TEXT_SIZE];
	(void)o;
	*after = (struct ca_record){.state = CA_RECORD_READ, .status = CERT_STATUS_GOOD};
	if (before->state == CA_RECORD_READ)
		return RECORD_CHANGES;
	(void)record_failed(serial,
		before->state == CA_RECORD_ABSENT
			? "cannot be unrevoked: "
			: "stays as it is; revoke it first, which makes it readable: ",
		ca_record_text(before, text), m);
	return RECORD_MUST_STAY;
}

static enum record_outcome unrevoke(
	struct redis_ca *ca, const struct serial *serial, const struct record_options *o, struct messages *m)
{
	return record_change(ca, serial, o, take_back, m);
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
