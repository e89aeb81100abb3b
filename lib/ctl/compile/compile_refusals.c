#include "compile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "status_redis.h"
#include "status_table.h"
#include "ctl/file.h"
#include "ctl/iso_time.h"

void compile_check_available(const struct config *config, struct messages *m)
{
	for (size_t i = 0; i < config->ca_count; i++) {
		const struct config_ca *ca = &config->cas[i];

		if (config->cache_window >= ca->validity_hours * 3600)
			message_error(m, ca->name.at,
				"cache_window %u is not shorter than the validity of %s's answers; raise its "
				"ocsp_validity_hours or lower cache_window",
				config->cache_window, ca->name.value);
	}
}

static bool has_password(const struct config *config)
{
	bool found = config->redis.password.value != NULL;

	for (size_t i = 0; i < config->ca_count && !found; i++) {
		const struct config_ca *ca = &config->cas[i];

		found = ca->ca_cert.password.value != NULL;
		for (size_t j = 0; j < ca->signer_count && !found; j++)
			found = ca->signers[j].password.value != NULL;
	}
	return found;
}

void compile_check_secrecy(const struct config *config, struct messages *m)
{
	const struct place whole = {config->path, 0, 0};

	if ((config->mode & S_IWOTH) != 0)
		message_warning(m, whole,
			"every user can write it (mode %04o), and choose what is signed; chmod o-w it",
			config->mode);
	if ((config->mode & S_IROTH) != 0 && has_password(config))
		message_warning(m, whole,
			"every user can read the password in it (mode %04o); chmod o-r it, or use "
			"password_file",
			config->mode);
}

static bool same(struct slice a, struct slice b)
{
	return a.len > 0 && bytes_equal(a, b);
}

static void check_pair(const struct compile_ca *a, const struct compile_ca *b, struct messages *m)
{
	const bool same_name = same(a->write.name_hash[CERTID_SHA256], b->write.name_hash[CERTID_SHA256]);
	const bool same_key = same(a->write.key_hash[CERTID_SHA256], b->write.key_hash[CERTID_SHA256]);
	const bool both_redis =
		a->config->status == SNAPSHOT_STATUS_REDIS && b->config->status == SNAPSHOT_STATUS_REDIS;
	const struct config_text one = a->config->name, other = b->config->name;

	if (same_name && same_key)
		message_error(m, other.at,
			"%s is the same CA as %s (line %u): equal subject and key; remove one of the two",
			other.value, one.value, one.at.line);
	else if (both_redis && same(a->write.redis_key, b->write.redis_key))
		message_warning(m, other.at,
			"%s and %s (line %u) have one subject and two keys, and share their serials in Redis "
			"(%s…); give one of "
			"them a redis_subject of its own",
			other.value, one.value, one.at.line, b->redis_key);
}

/* ocsp-cgi puts prefix and serial together in storage of a fixed size. */
static void check_redis_key(const struct compile_ca *ca, struct messages *m)
{
	const struct config_ca *from = ca->config;

	if (from->status != SNAPSHOT_STATUS_REDIS || ca->write.redis_key.len <= STATUS_REDIS_PREFIX_MAX)
		return;
	message_error(m, from->redis_subject.value ? from->redis_subject.at : from->name.at,
		"the Redis key of %s begins with %zu octets, and %d are possible; give it a shorter "
		"redis_subject",
		from->name.value, ca->write.redis_key.len, STATUS_REDIS_PREFIX_MAX);
}

void compile_check_distinct(const struct compile_ca *cas, size_t count, struct messages *m)
{
	for (size_t i = 0; i < count; i++) {
		check_redis_key(&cas[i], m);
		for (size_t earlier = 0; earlier < i; earlier++)
			check_pair(&cas[earlier], &cas[i], m);
	}
}

static void check_table_times(
	const struct table *table, const struct config_text path, int64_t now, struct messages *m)
{
	char text[ISO_TIME_SIZE];

	if (table->header.next_update <= now)
		message_warning(m, path.at,
			"table %s is stale since %s, and requests are answered tryLater; run ocspctl table",
			path.value, iso_time(table->header.next_update, text));
	else if (table->header.this_update > now)
		message_warning(m, path.at,
			"table %s is from the future (%s), and requests are answered tryLater; check the "
			"clock",
			path.value, iso_time(table->header.this_update, text));
}

static bool has_folder(const char *path)
{
	struct stat st;
	char *folder = file_folder(path);
	const bool found = stat(folder, &st) == 0;

	free(folder);
	return found;
}

static void say_fault(const struct snapshot_fault *fault, struct config_text path, struct messages *m)
{
	const bool no_folder = !has_folder(path.value);

	if (fault->error == ENOENT)
		message_warning(m, path.at,
			"table %s is not there yet%s, and requests are answered tryLater until it is; make "
			"%s by ocspctl table",
			path.value, no_folder ? ", nor is its folder" : "",
			no_folder ? "the folder, and the table" : "it");
	else
		message_warning(m, path.at, "table %s cannot be used: %s%s%s; make it again by ocspctl table",
			path.value, fault->reason ? fault->reason : "not readable", fault->error ? ": " : "",
			fault->error ? strerror(fault->error) : "");
}

void compile_check_table(const struct compile_ca *ca, int64_t now, struct messages *m)
{
	const struct config_text path = ca->config->table;
	struct snapshot_fault fault = {0};
	struct table table = {0};
	struct ca asked = {0};

	if (ca->config->status != SNAPSHOT_STATUS_TABLE || !path.value)
		return;
	if (!table_open(&table, AT_FDCWD, path.value, &fault)) {
		say_fault(&fault, path, m);
		return;
	}
	memcpy(asked.fixed.name_hash, ca->hashes.name, sizeof asked.fixed.name_hash);
	memcpy(asked.fixed.key_hash, ca->hashes.key, sizeof asked.fixed.key_hash);
	if (!table_is_of(&table, &asked))
		message_error(m, path.at,
			"table %s is another CA's, not that of %s; name the right one, or make it by ocspctl "
			"table",
			path.value, ca->config->name.value);
	else
		check_table_times(&table, path, now, m);
	table_close(&table);
}
