/*
 * redis_address: redis.address of the configuration → numbers. Names are resolved here, once, by whoever compiles: the
 * responder has no resolver and no time for one.
 */
#ifndef REDIS_ADDRESS_H
#define REDIS_ADDRESS_H

#include "ctl/config/config.h"

/* Why there is no rediss://. Debian 12's hiredis has no TLS; that of others is not used. */
#if defined(__has_include) && __has_include("hiredis/hiredis_ssl.h")
#define REDIS_NO_TLS "this version does not use hiredis' TLS"
#else
#define REDIS_NO_TLS "the installed hiredis has no TLS"
#endif

/* The settings that the responder gets. Everything that slices borrow from is freed by redis_settings_free(). */
struct resolved_redis {
	struct redis_settings settings;
	bool url_has_database; /* a redis:// address has named settings.database */
	char *paths[SNAPSHOT_ADDRESSES_MAX];
	char *password;
};

/*
 * Resolves and reads (password_file) what config->redis says; its defaults where it says nothing. False: an error was
 * said with its place (a name that cannot be resolved, more than SNAPSHOT_ADDRESSES_MAX addresses, rediss://).
 */
bool redis_settings(const struct config *config, struct resolved_redis *out, struct messages *m);
void redis_settings_free(struct resolved_redis *r); /* wipes the password */

#endif
