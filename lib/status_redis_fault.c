#include "status_redis_fault.h"

#include <errno.h>
#include <string.h>

/* The first words of error replies: whatever they say is for now, and passes or is mended. */
static const struct {
	const char *word;
	const char *advice;
} errors[] = {
	{"NOAUTH", "give redis.password_file and compile"},
	{"WRONGPASS", "correct redis.username and redis.password_file, and compile"},
	{"NOPERM", "allow this user +hmget +select +ping and ~cert:*"},
	{"DENIED", "give Redis a password, or connect by loopback or socket"},
	{"LOADING", "it is reading its data, which passes"},
	{"MASTERDOWN", "this replica has lost its primary"},
	{"CLUSTERDOWN", "mend the cluster (redis-cli --cluster check)"},
	{"MOVED", "set redis.address to a node of the cluster that has this key"},
	{"ASK", "the cluster is moving this key, which passes"},
	{"BUSY", "a script blocks it (SCRIPT KILL)"},
	{"OOM", "it is out of memory (maxmemory)"},
	{"ERR", "see redis.username, password_file, database and cluster, and its log"},
};

static const struct {
	int error;
	const char *advice;
} connecting[] = {
	{ENOENT, "start the server, or correct redis.address"},
	{ECONNREFUSED, "start the server, or correct redis.address"},
	{EACCES, "let the responder's user into the socket's group, or widen unixsocketperm"},
	{EAGAIN, "it accepts nobody at present: is it overloaded, or stopped?"},
	{ETIMEDOUT, "is the server up, and a firewall between?"},
};

static struct buffer *begin_note(const struct status_redis *r, struct slice subject, struct log *log)
{
	struct buffer *note = log_note(log, LOG_ERROR);
	bytes_append_text(note, "redis ");
	redis_link_address(r, note);
	bytes_append_text(note, ": ");
	if (subject.len == 0)
		return note;
	bytes_append(note, subject);
	bytes_append_text(note, ": ");
	return note;
}

/* What TLS says of itself says more than an errno. */
static void append_reason(const struct status_redis *r, struct buffer *note)
{
	if (r->tls.reason)
		bytes_append_text(note, "TLS: ");
	bytes_append_text(note, r->tls.reason ? r->tls.reason : strerrordesc_np(r->error));
}

static void append_unreachable(const struct status_redis *r, struct buffer *note)
{
	const char *advice = "see to the network, or correct redis.address";
	for (size_t i = 0; i < sizeof connecting / sizeof *connecting; i++)
		if (connecting[i].error == r->error)
			advice = connecting[i].advice;
	bytes_append_text(note, "cannot connect (");
	append_reason(r, note);
	bytes_append_text(note, r->settings.address_count > 1 ? ", the last of its addresses): " : "): ");
	bytes_append_text(note, r->tls.reason ? r->tls.advice : advice);
}

static void append_lost(const struct status_redis *r, struct buffer *note)
{
	bytes_append_text(note, "the connection was lost before the reply was whole");
	if (r->error != 0) {
		bytes_append_text(note, " (");
		append_reason(r, note);
		bytes_append_char(note, ')');
	}
	bytes_append_text(note, ": ");
	bytes_append_text(note,
		r->tls.reason ? r->tls.advice
			      : "look why the server ended it; where its port speaks TLS, give redis.tls");
}

enum response_status redis_fault_outcome(
	const struct status_redis *r, enum redis_outcome outcome, struct slice subject, struct log *log)
{
	struct buffer *note = begin_note(r, subject, log);
	switch (outcome) {
	case REDIS_UNABLE:
		append_reason(r, note);
		bytes_append_text(note, ": ");
		bytes_append_text(note, r->tls.advice);
		return RESPONSE_INTERNAL_ERROR;
	case REDIS_UNREACHABLE:
		append_unreachable(r, note);
		return RESPONSE_TRY_LATER;
	case REDIS_TIMEOUT:
		bytes_append_text(note, r->written ? "no whole reply" : "it did not take the commands");
		bytes_append_text(note, " within redis.timeout_ms, ");
		bytes_append_padded(note, r->settings.timeout_ms, 1);
		bytes_append_text(note, ": is it overloaded, or stopped?");
		return RESPONSE_TRY_LATER;
	case REDIS_LOST:
		append_lost(r, note);
		return RESPONSE_TRY_LATER;
	case REDIS_DONE:
	case REDIS_NONSENSE:
		break;
	}
	bytes_append_text(note, "what came is not what Redis answers: correct redis.address");
	return RESPONSE_INTERNAL_ERROR;
}

static bool begins_with_word(struct slice text, struct slice word)
{
	return text.len >= word.len && memcmp(text.data, word.data, word.len) == 0 &&
	       (text.len == word.len || text.data[word.len] == ' ');
}

static bool holds(struct slice text, struct slice part)
{
	return part.len > 0 && memmem(text.data, text.len, part.data, part.len) != NULL;
}

struct slice redis_fault_shown(struct slice text, struct slice password)
{
	const uint8_t *space = text.len > 0 ? memchr(text.data, ' ', text.len) : NULL;
	const bool may_be_cut = text.len >= REDIS_TEXT_MAX;
	if (password.len == 0 || !space ||
		(!may_be_cut && !holds(text, SLICE("args beginning with")) && !holds(text, password)))
		return text;
	return (struct slice){text.data, (size_t)(space - text.data)};
}

static void note_error(const struct status_redis *r, const struct redis_reply *reply, struct slice subject,
	const char *advice, struct log *log)
{
	struct buffer *note = begin_note(r, subject, log);
	bytes_append(note, redis_fault_shown(redis_reply_text(reply), r->settings.password));
	bytes_append_text(note, ": ");
	bytes_append_text(note, advice);
}

enum response_status redis_fault_refusal(
	const struct status_redis *r, const struct redis_reply *reply, struct slice subject, struct log *log)
{
	const char *advice = "see the server's log";
	if (reply->kind != REDIS_ERROR)
		return redis_fault_outcome(r, REDIS_NONSENSE, subject, log);
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (begins_with_word(redis_reply_text(reply), bytes_of(errors[i].word)))
			advice = errors[i].advice;
	note_error(r, reply, subject, advice, log);
	return RESPONSE_TRY_LATER;
}

enum response_status redis_fault_answer(
	const struct status_redis *r, const struct redis_reply *reply, struct slice key, struct log *log)
{
	if (reply->kind != REDIS_ERROR || !begins_with_word(redis_reply_text(reply), SLICE("WRONGTYPE")))
		return redis_fault_refusal(r, reply, key, log);
	note_error(r, reply, key, "the key holds no hash; look who wrote it", log);
	return RESPONSE_INTERNAL_ERROR;
}

enum response_status redis_fault_broken(
	const struct status_redis *r, struct slice subject, const char *what, struct log *log)
{
	bytes_append_text(begin_note(r, subject, log), what);
	return RESPONSE_INTERNAL_ERROR;
}
