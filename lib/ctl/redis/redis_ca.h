/*
 * redis_ca: the CA whose serials a command is about, and its Redis: from -c and --ca. No private key is read.
 */
#ifndef REDIS_CA_H
#define REDIS_CA_H

#include <openssl/x509.h>

#include "ca_record.h"

struct redis_ca {
	struct config *config;
	const struct config_ca *ca;
	X509 *certificate;   /* NULL: only in a PKCS#12, which is not opened */
	char *subject_key;   /* "cert:<subject>:" */
	struct slice prefix; /* the same */
	struct redis_client client;
};

/*
 * Reads the configuration (`path` NULL: the default) and finds the CA, which must have its status in Redis. False after
 * an error. redis_ca_close() in any case; *r starts as {0}.
 */
bool redis_ca_find(struct redis_ca *r, const char *path, const char *name, struct messages *m);

/* Then connects. `writes`: see redis_client_open(). */
bool redis_ca_connect(struct redis_ca *r, bool writes, struct messages *m);
void redis_ca_close(struct redis_ca *r);

#endif
