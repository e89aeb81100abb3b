#include "config_files.h"

#include <sys/stat.h>

/* What is to be written, looked for among what the configuration names. */
struct search {
	const char *path;
	struct stat st;
	struct messages *m;
	bool found;
};

static bool is_same(const struct search *s, const char *name)
{
	struct stat st;
	return stat(name, &st) == 0 && st.st_dev == s->st.st_dev && st.st_ino == s->st.st_ino;
}

/* Said once, by the first of its names. */
static void look(struct search *s, const char *what, const struct config_text *name)
{
	if (s->found || !name->value || !is_same(s, name->value))
		return;
	s->found = true;
	message_error(s->m, (struct place){s->path, 0, 0},
		"this is the %s that %s:%u:%u names; it stays. Name another file with -o", what,
		name->at.file, name->at.line, name->at.column);
}

static void look_at_credential(struct search *s, const struct config_credential *c)
{
	look(s, "certificate", &c->cert);
	look(s, "key", &c->key);
	look(s, "PKCS#12 file", &c->pkcs12);
	look(s, "password file", &c->password_file);
}

static void look_at_ca(struct search *s, const struct config_ca *ca)
{
	look_at_credential(s, &ca->ca_cert);
	for (size_t i = 0; i < ca->signer_count; i++)
		look_at_credential(s, &ca->signers[i]);
	look(s, "chain", &ca->ocsp_chain);
	look(s, "table", &ca->table);
	for (size_t i = 0; i < ca->requester_count; i++)
		look(s, "requester's certificate", &ca->requesters[i]);
}

static void look_at_redis(struct search *s, const struct config_redis *redis)
{
	look(s, "password file", &redis->password_file);
	look(s, "CA certificate", &redis->tls_ca);
	look(s, "certificate", &redis->tls_cert);
	look(s, "key", &redis->tls_key);
}

bool config_files_spare(const struct config *c, const char *path, struct messages *m)
{
	struct search s = {.path = path, .m = m};
	if (lstat(path, &s.st) < 0)
		return true;
	if (is_same(&s, c->path)) {
		message_error(m, (struct place){path, 0, 0},
			"this is the configuration itself; it stays. Name another file with -o");
		return false;
	}
	look_at_redis(&s, &c->redis);
	for (size_t i = 0; i < c->ca_count; i++)
		look_at_ca(&s, &c->cas[i]);
	return !s.found;
}
