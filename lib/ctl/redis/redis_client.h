/*
 * redis_client: ocspctl's connection to Redis: blocking, pipelined, patient but not for ever. The only file of lib/ctl that
 * knows hiredis.
 *
 * Commands are queued by redis_client_send(); redis_client_receive() writes what is queued and waits for the next reply, in
 * order. Who queues no more than REDIS_CLIENT_BATCH commands before receiving keeps memory flat on both sides.
 *
 * redis.timeout_ms is not heeded: it is the patience of a web request, and a server that forks or saves is slower than that.
 */
#ifndef REDIS_CLIENT_H
#define REDIS_CLIENT_H

#include "redis_address.h"
#include "redis_stream.h"

#define REDIS_CLIENT_BATCH      1000
#define REDIS_CLIENT_CONNECT_MS 5000       /* for each address */
#define REDIS_CLIENT_REPLY_MS   10000      /* without an octet of a reply */
#define REDIS_CLIENT_REPLY_MAX  (64 << 20) /* octets of one reply; a page of SCAN has some 100,000 */
#define REDIS_CLIENT_SHOWN      200        /* octets of a text of Redis in a message */

struct redisReader;

struct redis_client {
	struct resolved_redis settings;
	struct redis_stream stream; /* closed: not connected, or lost */
	struct redisReader *reader;
	char *queued; /* commands, as they go out */
	size_t queued_len, queued_room;
	void *reply;     /* the last one */
	char *name;      /* "127.0.0.1:6379", "unix:/run/redis.sock" */
	struct place at; /* where the configuration speaks of Redis */
	struct messages *m;
};

/*
 * Connects to the first address that answers, with AUTH and SELECT; for a cluster's replica READONLY, unless `writes`. The
 * configuration must outlive it, and *c stay where it is. False after an error. redis_client_close() in any case; *c starts as {0}.
 * From then on SIGPIPE is ignored: a server that goes away is a failed write.
 */
bool redis_client_open(struct redis_client *c, const struct config *config, bool writes, struct messages *m);
void redis_client_close(struct redis_client *c);

/* Queues a command of `count` words, at most REDIS_CLIENT_WORDS. */
#define REDIS_CLIENT_WORDS 8
void redis_client_send(struct redis_client *c, size_t count, const struct slice *words);

enum redis_answer_type {
	REDIS_ANSWER_NIL,
	REDIS_ANSWER_TEXT, /* a status or a string */
	REDIS_ANSWER_NUMBER,
	REDIS_ANSWER_LIST,
	REDIS_ANSWER_ERROR,
};

/* One reply, valid until the next. */
struct redis_answer {
	enum redis_answer_type type;
	struct slice text; /* of a text or an error */
	int64_t number;
	size_t count; /* of a list */
	const void *list;
};

/* False: the connection is lost, which was said (once); whether queued commands were carried out is not known. */
bool redis_client_receive(struct redis_client *c, struct redis_answer *out);

/* One of a list, i < count. */
struct redis_answer redis_answer_item(const struct redis_answer *list, size_t i);

/* As much of a text of Redis as a message may have. */
struct slice redis_client_shown(struct slice text);

/* What to do about an error reply: "NOPERM …" → "the ACL of redis.username …". */
const char *redis_client_advice(struct slice error);

#endif
