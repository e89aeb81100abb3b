#include "compile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/file.h"
#include "ctl/memory.h"
#include "ctl/redis/redis_address.h"
#include "ctl/redis/redis_credentials.h"
#include "self_test.h"
#include "ctl/snapshot/snapshot_kind.h"

#define SNAPSHOT_MODE 0640 /* the web server's group reads it */

static struct write_settings settings_of(const struct config *config)
{
	return (struct write_settings){
		.nonce = config->nonce,
		.cache_headers = config->cache_headers,
		.max_cache_age = config->max_cache_age,
		.cache_window = config->cache_window,
		.deadline_ms = config->deadline_ms,
		.request_octets = config->request_octets,
		.certids = config->certids,
		.log_format = config->log_format,
		.log_level = config->log_level,
	};
}

static bool asks_redis(const struct config *config)
{
	for (size_t i = 0; i < config->ca_count; i++)
		if (config->cas[i].status == SNAPSHOT_STATUS_REDIS)
			return true;
	return false;
}

static void write_octets(const struct config *config, const struct compile_ca *cas,
	const struct redis_settings *redis, struct compiled *out, struct messages *m)
{
	struct write_settings settings = settings_of(config);
	struct write_ca *write = memory_zeroed(config->ca_count, sizeof *write);
	const char *why = NULL;

	settings.redis = redis;
	for (size_t i = 0; i < config->ca_count; i++) {
		write[i] = cas[i].write;
		out->signer_count += cas[i].signer_count;
	}
	out->ca_count = config->ca_count;
	out->octets = snapshot_write(&settings, write, config->ca_count, &out->size, &why);
	if (out->octets == NULL)
		message_error(m, (struct place){config->path, 0, 0}, "%s; divide the configuration in two",
			why ? why : "the snapshot cannot be written");
	free(write);
}

bool compile(const struct config *config, int64_t now, struct compiled *out, struct messages *m)
{
	struct compile_ca *cas = memory_zeroed(config->ca_count, sizeof *cas);
	const unsigned errors = m->errors;
	const bool with_redis = asks_redis(config);
	struct resolved_redis redis = {0};

	*out = (struct compiled){0};
	compile_check_available(config, m);
	compile_check_secrecy(config, m);
	for (size_t i = 0; i < config->ca_count; i++) {
		/* to the end: all errors are said at once */
		if (compile_ca(&config->cas[i], now, &cas[i], m))
			compile_check_reply(config, &cas[i], now, m);
		if (cas[i].certificate != NULL)
			compile_check_table(&cas[i], now, m);
	}
	compile_check_distinct(cas, config->ca_count, m);
	if (with_redis && redis_settings(config, &redis, m))
		redis_credentials_check_times(&config->redis, &redis.settings, now, m);
	if (m->errors == errors)
		write_octets(config, cas, with_redis ? &redis.settings : NULL, out, m);
	redis_settings_free(&redis);
	for (size_t i = 0; i < config->ca_count; i++)
		compile_ca_free(&cas[i]);
	free(cas);
	return out->octets != NULL;
}

void compile_free(struct compiled *compiled)
{
	memory_wipe(compiled->octets, compiled->size);
	free(compiled->octets);
	*compiled = (struct compiled){0};
}

/* What ocsp-cgi will find: the file as it came back from the disk. */
static bool reads_back(const struct compiled *compiled, const char *path, struct messages *m)
{
	const struct place at = {path, 0, 0};
	const struct slice expected = {compiled->octets, compiled->size};
	struct snapshot_fault fault = {0};
	struct snapshot s = {0};
	char *wrong = NULL;

	if (!snapshot_open(&s, path, &fault)) {
		message_error(m, at,
			"the new snapshot is not readable (offset %llu: %s); the old one stays, see to the "
			"disk",
			(unsigned long long)fault.offset, fault.reason);
		return false;
	}
	if (bytes_equal(s.file, expected))
		wrong = self_test(&s);
	else
		wrong = memory_text("other octets came back than were written");
	if (wrong != NULL)
		message_error(m, at,
			"the new snapshot fails its self-test (%s); the old one stays, please report this",
			wrong);
	snapshot_close(&s);
	free(wrong);
	return wrong == NULL;
}

/* The replaced snapshot's mode, where its group stays: an operator may have been stricter. */
static mode_t mode_of(const char *path, gid_t group)
{
	struct stat old;

	if (group != FILE_GROUP_KEEP || lstat(path, &old) < 0 || snapshot_kind_objection(path))
		return SNAPSHOT_MODE;
	return (old.st_mode & SNAPSHOT_MODE) | S_IRUSR;
}

/* By its group, which may come from its folder. */
static bool only_root_reads(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_uid == 0 && st.st_gid == 0;
}

/* Root's first snapshot: ocsp-cgi runs as somebody else. */
static bool commit(struct file_output *out, const char *path, gid_t group, struct messages *m)
{
	const bool first = access(path, F_OK) < 0;

	if (!file_commit(out, mode_of(path, group), group, m))
		return false;
	if (first && group == FILE_GROUP_KEEP && only_root_reads(path))
		message_warning(m, (struct place){path, 0, 0},
			"only root can read it; compile once more with --group GROUP: that of ocsp-cgi where "
			"it is set-group-ID (ls -l shows an s), else one of the user's that runs it");
	return true;
}

bool compile_install(const struct compiled *compiled, const char *path, gid_t group, struct messages *m)
{
	struct file_output out = {0};

	if (!file_create(&out, path, m))
		return false;
	if (file_write(&out, compiled->octets, compiled->size, m) && reads_back(compiled, out.temporary, m))
		return commit(&out, path, group, m);
	file_abandon(&out);
	return false;
}
