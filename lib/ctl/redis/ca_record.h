/*
 * ca_record: one certificate's hash in Redis (design "The key in Redis"), as ocsp-cgi reads it and as r509-validity-redis
 * writes it: status, revocation_time, revocation_reason under "cert:<subject>:<decimal serial>".
 */
#ifndef CA_RECORD_H
#define CA_RECORD_H

#include "redis_client.h"
#include "ctl/serial_text.h"

enum ca_record_state {
	CA_RECORD_ABSENT,      /* none of the fields is there */
	CA_RECORD_READ,        /* ocsp-cgi answers from it */
	CA_RECORD_UNDECODABLE, /* ocsp-cgi answers internalError */
	CA_RECORD_REFUSED,     /* Redis answers an error */
};

#define CA_RECORD_DETAIL_SIZE 256

struct ca_record {
	enum ca_record_state state;
	uint32_t status; /* 0 good, 1 revoked, 2 unknown */
	bool has_time, has_reason;
	int64_t time; /* Unix seconds; 0 where there is none */
	int reason;   /* 0 where there is none */
	/* What the fields hold, or what Redis says: printable. */
	char detail[CA_RECORD_DETAIL_SIZE];
};

/* Queues the question; ca_record_read() takes its reply. */
void ca_record_ask(struct redis_client *c, struct slice prefix, const struct serial *serial);
void ca_record_read(const struct redis_answer *answer, struct ca_record *out);

/* Queues HMSET with status and those of the other fields that `record` has: one command, so one atomic change. */
void ca_record_put(struct redis_client *c, struct slice prefix, const struct serial *serial,
	const struct ca_record *record);

/* Queues HSETNX: the field is set only if the hash has none of that name. The reply is 1, or 0 where it has. */
void ca_record_add_field(struct redis_client *c, struct slice prefix, const struct serial *serial,
	const char *field, int64_t value);

#define CA_RECORD_KEY_MAX 4096 /* octets; the responder has no room for a longer one */

/* The key; `storage` has CA_RECORD_KEY_MAX octets. */
struct slice ca_record_key(struct slice prefix, const struct serial *serial, uint8_t *storage);

#define CA_RECORD_TEXT_SIZE (CA_RECORD_DETAIL_SIZE + 64)

/* Fills and returns `text`: "good", "revoked since 2026-01-01T00:00:00Z, keyCompromise", "not issued", "undecodable: …" */
const char *ca_record_text(const struct ca_record *r, char text[CA_RECORD_TEXT_SIZE]);

#endif
