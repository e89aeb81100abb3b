/*
 * status_redis_reply: Redis' replies through hiredis' reader into fixed storage: no reply is ever built on the heap, and
 * what is nested, oversized or of another shape is noticed as it arrives. Part of status_redis; the one file that knows
 * hiredis, and of it only the reader: connecting and writing are done with a deadline, without a resolver or a heap.
 */
#ifndef STATUS_REDIS_REPLY_H
#define STATUS_REDIS_REPLY_H

#include "bytes.h"

#define REDIS_FIELDS    3    /* status, revocation_time, revocation_reason */
#define REDIS_FIELD_MAX 24   /* octets: more than any number in range has */
#define REDIS_TEXT_MAX  128  /* octets of a status or error reply that are kept */
#define REDIS_BULK_MAX  512  /* octets of one string that are waited for */
#define REDIS_LINE_MAX  4096 /* of one line: Redis' longest error explains protected mode in 1 KiB */

struct redisReader;

struct redis_field {
	bool present; /* false: nil */
	size_t len;
	uint8_t text[REDIS_FIELD_MAX];
};

enum redis_reply_kind {
	REDIS_ODD = 0, /* not what any command of ours is answered with */
	REDIS_STATUS,
	REDIS_ERROR,
	REDIS_RECORD, /* an array of REDIS_FIELDS strings or nils */
};

/* One whole reply. */
struct redis_reply {
	enum redis_reply_kind kind;
	struct redis_field field[REDIS_FIELDS];
	size_t text_len;
	uint8_t text[REDIS_TEXT_MAX];
	bool is_odd; /* used while it arrives */
};

/* NULL: no memory. The caller frees it with redis_reply_reader_free(), or ends. */
struct redisReader *redis_reply_reader(void);
void redis_reply_reader_free(struct redisReader *reader);

/* Hands over what the server sent. False: no memory, or the reader has failed before. */
bool redis_reply_feed(struct redisReader *reader, struct slice octets);

enum redis_arrival {
	REDIS_WHOLE,
	REDIS_PARTLY,    /* feed more and ask again, with the same *reply */
	REDIS_NOT_REDIS, /* no RESP, nested, or longer than anything that we ask for: the reader has failed */
};

/* The next reply; *reply may be anything at the first call. */
enum redis_arrival redis_reply_next(struct redisReader *reader, struct redis_reply *reply);

/* Whether something has come that no reply has used: more than was asked for. */
bool redis_reply_is_left_over(const struct redisReader *reader);

/* The text of a status or error reply, cut at REDIS_TEXT_MAX. */
struct slice redis_reply_text(const struct redis_reply *reply);

#endif
