#include "config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "cgi.h"
#include "request.h"
#include "ctl/file.h"
#include "ctl/memory.h"

static void read_nonce(struct config_reading *r, const struct config_entry *e, void *into)
{
	static const char *const words[] = {"ignore", "copy", "require"};
	size_t found = 0;
	(void)into;
	r->nonce_given = config_word_of(r, e, words, 3, &found);
	if (r->nonce_given)
		r->config->nonce = (enum snapshot_nonce)found;
}

static void read_copy_nonce(struct config_reading *r, const struct config_entry *e, void *into)
{
	(void)into;
	r->copy_nonce_at = e->name->at;
	r->copy_nonce_given = config_bool_of(r, e, &r->copy_nonce);
}

static void read_log_format(struct config_reading *r, const struct config_entry *e, void *into)
{
	static const char *const words[] = {"json", "text"};
	size_t found = 0;
	if (config_word_of(r, e, words, 2, &found))
		*(enum log_format *)into = (enum log_format)found;
}

static void read_log_level(struct config_reading *r, const struct config_entry *e, void *into)
{
	static const char *const words[] = {"debug", "info", "warning", "error"};
	size_t found = 0;
	if (config_word_of(r, e, words, 4, &found))
		*(enum log_level *)into = (enum log_level)found;
}

/* A socket's path counts from the configuration's folder, as every other. */
static char *absolute_address(const struct config_reading *r, const char *text)
{
	static const char scheme[] = "unix:";
	const char *name = text + sizeof scheme - 1;
	if (strncmp(text, scheme, sizeof scheme - 1) != 0 || name[0] == '\0')
		return memory_text(text);
	char *path = file_resolve(r->config->folder, name);
	char *address = memory_printf("%s%s", scheme, path);
	free(path);
	return address;
}

static bool is_path(const char *text)
{
	static const char ending[] = ".sock";
	const size_t len = strlen(text), ending_len = sizeof ending - 1;
	if (text[0] == '/' || text[0] == '.')
		return true;
	return !strchr(text, ':') && len > ending_len && strcmp(text + len - ending_len, ending) == 0;
}

static void read_address(
	struct config_reading *r, const struct config_entry *e, const struct config_node *item, void *into)
{
	struct config_redis *redis = into;
	const char *text = config_text_of(r, e, item);
	char *address = text ? absolute_address(r, text) : NULL;
	const char *fault = address ? config_address_fault(address) : NULL;
	if (fault && is_path(text))
		message_error(r->m, item->at, "not an address of Redis: for a socket write unix:%s", text);
	else if (fault)
		message_error(r->m, item->at, "not an address of Redis: %s", fault);
	if (address && !fault)
		redis->addresses[redis->address_count++] = (struct config_text){address, item->at};
	else
		free(address);
}

static void read_addresses(struct config_reading *r, const struct config_entry *e, void *into)
{
	size_t count = config_item_count(e->value);
	if (count == 0 || count > CONFIG_ADDRESSES_MAX) {
		message_error(r->m, e->value->at, "\"%s\" takes from 1 to %d addresses, not %zu",
			e->name->text, CONFIG_ADDRESSES_MAX, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		read_address(r, e, config_item(e->value, i), into);
}

static void read_tls(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_redis *redis = into;
	redis->tls_present = true;
	redis->tls_at = e->name->at;
	config_read_mapping(r, e->key->section, e->value, redis);
}

static void read_redis(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_redis *redis = into;
	unsigned errors = r->m->errors;
	redis->present = true;
	redis->at = e->name->at;
	config_read_mapping(r, e->key->section, e->value, redis);
	bool clean = r->m->errors == errors; /* else what is missing may be what could not be read */
	if (redis->password.value && redis->password_file.value)
		message_error(r->m, redis->password_file.at,
			"\"password\" and \"password_file\" are both given; keep one");
	if (clean && redis->username.value && !redis->password.value && !redis->password_file.value)
		message_error(r->m, redis->username.at,
			"\"username\" without a password is not used; give password_file or remove it");
	if (clean && !redis->tls_cert.value != !redis->tls_key.value)
		message_error(r->m, redis->tls_cert.value ? redis->tls_cert.at : redis->tls_key.at,
			"\"cert\" and \"key\" of redis.tls belong together; give both or none");
}

#define ROWS(rows)   (sizeof(rows) / sizeof *(rows)), rows
#define AT(field)    offsetof(struct config, field)
#define REDIS(field) offsetof(struct config_redis, field)
#define REFUSED      CONFIG_NULL_REFUSED
#define ABSENT       CONFIG_NULL_ABSENT

static const struct config_key limits[] = {
	{"request_bytes", config_read_uint32, AT(request_octets), 256, REQUEST_DER_MAX, NULL, REFUSED},
	{"certids", config_read_uint32, AT(certids), 1, REQUEST_CERTIDS_MAX, NULL, REFUSED},
};
static const struct config_keys config_keys_limits = {"limits", ROWS(limits)};

static const struct config_key log_keys[] = {
	{"format", read_log_format, AT(log_format), 0, 0, NULL, REFUSED},
	{"level", read_log_level, AT(log_level), 0, 0, NULL, REFUSED},
};
static const struct config_keys config_keys_log = {"log", ROWS(log_keys)};

static const struct config_key tls[] = {
	{"ca", config_read_path, REDIS(tls_ca), 0, 0, NULL, REFUSED},
	{"cert", config_read_path, REDIS(tls_cert), 0, 0, NULL, REFUSED},
	{"key", config_read_path, REDIS(tls_key), 0, 0, NULL, REFUSED},
};
static const struct config_keys config_keys_tls = {"redis.tls", ROWS(tls)};

static const struct config_key redis_keys[] = {
	{"address", read_addresses, 0, 0, 0, NULL, REFUSED},
	{"username", config_read_text, REDIS(username), 0, 0, NULL, REFUSED},
	{"password", config_read_password, REDIS(password), 0, 0, NULL, REFUSED},
	{"password_file", config_read_path, REDIS(password_file), 0, 0, NULL, REFUSED},
	{"database", config_read_uint32, REDIS(database), 0, INT32_MAX, NULL, REFUSED},
	{"timeout_ms", config_read_uint32, REDIS(timeout_ms), 1, 60000, NULL, REFUSED},
	{"cluster", config_read_bool, REDIS(cluster), 0, 0, NULL, REFUSED},
	{"tls", read_tls, 0, 0, 0, &config_keys_tls, REFUSED},
};
static const struct config_keys config_keys_redis = {"redis", ROWS(redis_keys)};

/* Where Ruby takes nothing for "not given", so is it here. */
static const struct config_key top[] = {
	{"copy_nonce", read_copy_nonce, 0, 0, 0, NULL, ABSENT},
	{"nonce", read_nonce, 0, 0, 0, NULL, REFUSED},
	{"cache_headers", config_read_bool, AT(cache_headers), 0, 0, NULL, ABSENT},
	{"max_cache_age", config_read_uint32, AT(max_cache_age), 0, 365 * 86400, NULL, ABSENT},
	{"cache_window", config_read_uint32, AT(cache_window), 0, 86400, NULL, REFUSED},
	{"deadline_ms", config_read_uint32, AT(deadline_ms), 100, 600000, NULL, REFUSED},
	{"limits", config_read_section, 0, 0, 0, &config_keys_limits, ABSENT},
	{"log", config_read_section, 0, 0, 0, &config_keys_log, ABSENT},
	{"redis", read_redis, AT(redis), 0, 0, &config_keys_redis, ABSENT},
	{"certificate_authorities", config_read_cas, 0, 0, 0, NULL, REFUSED},
	{"custom_oids", config_read_ignored, 0, 0, 0, NULL, ABSENT},
};
const struct config_keys config_keys_top = {"a configuration", ROWS(top)};

/* In the order in which a misplaced key is looked for: "key" belongs in a certificate's mapping before redis.tls. */
const struct config_keys *const config_tables[CONFIG_TABLES] = {&config_keys_top, &config_keys_ca,
	&config_keys_credential, &config_keys_status, &config_keys_signed, &config_keys_limits,
	&config_keys_log, &config_keys_redis, &config_keys_tls};
