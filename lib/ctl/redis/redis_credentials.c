#include "redis_credentials.h"

#include <string.h>

#include <openssl/x509.h>

#include "ctl/credentials/credentials.h"
#include "ctl/memory.h"

/* One behind another; {NULL, 0}: OpenSSL cannot write what it has read. */
static struct slice certificates_der(X509 *const *chain)
{
	uint8_t *octets = NULL;
	size_t len = 0;
	for (size_t i = 0; chain[i] != NULL; i++) {
		unsigned char *der = NULL;
		const int more = i2d_X509(chain[i], &der);
		if (more <= 0) {
			free(octets);
			return (struct slice){NULL, 0};
		}
		octets = memory_resized(octets, len + (size_t)more, 1);
		memcpy(octets + len, der, (size_t)more);
		len += (size_t)more;
		OPENSSL_free(der);
	}
	return (struct slice){octets, len};
}

static bool read_certificates(struct config_text path, struct slice *out, struct messages *m)
{
	size_t count = 0;
	X509 **chain = credentials_chain(path, &count, m);
	if (!chain)
		return false;
	*out = certificates_der(chain);
	credentials_free_chain(chain);
	if (out->len > 0)
		return true;
	message_error(m, path.at, "a certificate in %s cannot be used; have it issued again", path.value);
	return false;
}

/* PrivateKeyInfo (RFC 5208 5). */
static struct slice key_der(const EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	const int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;
	struct slice out = {NULL, 0};
	if (len > 0) {
		uint8_t *octets = memory_zeroed((size_t)len, 1);
		memcpy(octets, der, (size_t)len);
		out = (struct slice){octets, (size_t)len};
		OPENSSL_clear_free(der, (size_t)len);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	return out;
}

static bool read_key(const struct config_redis *from, struct slice *out, struct messages *m)
{
	const struct config_credential own = {.present = true,
		.at = from->tls_cert.at,
		.cert = from->tls_cert,
		.key = from->tls_key,
		.no_password = true};
	const unsigned errors = m->errors;
	struct credential pair = {NULL, NULL};
	if (!credentials_load(&own, true, &pair, m))
		return false;
	credentials_check_pair(&own, &pair, m);
	if (m->errors == errors)
		*out = key_der(pair.key);
	if (m->errors == errors && out->len == 0)
		message_error(m, from->tls_key.at, "the key in %s cannot be used; make another",
			from->tls_key.value);
	credentials_free(&pair);
	return m->errors == errors;
}

bool redis_credentials(const struct config_redis *from, struct resolved_redis *out, struct messages *m)
{
	struct redis_settings *s = &out->settings;
	if (!from->tls_ca.value) {
		message_error(m, from->tls_at,
			"redis.tls has no ca; name the file of the CA that issued the server's certificate, "
			"the only one that is trusted");
		return false;
	}
	bool ok = read_certificates(from->tls_ca, &s->tls_ca, m);
	if (from->tls_cert.value)
		ok = read_certificates(from->tls_cert, &s->tls_cert, m) && read_key(from, &s->tls_key, m) &&
		     ok;
	return ok;
}

/* Reads the first one; `from` moves behind it. False: it is none, or has no dates. */
static bool take_times(struct slice *from, int64_t *begin, int64_t *end)
{
	const unsigned char *at = from->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)from->len);
	const size_t used = certificate ? (size_t)(at - from->data) : from->len;
	const bool ok = certificate && credentials_validity(certificate, begin, end);
	*from = (struct slice){from->data + used, from->len - used};
	X509_free(certificate);
	return ok;
}

struct redis_certificates redis_certificates(struct slice der)
{
	struct redis_certificates all = {0, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN};
	for (; der.len > 0; all.count++) {
		int64_t begin = 0, end = 0;
		if (!take_times(&der, &begin, &end))
			begin = end = 0;
		all.first_begin = begin < all.first_begin ? begin : all.first_begin;
		all.last_begin = begin > all.last_begin ? begin : all.last_begin;
		all.first_end = end < all.first_end ? end : all.first_end;
		all.last_end = end > all.last_end ? end : all.last_end;
	}
	return all;
}

int64_t redis_ca_end(const struct redis_certificates *ca, int64_t now)
{
	if (ca->count == 0)
		return INT64_MAX;
	return ca->first_begin > now ? now : ca->last_end;
}

int64_t redis_chain_end(const struct redis_certificates *chain, int64_t now)
{
	if (chain->count == 0)
		return INT64_MAX;
	return chain->last_begin > now ? now : chain->first_end;
}

static void warn_of_end(struct config_text file, int64_t end, int64_t now, struct messages *m)
{
	if (end <= now)
		message_warning(m, file.at,
			"a certificate in %s is not valid now, and without it Redis cannot be asked; replace "
			"it",
			file.value);
}

void redis_credentials_check_times(
	const struct config_redis *from, const struct redis_settings *s, int64_t now, struct messages *m)
{
	const struct redis_certificates ca = redis_certificates(s->tls_ca);
	const struct redis_certificates cert = redis_certificates(s->tls_cert);
	warn_of_end(from->tls_ca, redis_ca_end(&ca, now), now, m);
	warn_of_end(from->tls_cert, redis_chain_end(&cert, now), now, m);
}
