/*
 * redis_stream: ocspctl's connection to an address of Redis: a blocking socket, in the clear or with TLS.
 */
#ifndef REDIS_STREAM_H
#define REDIS_STREAM_H

#include "status_redis_tls.h"

/* The caller's storage, at one place as long as it is open. */
struct redis_stream {
	int fd; /* -1: not connected */
	struct redis_tls tls;
};

/* Connects, with TLS where the settings have it (its handshake within REDIS_CONNECT_MS, too), and from then on waits no longer
 * than `patience_ms` for each octet. False: see redis_stream_fault(). redis_stream_close() in any case; *s starts as {.fd = -1}. */
bool redis_stream_open(
	struct redis_stream *s, const struct redis_settings *settings, size_t address, int patience_ms);

/* As send() and recv(); EAGAIN: for longer than the patience. */
ssize_t redis_stream_write(struct redis_stream *s, struct slice octets);
ssize_t redis_stream_read(struct redis_stream *s, uint8_t *octets, size_t size);

/* What went wrong last, by errno and what TLS says of itself, and what to do if that is known: new memory. */
char *redis_stream_fault(const struct redis_stream *s);

void redis_stream_close(struct redis_stream *s);

#endif
