/*
 * status_redis_link: the connection of status_redis: addresses, the deadline, one write and one read. Part of status_redis.
 */
#ifndef STATUS_REDIS_LINK_H
#define STATUS_REDIS_LINK_H

#include "status_redis.h"
#include "status_redis_reply.h"

enum redis_outcome {
	REDIS_DONE,
	REDIS_TIMEOUT,
	REDIS_LOST,     /* refused, reset or ended: errno, or 0 at the stream's end */
	REDIS_NONSENSE, /* what came is not RESP, or oversized */
};

/* hiredis' context over the connected descriptor, non-blocking; NULL: no memory. */
struct redisContext *redis_link_context(struct status_redis *r);

/* Sends what has been appended to the context. */
enum redis_outcome redis_link_send(struct status_redis *r);

/* The next reply, from what has been read or, within the deadline, from the server. */
enum redis_outcome redis_link_receive(struct status_redis *r, struct redis_reply *reply);

/* Appends "unix:/run/…" or "192.0.2.1:6379": the address in use. */
void redis_link_address(const struct status_redis *r, struct buffer *out);

#endif
