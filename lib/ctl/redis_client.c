#include "redis_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "memory.h"

/* ---- connecting ---- */

union socket_address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

static char *address_text(const struct redis_address *a)
{
	char ip[INET6_ADDRSTRLEN] = "";
	if (a->family == REDIS_UNIX)
		return memory_printf("unix:%.*s", (int)a->path.len, (const char *)a->path.data);
	if (!inet_ntop(a->family == REDIS_IPV4 ? AF_INET : AF_INET6, a->ip, ip, sizeof ip))
		return memory_text("an address that is none");
	return memory_printf(a->family == REDIS_IPV4 ? "%s:%u" : "[%s]:%u", ip, (unsigned)a->port);
}

/* 0: it does not fit. */
static socklen_t socket_address(const struct redis_address *from, union socket_address *out)
{
	memset(out, 0, sizeof *out);
	if (from->family == REDIS_UNIX) {
		out->local.sun_family = AF_UNIX;
		if (from->path.len >= sizeof out->local.sun_path)
			return 0;
		memcpy(out->local.sun_path, from->path.data, from->path.len);
		return sizeof out->local;
	}
	if (from->family == REDIS_IPV4) {
		out->ip4.sin_family = AF_INET;
		out->ip4.sin_port = htons(from->port);
		memcpy(&out->ip4.sin_addr, from->ip, sizeof out->ip4.sin_addr);
		return sizeof out->ip4;
	}
	out->ip6.sin6_family = AF_INET6;
	out->ip6.sin6_port = htons(from->port);
	out->ip6.sin6_scope_id = from->scope;
	memcpy(&out->ip6.sin6_addr, from->ip, sizeof out->ip6.sin6_addr);
	return sizeof out->ip6;
}

/* 0, or the errno of a connection that does not come about. */
static int wait_for_connection(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof error;
	const int ready = poll(&wanted, 1, REDIS_CLIENT_CONNECT_MS);
	if (ready == 0)
		return ETIMEDOUT;
	if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return errno;
	return error;
}

/* Connected and blocking; -1 and errno. */
static int connect_to(const struct redis_address *address)
{
	union socket_address to;
	const socklen_t size = socket_address(address, &to);
	const int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = size == 0 ? ENAMETOOLONG : 0;
	if (fd < 0)
		return -1;
	if (error == 0 && connect(fd, &to.any, size) != 0)
		error = errno;
	if (error == EINPROGRESS)
		error = wait_for_connection(fd);
	if (error == 0 && fcntl(fd, F_SETFL, 0) != 0)
		error = errno;
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

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
		c->name = address_text(&s->addresses[i]);
		const int fd = connect_to(&s->addresses[i]);
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

bool redis_client_receive(struct redis_client *c, struct redis_answer *out)
{
	*out = (struct redis_answer){0};
	forget_reply(c);
	if (!c->context)
		return false;
	errno = 0;
	if (redisGetReply(c->context, &c->reply) != REDIS_OK) {
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
	message_error(c->m, c->at, "redis %s: %s refused: %.*s; check %s", c->name,
		(const char *)words[0].data, (int)answer.text.len,
		answer.text.data ? (const char *)answer.text.data : "", check);
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
