#include "config_keys.h"

#include "bytes.h"
#include "ctl/file.h"
#include "ctl/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_OCTETS_MAX ((size_t)64 << 20)

#define ADDRESS_DEFAULT "127.0.0.1:6379" /* where the Ruby program's Redis.new looks */

/* The folder of `path`, absolute and with its symbolic links as they are: one may be switched between releases. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *folder = NULL;
	if (slash == path)
		folder = memory_text("/");
	else if (path[0] == '/')
		folder = memory_printf("%.*s", (int)(slash - path), path);
	else if (here && slash)
		folder = memory_printf("%s/%.*s", here, (int)(slash - path), path);
	else
		folder = memory_text(here);
	free(here);
	return folder;
}

/* Ruby's defaults for Ruby's keys: what its file leaves out goes on as it was. */
static struct config *new_config(const char *path)
{
	struct config *c = memory_zeroed(1, sizeof *c);
	c->path = memory_text(path);
	c->folder = folder_of(path);
	c->nonce = SNAPSHOT_NONCE_IGNORE;
	c->max_cache_age = SNAPSHOT_NO_MAX_AGE;
	c->deadline_ms = 5000;
	c->request_octets = 16384;
	c->certids = 64;
	c->log_format = LOG_JSON;
	c->log_level = LOG_INFO;
	c->redis.timeout_ms = 250;
	return c;
}

/* copy_nonce and nonce are one setting; "require" copies too. */
static void settle_nonce(struct config_reading *r)
{
	struct config *c = r->config;
	if (!r->copy_nonce_given)
		return;
	if (!r->nonce_given)
		c->nonce = r->copy_nonce ? SNAPSHOT_NONCE_COPY : SNAPSHOT_NONCE_IGNORE;
	else if (r->copy_nonce != (c->nonce != SNAPSHOT_NONCE_IGNORE))
		message_error(
			r->m, r->copy_nonce_at, "\"copy_nonce\" contradicts \"nonce\"; keep \"nonce\" alone");
}

static void read_root(struct config_reading *r, const struct config_node *root)
{
	struct config *c = r->config;
	struct place whole = {c->path, 0, 0};
	unsigned errors = r->m->errors;
	if (!root || config_node_null(root)) {
		message_error(r->m, whole, "the file is empty; config.yaml.example shows what it wants");
		return;
	}
	config_read_mapping(r, &config_keys_top, root, c);
	settle_nonce(r);
	if (c->ca_count == 0 && r->m->errors == errors)
		message_error(
			r->m, whole, "no certificate_authorities; name at least one CA and its ca_cert");
	if (c->redis.address_count == 0)
		c->redis.addresses[c->redis.address_count++] =
			(struct config_text){memory_text(ADDRESS_DEFAULT), whole};
}

static void read_file(struct config_reading *r)
{
	struct place whole = {r->config->path, 0, 0};
	struct config_tree tree = {0};
	size_t len = 0;
	mode_t mode = 0;
	uint8_t *octets = file_read_mode(r->config->path, FILE_OCTETS_MAX, &len, &mode, r->m, whole);
	if (!octets)
		return;
	config_yaml_parse(&tree, octets, len, r->config->path, r->m);
	file_wipe(octets, len);
	r->config->mode = mode;
	if (tree.complete)
		read_root(r, tree.root);
	config_yaml_free(&tree);
}

struct config *config_load(const char *path, struct messages *m)
{
	struct config_reading r = {.config = new_config(path), .m = m};
	unsigned errors = m->errors;
	if (!r.config->folder)
		message_error(m, (struct place){r.config->path, 0, 0},
			"the current folder cannot be read; name the file by its absolute path");
	else
		read_file(&r);
	if (m->errors == errors)
		return r.config;
	config_free(r.config);
	return NULL;
}

static void free_text(struct config_text *text)
{
	file_wipe_text(text->value);
}

static void free_texts(struct config_text *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free_text(&texts[i]);
}

static void free_credential(struct config_credential *c)
{
	free_text(&c->cert);
	free_text(&c->key);
	free_text(&c->pkcs12);
	free_text(&c->password);
	free_text(&c->password_file);
	free_text(&c->digest);
	free_text(&c->rsa_padding);
}

static void free_ca(struct config_ca *ca)
{
	free_text(&ca->name);
	free_credential(&ca->ca_cert);
	for (size_t i = 0; i < ca->signer_count; i++)
		free_credential(&ca->signers[i]);
	free(ca->signers);
	free_text(&ca->ocsp_chain);
	free_text(&ca->table);
	free_texts(ca->requesters, ca->requester_count);
	free(ca->requesters);
	free_text(&ca->redis_subject);
}

static void free_redis(struct config_redis *redis)
{
	free_texts(redis->addresses, redis->address_count);
	free_text(&redis->username);
	free_text(&redis->password);
	free_text(&redis->password_file);
	free_text(&redis->tls_ca);
	free_text(&redis->tls_cert);
	free_text(&redis->tls_key);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->ca_count; i++)
		free_ca(&c->cas[i]);
	free(c->cas);
	free_redis(&c->redis);
	free(c->folder);
	free(c->path);
	free(c);
}

const struct config_ca *config_find_ca(const struct config *c, const char *name, struct messages *m)
{
	uint8_t storage[512];
	struct buffer names = bytes_buffer(storage, sizeof storage);
	for (size_t i = 0; i < c->ca_count; i++) {
		if (strcmp(c->cas[i].name.value, name) == 0)
			return &c->cas[i];
		if (!names.failed) {
			bytes_append_text(&names, i > 0 ? ", " : "");
			bytes_append_text(&names, c->cas[i].name.value);
		}
	}
	message_error(m, (struct place){c->path, 0, 0}, "no CA is named \"%.64s\"; there is %.*s%s", name,
		(int)names.len, (const char *)names.data, names.failed ? " …" : "");
	return NULL;
}
