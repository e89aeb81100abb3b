#include "redis_ca.h"

#include <stdlib.h>

#include "ctl/credentials/credentials.h"
#include "ctl/credentials/issuer.h"
#include "ctl/memory.h"

static bool load_certificate(struct redis_ca *r, struct messages *m)
{
	if (r->ca->ca_cert.cert.value) {
		r->certificate = credentials_certificate(r->ca->ca_cert.cert, m);
		return r->certificate != NULL;
	}
	if (r->ca->redis_subject.value)
		return true;
	message_error(m, r->ca->ca_cert.at,
		"CA %s has its certificate only in a PKCS#12 file, with its key, which is not opened here; "
		"give "
		"the certificate as cert, or redis_subject",
		r->ca->name.value);
	return false;
}

static bool make_prefix(struct redis_ca *r, struct messages *m)
{
	char *subject = r->ca->redis_subject.value
				? memory_text(r->ca->redis_subject.value)
				: issuer_redis_subject(X509_get_subject_name(r->certificate));
	if (subject)
		r->subject_key = memory_printf("cert:%s:", subject);
	free(subject);
	r->prefix = bytes_of(r->subject_key);
	if (r->prefix.len > 0 && r->prefix.len <= CA_RECORD_KEY_MAX - SERIAL_DECIMAL_MAX)
		return true;
	message_error(m, r->ca->name.at,
		"the subject of %s cannot be written as a Redis key, or is too long for one; give "
		"redis_subject",
		r->ca->name.value);
	return false;
}

bool redis_ca_find(struct redis_ca *r, const char *path, const char *name, struct messages *m)
{
	m->quiet = true; /* what the configuration's notices say, compile has said */
	r->config = config_load(path ? path : CONFIG_DEFAULT_PATH, m);
	m->quiet = false;
	r->ca = r->config ? config_find_ca(r->config, name, m) : NULL;
	if (!r->ca)
		return false;
	if (r->ca->status != SNAPSHOT_STATUS_REDIS) {
		message_error(m, r->ca->table.at,
			"CA %s is answered from the table %s, not from Redis; renew that with ocspctl table, "
			"or "
			"say status: redis",
			name, r->ca->table.value);
		return false;
	}
	return load_certificate(r, m) && make_prefix(r, m);
}

bool redis_ca_connect(struct redis_ca *r, bool writes, struct messages *m)
{
	return redis_client_open(&r->client, r->config, writes, m);
}

void redis_ca_close(struct redis_ca *r)
{
	redis_client_close(&r->client);
	X509_free(r->certificate);
	free(r->subject_key);
	config_free(r->config);
	*r = (struct redis_ca){0};
}
