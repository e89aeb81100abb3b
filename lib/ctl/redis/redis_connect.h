/*
 * redis_connect: a socket to an address of Redis.
 */
#ifndef REDIS_CONNECT_H
#define REDIS_CONNECT_H

#include "snapshot.h"

#define REDIS_CONNECT_MS 5000 /* of patience */

/* Connected and blocking; -1 and errno. */
int redis_connect(const struct redis_address *address);

/* "127.0.0.1:6379", "unix:/run/redis.sock": new memory. */
char *redis_connect_text(const struct redis_address *address);

#endif
