#include "redis_client.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/file.h"
#include "ctl/memory.h"
#include "redis_connect.h"
#include "status_redis_fault.h"

#define READ_OCTETS 65536

/* ---- connecting ---- */

static bool connect_any(struct redis_client *c)
{
	const struct redis_settings *s = &c->settings.settings;
	for (size_t i = 0; i < s->address_count; i++) {
		free(c->name);
		c->name = redis_connect_text(&s->addresses[i]);
		if (redis_stream_open(&c->stream, s, i, REDIS_CLIENT_REPLY_MS))
			return true;
		char *fault = redis_stream_fault(&c->stream);
		if (i + 1 < s->address_count)
			message_notice(c->m, c->at, "redis %s: %s; trying the next address", c->name, fault);
		else
			message_error(c->m, c->at, "redis %s: cannot connect: %s%s", c->name, fault,
				c->stream.tls.reason ? ""
						     : "; is the server up, and may this user reach it?");
		free(fault);
	}
	return false;
}

/* ---- replies ---- */

static void forget_reply(struct redis_client *c)
{
	if (c->reply)
		freeReplyObject(c->reply);
	c->reply = NULL;
}

static void lose(struct redis_client *c, const char *why)
{
	message_error(c->m, c->at, "redis %s: %s", c->name, why);
	redis_stream_close(&c->stream);
}

static void lose_stream(struct redis_client *c)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		lose(c, "no reply for too long; is the server busy or stopped?");
		return;
	}
	char *fault = redis_stream_fault(&c->stream);
	char *why = memory_printf("%s%s", fault,
		c->stream.tls.reason ? "" : "; is the server up, and does its port want redis.tls?");
	lose(c, why);
	free(why);
	free(fault);
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

/* All that is queued; the password may be among it. False: the connection is lost, which was said. */
static bool flush(struct redis_client *c)
{
	struct slice rest = {(const uint8_t *)c->queued, c->queued_len};
	while (rest.len > 0) {
		const ssize_t put = redis_stream_write(&c->stream, rest);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			lose_stream(c);
			break;
		}
		rest = (struct slice){rest.data + put, rest.len - (size_t)put};
	}
	memory_wipe(c->queued, c->queued_len);
	c->queued_len = 0;
	return rest.len == 0;
}

/* The octets that came, 0 where the connection is lost, which was said. */
static size_t read_more(struct redis_client *c)
{
	uint8_t octets[READ_OCTETS];
	ssize_t got = -1;
	do
		got = redis_stream_read(&c->stream, octets, sizeof octets);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		lose_stream(c);
	else if (got == 0)
		lose(c, "it closed the connection; is the server up?");
	else if (redisReaderFeed(c->reader, (const char *)octets, (size_t)got) == REDIS_OK)
		return (size_t)got;
	else
		lose(c, c->reader->errstr);
	return 0;
}

/* hiredis' reader would take a reply of any size. */
static bool get_reply(struct redis_client *c)
{
	size_t octets = 0;
	while (redisReaderGetReply(c->reader, &c->reply) == REDIS_OK) {
		if (c->reply)
			return true;
		const size_t more = flush(c) ? read_more(c) : 0;
		if (more == 0)
			return false;
		octets += more;
		if (octets > REDIS_CLIENT_REPLY_MAX) {
			lose(c, "a reply of more than 64 MiB; is it Redis?");
			return false;
		}
	}
	lose(c, "what answers is not Redis; check the address");
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
	if (c->stream.fd < 0 || !get_reply(c))
		return false;
	*out = answer_of(c->reply);
	return true;
}

struct redis_answer redis_answer_item(const struct redis_answer *list, size_t i)
{
	const redisReply *r = list->list;
	return answer_of(r->element[i]);
}

/* ---- commands ---- */

static void queue(struct redis_client *c, const char *octets, size_t len)
{
	if (len > c->queued_room - c->queued_len) {
		c->queued_room = 2 * c->queued_room + len;
		c->queued = memory_resized(c->queued, c->queued_room, 1);
	}
	memcpy(c->queued + c->queued_len, octets, len);
	c->queued_len += len;
}

void redis_client_send(struct redis_client *c, size_t count, const struct slice *words)
{
	const char *argv[REDIS_CLIENT_WORDS] = {NULL};
	size_t lengths[REDIS_CLIENT_WORDS] = {0};
	char *command = NULL;
	if (c->stream.fd < 0 || count > REDIS_CLIENT_WORDS)
		return;
	for (size_t i = 0; i < count; i++) {
		argv[i] = (const char *)words[i].data;
		lengths[i] = words[i].len;
	}
	const long long len = redisFormatCommandArgv(&command, (int)count, argv, lengths);
	if (len < 0) {
		lose(c, "out of memory"); /* nothing that follows would be in step */
		return;
	}
	queue(c, command, (size_t)len);
	memory_wipe(command, (size_t)len);
	redisFreeCommand(command);
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
	const struct slice shown =
		redis_client_shown(redis_fault_shown(answer.text, c->settings.settings.password));
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
	*c = (struct redis_client){.m = m, .at = {config->path, 0, 0}, .stream = {.fd = -1}};
	if (config->redis.present)
		c->at = config->redis.at;
	(void)signal(SIGPIPE, SIG_IGN);
	c->reader = redisReaderCreate();
	return redis_settings(config, &c->settings, m) && connect_any(c) && greet_all(c, writes);
}

void redis_client_close(struct redis_client *c)
{
	forget_reply(c);
	if (c->reader)
		redisReaderFree(c->reader);
	redis_stream_close(&c->stream);
	redis_settings_free(&c->settings);
	file_wipe(c->queued, c->queued_len);
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
