#include "import_batch.h"

#include "ctl/progress.h"

#define ROUNDS   4
#define SAID_MAX 20 /* of conflicts and of failures; the summary counts all */

enum action { EQUAL, ADD, ADD_REVOKED, CHANGE, CONFLICT, FAIL, ASK_AGAIN };

struct plan {
	enum action action;
	struct ca_record record; /* what is there; then, what is written */
};

/* ---- what is to be done ---- */

static enum action choose(const struct status_row *row, const struct ca_record *there, bool force)
{
	const bool revoked = row->status == CERT_STATUS_REVOKED;
	if (there->state == CA_RECORD_REFUSED)
		return FAIL;
	if (there->state == CA_RECORD_ABSENT)
		return revoked ? ADD_REVOKED : ADD;
	if (there->state == CA_RECORD_READ && there->status == row->status &&
		(!revoked || (there->time == row->time && there->reason == row->reason)))
		return EQUAL;
	return revoked || force ? CHANGE : CONFLICT;
}

/* A field that is there and that the source does not have becomes what its absence means, unless it may stay. */
static struct ca_record record_of(const struct status_row *row, const struct ca_record *there)
{
	const bool overwrite = row->status == CERT_STATUS_REVOKED || there->state == CA_RECORD_UNDECODABLE;
	return (struct ca_record){
		.state = CA_RECORD_READ,
		.status = row->status,
		.has_time = row->has_time || (overwrite && there->has_time),
		.time = row->time,
		.has_reason = row->has_reason || (overwrite && there->has_reason),
		.reason = row->reason,
	};
}

/* ---- what is said ---- */

/* False: enough was said, it only counts. */
static bool may_say(struct import *i)
{
	if (i->said == SAID_MAX)
		message_error(i->m, (struct place){i->path, 0, 0}, "further ones are only counted");
	else if (i->said < SAID_MAX)
		progress_clear();
	else
		i->m->errors++;
	return i->said++ < SAID_MAX;
}

static void say_conflict(struct import *i, const struct status_row *row, const char *there)
{
	char name[SERIAL_TEXT_SIZE];
	i->counts.conflicts++;
	if (may_say(i))
		message_error(i->m, (struct place){i->path, row->line, 0},
			"%s: %s here, but in Redis %s; left as it is (ocspctl unrevoke changes one, --force "
			"all)",
			serial_text(&row->serial, name), status_word(row->status), there);
}

static void say_failure(struct import *i, const struct status_row *row, const char *why)
{
	char name[SERIAL_TEXT_SIZE];
	i->counts.failed++;
	if (may_say(i))
		message_error(i->m, (struct place){i->path, row->line, 0}, "%s: %s",
			serial_text(&row->serial, name), why);
}

/* ---- asking ---- */

static bool ask(struct import *i, const struct status_row *rows, struct plan *plans, size_t count)
{
	struct redis_answer answer;
	char text[CA_RECORD_TEXT_SIZE];
	for (size_t k = 0; k < count; k++)
		ca_record_ask(&i->ca.client, i->ca.prefix, &rows[k].serial);
	for (size_t k = 0; k < count; k++) {
		struct plan *p = &plans[k];
		if (!redis_client_receive(&i->ca.client, &answer))
			return false;
		ca_record_read(&answer, &p->record);
		p->action = choose(&rows[k], &p->record, i->force);
		if (p->action == CONFLICT)
			say_conflict(i, &rows[k], ca_record_text(&p->record, text));
		if (p->action == FAIL)
			say_failure(i, &rows[k], ca_record_text(&p->record, text));
		p->record = record_of(&rows[k], &p->record);
	}
	return true;
}

/* ---- writing ---- */

/* Each of its fields only where there is none; status first, so that it is never a time without a status. */
static void send_addition(struct import *i, const struct status_row *row)
{
	ca_record_add_field(&i->ca.client, i->ca.prefix, &row->serial, "status", row->status);
	if (row->has_time)
		ca_record_add_field(&i->ca.client, i->ca.prefix, &row->serial, "revocation_time", row->time);
	if (row->has_reason)
		ca_record_add_field(
			&i->ca.client, i->ca.prefix, &row->serial, "revocation_reason", row->reason);
}

static void send(struct import *i, const struct status_row *row, const struct plan *p)
{
	if (p->action == ADD)
		send_addition(i, row);
	else if (p->action == ADD_REVOKED || p->action == CHANGE)
		ca_record_put(&i->ca.client, i->ca.prefix, &row->serial, &p->record);
}

static void count_success(struct import *i, const struct plan *p)
{
	if (p->action == EQUAL)
		i->counts.equal++;
	else if (p->action == CHANGE)
		i->counts.changed++;
	else if (p->action == ADD || p->action == ADD_REVOKED)
		i->counts.added++;
}

static void judge(struct import *i, const struct status_row *row, struct plan *p,
	const struct redis_answer *answer, bool *go_on)
{
	struct ca_record refusal;
	char text[CA_RECORD_TEXT_SIZE];
	if (answer->type == REDIS_ANSWER_NUMBER && answer->number == 0) {
		p->action = ASK_AGAIN; /* another was quicker, or it stands twice in the source */
	} else if (answer->type == REDIS_ANSWER_ERROR) {
		ca_record_read(answer, &refusal);
		say_failure(i, row, ca_record_text(&refusal, text));
		*go_on =
			false; /* what the question did not tell is no matter of one key: no right, no room, a replica */
	} else {
		count_success(i, p);
	}
}

/* The reply that tells is the first one, of status. */
static bool receive(struct import *i, const struct status_row *row, struct plan *p, bool *go_on)
{
	struct redis_answer answer;
	const size_t more = p->action == ADD ? (row->has_time ? 1u : 0u) + (row->has_reason ? 1u : 0u) : 0;
	if (p->action != ADD && p->action != ADD_REVOKED && p->action != CHANGE) {
		count_success(i, p);
		return true;
	}
	if (!redis_client_receive(&i->ca.client, &answer))
		return false;
	judge(i, row, p, &answer, go_on);
	for (size_t k = 0; k < more; k++)
		if (!redis_client_receive(&i->ca.client, &answer))
			return false;
	return true;
}

/* Leaves in `again` (which may be `rows`) those that must be asked for once more. */
static bool run_round(struct import *i, const struct status_row *rows, size_t count, struct status_row *again,
	size_t *again_count)
{
	static struct plan plans[REDIS_CLIENT_BATCH];
	bool go_on = true;
	*again_count = 0;
	if (!ask(i, rows, plans, count))
		return false;
	for (size_t k = 0; k < count && !i->dry_run; k++)
		send(i, &rows[k], &plans[k]);
	for (size_t k = 0; k < count; k++) {
		if (i->dry_run)
			count_success(i, &plans[k]);
		else if (!receive(i, &rows[k], &plans[k], &go_on))
			return false;
		if (plans[k].action == ASK_AGAIN)
			again[(*again_count)++] = rows[k];
	}
	return go_on;
}

uint64_t import_counts_sum(const struct import_counts *n)
{
	return n->added + n->changed + n->equal + n->conflicts + n->failed;
}

bool import_batch(struct import *i, const struct status_row *rows, size_t count)
{
	static struct status_row again[REDIS_CLIENT_BATCH];
	size_t left = 0;
	bool go_on = run_round(i, rows, count, again, &left);
	for (int round = 1; go_on && left > 0 && round < ROUNDS; round++)
		go_on = run_round(i, again, left, again, &left);
	for (size_t k = 0; go_on && k < left; k++)
		say_conflict(i, &again[k], "it comes and goes");
	return go_on;
}
