/*
 * redis_address: redis.address of the configuration → numbers. Names are resolved here, once, by whoever compiles: the
 * responder has no resolver and no time for one.
 */
#ifndef REDIS_ADDRESS_H
#define REDIS_ADDRESS_H

#include "ctl/config/config.h"

/* The settings that the responder gets. Everything that slices borrow from is freed by redis_settings_free(). */
struct resolved_redis {
	struct redis_settings settings;
	bool tls;                            /* every address speaks it */
	bool url_has_database;               /* a redis:// address has named settings.database */
	char *texts[SNAPSHOT_ADDRESSES_MAX]; /* a socket's path, or a name for TLS */
	char *password;
};

/*
 * Resolves and reads (password_file, tls) what config->redis says; its defaults where it says nothing. Where there is
 * redis.tls, every address speaks TLS: HOST:PORT and rediss:// alike; unix: and redis:// contradict it, and rediss:// asks for it.
 * False: an error was said with its place (a name that cannot be resolved, more than SNAPSHOT_ADDRESSES_MAX addresses, TLS in
 * a build without it).
 */
bool redis_settings(const struct config *config, struct resolved_redis *out, struct messages *m);
void redis_settings_free(struct resolved_redis *r); /* wipes the password and the key */

#endif
