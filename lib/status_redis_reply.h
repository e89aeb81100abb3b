/*
 * status_redis_reply: Redis' replies through hiredis' reader into fixed storage: no reply is ever built on the heap, and
 * what is nested, oversized or of another shape is noticed as it arrives. Part of status_redis.
 */
#ifndef STATUS_REDIS_REPLY_H
#define STATUS_REDIS_REPLY_H

#include "bytes.h"

#define REDIS_FIELDS    3   /* status, revocation_time, revocation_reason */
#define REDIS_FIELD_MAX 24  /* octets: more than any number in range has */
#define REDIS_ERROR_MAX 128 /* octets of an error reply that are kept for the log */
#define REDIS_BULK_MAX  512 /* octets of one string that are waited for */

struct redisReader;

struct redis_field {
	bool present; /* false: nil */
	size_t len;
	uint8_t text[REDIS_FIELD_MAX];
};

/* One whole reply. */
struct redis_reply {
	int type;        /* REDIS_REPLY_ARRAY, _STATUS, _ERROR, … of the outermost */
	bool odd;        /* not what any command of ours is answered with */
	size_t elements; /* of the array */
	struct redis_field field[REDIS_FIELDS];
	size_t text_len; /* of a status or error reply, cut at REDIS_ERROR_MAX */
	uint8_t text[REDIS_ERROR_MAX];
};

/* Makes `reader` fill *reply from now on; it must be empty before each reply. */
void redis_reply_begin(struct redisReader *reader, struct redis_reply *reply);

/* True when the reader waits for a string longer than REDIS_BULK_MAX: it will never be an answer. */
bool redis_reply_is_oversized(const struct redisReader *reader);

struct slice redis_reply_text(const struct redis_reply *reply);

#endif
