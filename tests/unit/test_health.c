/* health: which sites can answer something, and when Redis is asked about it. Redis is a socket of the test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/memory.h"
#include "ctl/table/table_write.h"
#include "health.h"
#include "process.h"
#include "snapshot_sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOW 5000

enum server { NO_REDIS, REFUSED, SILENT, PONG, NOAUTH };
enum source { NO_TABLE, MISSING, FRESH, STALE, OF_ANOTHER_CA };

struct site {
	const char *name;
	enum server redis;
	enum source table;
	int64_t redis_signer_ends, table_signer_ends;
	bool ok, pinged;
	const char *note; /* a part of it; NULL: there is none */
};

/* What belongs to one run. */
struct lab {
	char folder[32], socket[64], table[64];
	int listener;
	uint8_t *file;
	size_t size;
};

static void write_table(const struct lab *lab, const struct site *site, const struct write_ca *ca)
{
	struct table_rows rows = {0};
	struct messages m = {0};
	size_t size = 0;
	struct table_header header = {.kind = TABLE_CRL, .this_update = NOW - 10};
	header.next_update = site->table == STALE ? NOW : NOW + 10;
	memcpy(header.name_hash, ca->name_hash[CERTID_SHA256].data, sizeof header.name_hash);
	memcpy(header.key_hash, ca->key_hash[CERTID_SHA256].data, sizeof header.key_hash);
	if (site->table == OF_ANOTHER_CA)
		header.key_hash[0] ^= 1;
	uint8_t *octets = table_build(&rows, &header, &size, &m);
	int fd = open(lab->table, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_non_null(octets);
	assert_int_equal(write(fd, octets, size), size);
	close(fd);
	free(octets);
	table_rows_free(&rows);
}

static void listen_as_redis(struct lab *lab)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	memcpy(to.sun_path, lab->socket, sizeof lab->socket);
	lab->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(lab->listener, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(listen(lab->listener, 1), 0);
}

/* The CAs that the site has, the Redis one first. Returns how many. */
static size_t make_cas(const struct lab *lab, const struct site *site, const struct write_signer *signers,
	struct sample_hashes *hashes, struct write_ca *out)
{
	size_t count = 0;
	for (size_t i = 0; i < 2; i++) {
		struct write_ca ca = {.validity_seconds = 1, .signer_count = 1, .signers = &signers[i]};
		bool live = i == 0;
		if (live ? site->redis == NO_REDIS : site->table == NO_TABLE)
			continue;
		ca.name = live ? SLICE("live") : SLICE("offline");
		ca.status = live ? SNAPSHOT_STATUS_REDIS : SNAPSHOT_STATUS_TABLE;
		ca.redis_key = live ? SLICE("cert:/CN=live:") : (struct slice){NULL, 0};
		ca.table_path = live ? NULL : lab->table;
		sample_give_hashes(&ca, &hashes[i], i);
		if (!live && site->table != MISSING)
			write_table(lab, site, &ca);
		out[count++] = ca;
	}
	return count;
}

static struct lab build(const struct site *site)
{
	struct lab lab = {.folder = "/tmp/test_health.XXXXXX", .listener = -1};
	struct write_ca cas[2];
	struct sample_hashes hashes[2];
	struct write_signer signers[2] = {sample_beta_signers[0], sample_beta_signers[0]};
	struct redis_settings redis = {.address_count = 1, .timeout_ms = 40};
	struct write_settings settings = sample_settings;
	const char *why = NULL;
	assert_non_null(mkdtemp(lab.folder));
	snprintf(lab.socket, sizeof lab.socket, "%s/redis", lab.folder);
	snprintf(lab.table, sizeof lab.table, "%s/table", lab.folder);
	signers[0].certificate = (struct write_cert){SLICE("of Redis"), 0, site->redis_signer_ends};
	signers[1].certificate = (struct write_cert){SLICE("of the table"), 0, site->table_signer_ends};
	size_t count = make_cas(&lab, site, signers, hashes, cas);
	redis.addresses[0] = (struct redis_address){.family = REDIS_UNIX, .path = bytes_of(lab.socket)};
	settings.redis = site->redis == NO_REDIS ? NULL : &redis;
	if (site->redis != NO_REDIS && site->redis != REFUSED)
		listen_as_redis(&lab);
	lab.file = snapshot_write(&settings, cas, count, &lab.size, &why);
	if (!lab.file)
		fail_msg("%s", why);
	return lab;
}

static void tear_down(struct lab *lab)
{
	free(lab->file);
	if (lab->listener >= 0)
		close(lab->listener);
	unlink(lab->socket);
	unlink(lab->table);
	assert_int_equal(rmdir(lab->folder), 0);
}

/* The connection is made by status_open(); the reply may stand in it before the question does. */
static int answer_as_redis(const struct lab *lab, enum server how)
{
	int fd = lab->listener < 0 ? -1 : accept(lab->listener, NULL, NULL);
	const char *reply = how == PONG     ? "+PONG\r\n"
			    : how == NOAUTH ? "-NOAUTH Authentication required.\r\n"
					    : "";
	if (fd >= 0)
		assert_int_equal(write(fd, reply, strlen(reply)), strlen(reply));
	return fd;
}

static bool was_pinged(int fd)
{
	static const char ping[] = "*1\r\n$4\r\nPING\r\n";
	char got[64];
	ssize_t len = fd < 0 ? 0 : recv(fd, got, sizeof got, MSG_DONTWAIT);
	if (len <= 0)
		return false;
	assert_int_equal(len, sizeof ping - 1);
	assert_memory_equal(got, ping, sizeof ping - 1);
	return true;
}

/* NULL: no note at all. */
static void assert_noted(const struct log *log, const char *expected)
{
	struct slice notes = bytes_written(&log->notes);
	bool as_expected =
		expected ? memmem(notes.data, notes.len, expected, strlen(expected)) != NULL : notes.len == 0;
	if (!as_expected)
		fail_msg("expected \"%s\", noted was \"%.*s\"", expected ? expected : "", (int)notes.len,
			(const char *)notes.data);
}

static void try_site(const struct site *site)
{
	static struct status status;
	struct lab lab = build(site);
	struct snapshot snapshot;
	struct snapshot_fault fault;
	struct log log;
	log_start(&log, 0);
	memset(&status, 0, sizeof status);
	assert_true(snapshot_read(&snapshot, (struct slice){lab.file, lab.size}, &fault));
	status_open(&status, &snapshot);
	int fd = answer_as_redis(&lab, site->redis);
	int64_t began = process_monotonic_us();
	assert_int_equal(health(&snapshot, &status, NOW, &log), site->ok);
	assert_in_range(process_monotonic_us() - began, 0, 1000000);
	assert_int_equal(was_pinged(fd), site->pinged);
	assert_noted(&log, site->note);
	if (status.has_redis)
		status_redis_close(&status.redis);
	close(fd);
	tear_down(&lab);
}

static void sites(void **state)
{
	static const struct site cases[] = {
		{"redis_answers", PONG, NO_TABLE, NOW + 1, 0, true, true, NULL},
		{"redis_refuses", REFUSED, NO_TABLE, NOW + 1, 0, false, false, "cannot connect"},
		{"redis_hangs", SILENT, NO_TABLE, NOW + 1, 0, false, true, "redis.timeout_ms, 40"},
		{"redis_wants_a_password", NOAUTH, NO_TABLE, NOW + 1, 0, false, true, "NOAUTH"},
		{"signer_expired_and_redis_is_not_asked", PONG, NO_TABLE, NOW, 0, false, false,
			"no signer of CA live is valid now"},
		{"table_is_fresh", NO_REDIS, FRESH, 0, NOW + 1, true, false, NULL},
		{"table_is_stale", NO_REDIS, STALE, 0, NOW + 1, false, false, "is stale"},
		{"table_is_missing", NO_REDIS, MISSING, 0, NOW + 1, false, false, "cannot be opened"},
		{"table_is_another_cas", NO_REDIS, OF_ANOTHER_CA, 0, NOW + 1, false, false, "another CA"},
		{"table_without_signer", NO_REDIS, FRESH, 0, NOW, false, false, "CA offline"},
		{"mixed_redis_is_not_asked_where_a_table_serves", PONG, FRESH, NOW + 1, NOW + 1, true, false,
			NULL},
		{"mixed_redis_gone_is_still_ok", REFUSED, FRESH, NOW + 1, NOW + 1, true, false, NULL},
		{"mixed_table_stale_is_still_ok", PONG, STALE, NOW + 1, NOW + 1, true, true, "is stale"},
		{"mixed_nothing_is_down", SILENT, STALE, NOW + 1, NOW + 1, false, true, "is stale"},
		{"mixed_table_signer_expired_asks_redis", PONG, FRESH, NOW + 1, NOW, true, true,
			"CA offline"},
		{"mixed_redis_signer_expired", REFUSED, FRESH, NOW, NOW + 1, true, false, "CA live"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_message("  %s\n", cases[i].name);
		try_site(&cases[i]);
	}
}

/* Where the next record begins is not known then: what came before counts. */
static void a_broken_ca_record_is_said_and_cannot_answer(void **state)
{
	static const struct site site = {"", NO_REDIS, FRESH, 0, NOW + 1, true, false, NULL};
	static struct status status;
	struct lab lab = build(&site);
	struct snapshot snapshot;
	struct snapshot_fault fault;
	struct log log;
	(void)state;
	log_start(&log, 0);
	memset(&status, 0, sizeof status);
	assert_true(snapshot_read(&snapshot, (struct slice){lab.file, lab.size}, &fault));
	status_open(&status, &snapshot);
	lab.file[snapshot.header.cas_offset + 20] ^= 1;
	assert_false(health(&snapshot, &status, NOW, &log));
	assert_noted(&log, "checksum");
	tear_down(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites),
		cmocka_unit_test(a_broken_ca_record_is_said_and_cannot_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
