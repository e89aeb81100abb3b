/*
 * config: config.yaml → struct config. libyaml's events, a table of keys, nothing interpreted beyond syntax, types and
 * ranges: no certificate or key file is opened here. The Ruby responder's file loads unchanged; an unknown key is an error
 * with the nearest known one (conformance C9).
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdint.h>

#include "log.h"
#include "snapshot.h"
#include "ctl/message.h"

#define CONFIG_DEFAULT_PATH "/etc/ocsp-cgi/config.yaml" /* where no -c is given */

/* A scalar and where it stands; value NULL: absent. */
struct config_text {
	char *value;
	struct place at;
};

/* ca_cert, ocsp_cert or one of ocsp_certs. Paths are absolute: relative ones count from the configuration's folder. */
struct config_credential {
	bool present;
	struct place at;
	struct config_text cert, key, pkcs12, password, password_file;
	struct config_text digest;      /* sha256 | sha384 | sha512; absent: the key's own */
	struct config_text rsa_padding; /* pkcs1 | pss; absent: pkcs1 */
	bool no_password;               /* there is no place for one: redis.tls */
};

#define CONFIG_SIGNERS_MAX 16 /* of one CA: its algorithms, and the next delegate in time of each */

struct config_ca {
	struct config_text name;
	struct config_credential ca_cert;
	size_t signer_count; /* ocsp_cert or ocsp_certs; 0: the CA signs itself */
	struct config_credential *signers;
	struct config_text ocsp_chain;
	int64_t validity_hours, start_skew_seconds; /* defaults 168, 3600 */
	bool responder_by_name;                     /* default false */
	bool include_signer;                        /* default true */
	enum snapshot_status status;                /* default redis */
	struct config_text table;                   /* absolute path, when status is a table */
	enum snapshot_unknown unknown_serial;
	uint32_t archive_cutoff_days;
	bool require_signed_requests;
	size_t requester_count;
	struct config_text *requesters;
	struct config_text redis_subject;
};

#define CONFIG_ADDRESSES_MAX 8

struct config_redis {
	bool present;
	struct place at;
	size_t address_count; /* default one, 127.0.0.1:6379 */
	struct config_text addresses[CONFIG_ADDRESSES_MAX];
	struct config_text username, password, password_file;
	uint32_t database, timeout_ms;
	bool cluster; /* READONLY is sent: the address is a cluster's replica */
	bool tls_present;
	struct place tls_at;
	struct config_text tls_ca, tls_cert, tls_key;
};

struct config {
	char *path;    /* as given */
	char *folder;  /* absolute */
	unsigned mode; /* the file's permissions; 0 of a pipe */
	enum snapshot_nonce nonce;
	bool cache_headers;
	uint32_t max_cache_age; /* seconds, or SNAPSHOT_NO_MAX_AGE */
	uint32_t cache_window;
	uint32_t deadline_ms;
	uint32_t request_octets, certids;
	enum log_format log_format;
	enum log_level log_level;
	struct config_redis redis;
	size_t ca_count;
	struct config_ca *cas;
};

/* NULL: refused, everything wrong has been said (it goes on after an error to say them all). config_free() it. */
struct config *config_load(const char *path, struct messages *m);
void config_free(struct config *c); /* wipes passwords */

/* The CA of that name, or NULL after an error that lists the names. */
const struct config_ca *config_find_ca(const struct config *c, const char *name, struct messages *m);

#endif
