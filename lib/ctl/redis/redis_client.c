#include "redis_client.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/memory.h"
#include "redis_connect.h"

/* ---- connecting ---- */

static bool set_up(struct redis_client *c, int fd)
{
	const struct timeval patience = {REDIS_CLIENT_REPLY_MS / 1000, REDIS_CLIENT_REPLY_MS % 1000 * 1000};
	c->context = redisConnectFd(fd);
	if (!c->context) {
		close(fd);
		return false;
	}
	return redisSetTimeout(c->context, patience) == REDIS_OK;
}

static bool connect_any(struct redis_client *c)
{
	const struct redis_settings *s = &c->settings.settings;
	for (size_t i = 0; i < s->address_count; i++) {
		free(c->name);
		c->name = redis_connect_text(&s->addresses[i]);
		const int fd = redis_connect(&s->addresses[i]);
		if (fd >= 0)
			return set_up(c, fd);
		if (i + 1 < s->address_count)
			message_notice(c->m, c->at, "redis %s: %s; trying the next address", c->name,
				strerror(errno));
	}
	message_error(c->m, c->at,
		"redis %s: cannot connect: %s; is the server up, and may this user reach it?", c->name,
		strerror(errno));
	return false;
}

/* ---- replies ---- */

static void forget_reply(struct redis_client *c)
{
	if (c->reply)
		freeReplyObject(c->reply);
	c->reply = NULL;
}

static void lose(struct redis_client *c)
{
	const char *why = c->context->errstr;
	if (c->context->err == REDIS_ERR_PROTOCOL)
		why = "what answers is not Redis; check the address";
	else if (c->context->err == REDIS_ERR_EOF)
		why = "it closed the connection; is the server up?";
	else if (c->context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK))
		why = "no reply for too long; is the server busy or stopped?";
	message_error(c->m, c->at, "redis %s: %s", c->name, why);
	redisFree(c->context);
	c->context = NULL;
}

static struct redis_answer answer_of(const redisReply *r)
{
	struct redis_answer a = {.text = {(const uint8_t *)r->str, (size_t)r->len}};
	switch (r->type) {
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_STRING:
		a.type = REDIS_ANSWER_TEXT;
		return a;
	case REDIS_REPLY_ERROR:
		a.type = REDIS_ANSWER_ERROR;
		return a;
	case REDIS_REPLY_INTEGER:
		return (struct redis_answer){.type = REDIS_ANSWER_NUMBER, .number = r->integer};
	case REDIS_REPLY_ARRAY:
		return (struct redis_answer){
			.type = REDIS_ANSWER_LIST, .count = (size_t)r->elements, .list = r};
	default:
		return (struct redis_answer){.type = REDIS_ANSWER_NIL};
	}
}

/* redisGetReply() would take a reply of any size. */
static bool get_reply(struct redis_client *c)
{
	redisContext *context = c->context;
	size_t octets = 0;
	int written = 0;
	while (redisGetReplyFromReader(context, &c->reply) == REDIS_OK) {
		if (c->reply)
			return true;
		while (!written)
			if (redisBufferWrite(context, &written) != REDIS_OK)
				return false;
		const size_t before = context->reader->len;
		if (redisBufferRead(context) != REDIS_OK)
			return false;
		octets += context->reader->len - before;
		if (octets > REDIS_CLIENT_REPLY_MAX) {
			context->err = REDIS_ERR_OTHER;
			(void)snprintf(context->errstr, sizeof context->errstr,
				"a reply of more than %d octets; is it Redis?", REDIS_CLIENT_REPLY_MAX);
			return false;
		}
	}
	return false;
}

struct slice redis_client_shown(struct slice text)
{
	return (struct slice){text.data, text.len < REDIS_CLIENT_SHOWN ? text.len : REDIS_CLIENT_SHOWN};
}

bool redis_client_receive(struct redis_client *c, struct redis_answer *out)
{
	*out = (struct redis_answer){0};
	forget_reply(c);
	if (!c->context)
		return false;
	errno = 0;
	if (!get_reply(c)) {
		lose(c);
		return false;
	}
	*out = answer_of(c->reply);
	return true;
}

struct redis_answer redis_answer_item(const struct redis_answer *list, size_t i)
{
	const redisReply *r = list->list;
	return answer_of(r->element[i]);
}

/* ---- commands ---- */

void redis_client_send(struct redis_client *c, size_t count, const struct slice *words)
{
	const char *argv[REDIS_CLIENT_WORDS] = {NULL};
	size_t lengths[REDIS_CLIENT_WORDS] = {0};
	if (!c->context || count > REDIS_CLIENT_WORDS)
		return;
	for (size_t i = 0; i < count; i++) {
		argv[i] = (const char *)words[i].data;
		lengths[i] = words[i].len;
	}
	if (redisAppendCommandArgv(c->context, (int)count, argv, lengths) != REDIS_OK)
		lose(c); /* no memory: nothing that follows would be in step */
}

/* One command of the greeting; nothing is asked of a server that refuses it. */
static bool greet(struct redis_client *c, size_t count, const struct slice *words, const char *check)
{
	struct redis_answer answer;
	redis_client_send(c, count, words);
	if (!redis_client_receive(c, &answer))
		return false;
	if (answer.type == REDIS_ANSWER_TEXT && bytes_equal(answer.text, SLICE("OK")))
		return true;
	const struct slice shown = redis_client_shown(answer.text);
	message_error(c->m, c->at, "redis %s: %s refused: %.*s; check %s", c->name,
		(const char *)words[0].data, (int)shown.len, shown.data ? (const char *)shown.data : "",
		check);
	return false;
}

static bool greet_all(struct redis_client *c, bool writes)
{
	const struct redis_settings *s = &c->settings.settings;
	uint8_t digits[20];
	struct buffer database = bytes_buffer(digits, sizeof digits);
	const struct slice named[] = {SLICE("AUTH"), s->username, s->password};
	const struct slice unnamed[] = {SLICE("AUTH"), s->password};
	bytes_append_decimal(&database, s->database);
	const struct slice choose[] = {SLICE("SELECT"), bytes_written(&database)};
	const struct slice readonly[] = {SLICE("READONLY")};
	const bool is_named = s->username.len > 0;
	if (s->password.len > 0 &&
		!greet(c, is_named ? 3 : 2, is_named ? named : unnamed, "redis.username and its password"))
		return false;
	if (s->database != 0 && !greet(c, 2, choose, "redis.database"))
		return false;
	return !s->cluster || writes || greet(c, 1, readonly, "redis.cluster");
}

bool redis_client_open(struct redis_client *c, const struct config *config, bool writes, struct messages *m)
{
	*c = (struct redis_client){.m = m, .at = {config->path, 0, 0}};
	if (config->redis.present)
		c->at = config->redis.at;
	(void)signal(SIGPIPE, SIG_IGN);
	return redis_settings(config, &c->settings, m) && connect_any(c) && greet_all(c, writes);
}

void redis_client_close(struct redis_client *c)
{
	forget_reply(c);
	if (c->context)
		redisFree(c->context);
	redis_settings_free(&c->settings);
	free(c->name);
	*c = (struct redis_client){0};
}

/* ---- advice ---- */

const char *redis_client_advice(struct slice error)
{
	static const struct {
		const char *word, *advice;
	} known[] = {
		{"NOPERM",
			"the ACL of redis.username must let it; ocspctl COMMAND --help says what it needs"},
		{"NOAUTH", "give redis.password, or username and password"},
		{"READONLY",
			"this is a replica; use -c with a configuration whose redis.address is the primary"},
		{"MOVED",
			"this is a node of a cluster that has other keys; give the address of the right one"},
		{"WRONGTYPE", "the key holds something else than a hash; look at it with redis-cli TYPE KEY"},
		{"OOM", "Redis is at its maxmemory; raise it"},
		{"MISCONF", "Redis cannot save to its disk, and refuses writes until it can"},
		{"NOREPLICAS", "Redis wants more replicas (min-replicas-to-write) before it takes writes"},
		{"LOADING", "Redis is still loading its data; try again"},
		{"MASTERDOWN", "the replica has lost its primary; try again, or use the primary"},
		{"BUSY", "a script blocks Redis; try again, or end it with SCRIPT KILL"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct slice word = bytes_of(known[i].word);
		if (error.len >= word.len && bytes_equal((struct slice){error.data, word.len}, word))
			return known[i].advice;
	}
	return "see what Redis says about it";
}
