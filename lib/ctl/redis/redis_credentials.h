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

#endif
