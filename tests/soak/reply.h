/* One HTTP/1.1 reply, as it arrives. */
#ifndef SOAK_REPLY_H
#define SOAK_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#define REPLY_MAX 65536

struct reply {
	char octets[REPLY_MAX + 1];
	size_t length;
};

enum reply_state { REPLY_PARTIAL, REPLY_WHOLE, REPLY_BROKEN };

struct reply_parts {
	int status;
	bool is_ocsp, last; /* Content-Type; no other reply follows on this connection */
	const char *body;   /* valid until the next call */
	size_t body_length;
};

/* `closed`: nothing more will come. */
enum reply_state reply_read(struct reply *reply, bool closed, struct reply_parts *parts);

#endif
