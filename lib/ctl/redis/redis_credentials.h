/*
 * redis_credentials: redis.tls of the configuration → what a TLS connection to Redis needs, in DER.
 */
#ifndef REDIS_CREDENTIALS_H
#define REDIS_CREDENTIALS_H

#include "redis_address.h"

/*
 * Reads ca, and cert and key where they are given, into out->settings.tls_…, whose storage redis_settings_free() wipes. False
 * after an error: a file that is none, a key that is not the certificate's, no ca: there is no trust but what is configured.
 */
bool redis_credentials(const struct config_redis *from, struct resolved_redis *out, struct messages *m);

/* Of one or several certificates. One whose dates cannot be read has 0 for both: it has ended. */
struct redis_certificates {
	size_t count;                    /* 0: there are none, and nothing else is set */
	int64_t first_begin, last_begin; /* notBefore: the earliest, the latest; Unix seconds */
	int64_t first_end, last_end;     /* notAfter likewise */
};

/* Of certificates in DER, one behind another, as redis_settings.tls_ca and tls_cert have them. */
struct redis_certificates redis_certificates(struct slice der);

/*
 * Until when these serve at `now` (Unix seconds); at most `now`: not now. Of redis.tls.ca one is enough, of redis.tls.cert, a
 * chain, all are needed. INT64_MAX: there are none.
 */
int64_t redis_ca_end(const struct redis_certificates *ca, int64_t now);
int64_t redis_chain_end(const struct redis_certificates *chain, int64_t now);

/* Warns of those that do not serve at `now`, Unix seconds. */
void redis_credentials_check_times(
	const struct config_redis *from, const struct redis_settings *s, int64_t now, struct messages *m);

#endif
