/*
 * status_redis_link: the connection of status_redis: addresses, the deadline, one write and one read. Part of status_redis.
 */
#ifndef STATUS_REDIS_LINK_H
#define STATUS_REDIS_LINK_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "status_redis.h"
#include "status_redis_reply.h"

/* What went wrong is described by r->error, ->connecting and ->written. */
enum redis_outcome {
	REDIS_DONE,
	REDIS_UNABLE,      /* TLS is configured, and cannot be had on our side */
	REDIS_UNREACHABLE, /* no connection was made */
	REDIS_TIMEOUT,
	REDIS_LOST,     /* reset, or ended */
	REDIS_NONSENSE, /* what came is not RESP, or no answer to any command of ours */
};

/* Appends one command (RESP: an array of bulk strings) to what is sent. */
void redis_link_command(struct status_redis *r, size_t count, const struct slice *words);

/* Sends what has been appended, once the connection is made. */
enum redis_outcome redis_link_send(struct status_redis *r);

/* The next reply, from what has been read or, within the deadline, from the server. */
enum redis_outcome redis_link_receive(struct status_redis *r, struct redis_reply *reply);

/* Appends "unix:/run/…" or "192.0.2.1:6379", with TLS "192.0.2.1:6379 (redis.example)": the address in use. */
void redis_link_address(const struct status_redis *r, struct buffer *out);

/* An address as connect() and socket() take it. */
union redis_socket_address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

/* Fills all of *out and returns its size; 0: the path is too long for a Unix socket's. */
socklen_t redis_link_socket_address(const struct redis_address *from, union redis_socket_address *out);

#endif
