/*
 * status_redis: certStatus from the hashes that a CA writes into Redis (design "The key in Redis"). One connection, one
 * write, one read for all serials of a request. Four files: status_redis.c asks and judges, status_redis_link.c has the
 * connection and the deadline, status_redis_reply.c the replies, status_redis_fault.c what is said when it goes wrong.
 *
 * Nothing that Redis does wrong becomes good or unknown (conformance S4): what is merely unreachable or refuses for now is
 * tryLater(3); what answers and cannot be understood is internalError(2).
 */
#ifndef STATUS_REDIS_H
#define STATUS_REDIS_H

#include "log.h"
#include "serial.h"
#include "snapshot.h"
#include "status_redis_tls.h"

/* Octets of a key. A prefix beyond STATUS_REDIS_PREFIX_MAX is refused when it is compiled. */
#define STATUS_REDIS_KEY_MAX    4096
#define STATUS_REDIS_PREFIX_MAX (STATUS_REDIS_KEY_MAX - SERIAL_DECIMAL_MAX)

/* Octets of AUTH's user and password together: refused when they are compiled, too. */
#define STATUS_REDIS_SECRET_MAX 8192

/* Octets of all commands of one request: a greeting and REQUEST_CERTIDS_MAX times HMGET, of 96 octets and a key. */
#define STATUS_REDIS_COMMANDS_MAX                                                                            \
	(STATUS_REDIS_SECRET_MAX + 512 + REQUEST_CERTIDS_MAX * (STATUS_REDIS_KEY_MAX + 128))

struct redisReader;

/* The caller's storage; what is not needed is never touched. */
struct status_redis {
	struct redis_settings settings;
	int fd;              /* -1: no address could be reached */
	size_t address;      /* which of the settings' */
	int64_t deadline_us; /* monotonic clock */
	int error;           /* errno of what went wrong; 0 where the server closed the connection */
	bool connecting;     /* the connection is not made yet */
	bool written;        /* the commands are sent: what is waited for are replies */
	bool unable;         /* there is no connection for want of TLS on our side */
	struct redis_tls tls;
	struct redisReader *reader;
	struct buffer commands;
	uint8_t command_octets[STATUS_REDIS_COMMANDS_MAX];
};

/*
 * Begins to connect (step 4 of a request; nothing is sent). Addresses are tried in order; a failure counts only if
 * somebody asks. Never waits longer than settings.timeout_ms, and not at all for a Unix socket or a single address;
 * but with TLS for its handshake, too, without which an address counts as unreachable.
 */
void status_redis_open(struct status_redis *r, const struct redis_settings *settings);

/* Closes the connection and frees the reader, for those who do not simply end. */
void status_redis_close(struct status_redis *r);

/* One record as the CA wrote it. */
struct redis_record {
	bool present;            /* false: there is no such hash */
	uint32_t status;         /* 0 good, 1 revoked, 2 unknown */
	int64_t revocation_time; /* 0 where the hash has none */
	int reason;              /* enum crl_reason; CRL_REASON_NONE where the hash has none */
};

/*
 * The records of `count` serials under `key_prefix`, in order; negative serials are not asked for and come out as not
 * present. Once after status_redis_open(). Returns successful(0), tryLater(3) or internalError(2), with a note that says
 * which server and key, what came and what to do.
 */
enum response_status status_redis_lookup(struct status_redis *r, struct slice key_prefix,
	const struct certid *certids, size_t count, struct redis_record *out, struct log *log);

/*
 * PING in the same bounded way (conformance H11), after AUTH and SELECT; instead of a lookup. A user who may not PING (NOPERM)
 * is successful(0), too; but Redis looks at rights first, so that LOADING and MASTERDOWN are told only to one who may.
 */
enum response_status status_redis_ping(struct status_redis *r, struct log *log);

#endif
