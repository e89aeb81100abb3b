#include "record_change.h"

#define TRIES 16

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
		*outcome = record_refused(serial, &answer, m);
		return false;
	}
	ca_record_ask(&ca->client, ca->prefix, serial);
	if (!redis_client_receive(&ca->client, &answer))
		return false;
	ca_record_read(&answer, before);
	return true;
}

/* Ends what a WATCH began, where nothing is changed. */
static enum record_outcome leave(struct redis_ca *ca, enum record_outcome outcome)
{
	struct redis_answer answer;
	return ask(&ca->client, "UNWATCH", &answer) ? outcome : RECORD_LOST;
}

/*
 * After the WATCH. MULTI is waited for: were it refused, what follows would be carried out at once, unguarded. The reply is
 * EXEC's (a list, or nil if the record was changed since), or an error on the way to it.
 */
static bool exchange(struct redis_ca *ca, const struct serial *serial, const struct ca_record *after,
	struct redis_answer *answer)
{
	if (!ask(&ca->client, "MULTI", answer))
		return false;
	if (answer->type != REDIS_ANSWER_TEXT)
		return true;
	ca_record_put(&ca->client, ca->prefix, serial, after);
	if (!redis_client_receive(&ca->client, answer))
		return false;
	return answer->type == REDIS_ANSWER_ERROR || ask(&ca->client, "EXEC", answer);
}

static enum record_outcome judge(
	const struct serial *serial, const struct redis_answer *answer, struct messages *m)
{
	if (answer->type != REDIS_ANSWER_LIST) {
		(void)record_refused(serial, answer, m);
		return RECORD_LOST; /* a transaction may still be open */
	}
	const struct redis_answer only = answer->count == 1 ? redis_answer_item(answer, 0) : *answer;
	return only.type == REDIS_ANSWER_TEXT ? RECORD_DONE : record_refused(serial, &only, m);
}

enum record_outcome record_change(struct redis_ca *ca, const struct serial *serial,
	const struct record_options *o, record_decide *decide, struct messages *m)
{
	struct redis_answer answer;
	struct ca_record before;
	enum record_outcome outcome = RECORD_DONE;
	char text[CA_RECORD_TEXT_SIZE];
	for (int i = 0; i < TRIES; i++) {
		struct ca_record after = {0};
		if (!watch(ca, serial, &before, &outcome, m))
			return outcome;
		const enum record_decision decision = decide(serial, o, &before, &after, m);
		if (decision != RECORD_CHANGES)
			return leave(ca, decision == RECORD_STAYS ? RECORD_DONE : RECORD_FAILED);
		if (!exchange(ca, serial, &after, &answer))
			return record_lost(serial, m);
		if (answer.type == REDIS_ANSWER_NIL)
			continue;
		outcome = judge(serial, &answer, m);
		return outcome == RECORD_DONE ? record_done(serial, ca_record_text(&after, text), &before)
					      : outcome;
	}
	return record_failed(serial, "others change it all the time; it stays as they leave it", "", m);
}
