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

/* Until when these serve, Unix seconds: INT64_MAX where there are none, 0 where no date can be read. */
struct redis_credentials_ends {
	int64_t ca;   /* the last of redis.tls.ca: then no server is trusted any more */
	int64_t cert; /* the first of redis.tls.cert, ocsp-cgi's own */
};
struct redis_credentials_ends redis_credentials_ends(const struct redis_settings *s);

/* Warns of those that have ended at `now`, Unix seconds. */
void redis_credentials_check_times(
	const struct config_redis *from, const struct redis_settings *s, int64_t now, struct messages *m);

#endif
