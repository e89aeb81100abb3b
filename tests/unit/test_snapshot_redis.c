/* snapshot, snapshot_write: what TLS to Redis needs comes out as it went in, and is whole or not there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot_sample.h"

/* Secured, to a host by its name and by its address; with a certificate of ours, and without. */
static const struct redis_settings secured_redis = {
	.address_count = 2,
	.addresses =
		{{.family = REDIS_IPV4, .port = 6380, .ip = {192, 0, 2, 1}, .name = SAMPLE("redis.example")},
			{.family = REDIS_IPV6, .port = 1, .ip = {[15] = 1}}},
	.timeout_ms = 1,
	.tls_ca = SAMPLE("two certificates"),
	.tls_cert = SAMPLE("ours"),
	.tls_key = SAMPLE("our key"),
};

/* The octets, which the caller frees, or NULL and why not. */
static uint8_t *write_with(const struct redis_settings *redis, size_t *size, const char **why)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct write_settings settings = sample_settings;
	sample_make(cas, hashes);
	settings.redis = redis;
	return snapshot_write(&settings, cas, SAMPLE_CAS, size, why);
}

static void assert_not_written(const struct redis_settings *redis, const char *reason)
{
	const char *why = NULL;
	size_t size = 0;
	assert_null(write_with(redis, &size, &why));
	assert_non_null(why);
	if (!strstr(why, reason))
		fail_msg("refused, but with \"%s\", not \"%s\"", why, reason);
}

static bool reads_back(const struct redis_settings *want)
{
	struct snapshot_fault fault;
	struct snapshot s;
	struct redis_settings got;
	const char *why = NULL;
	size_t size = 0;
	uint8_t *file = write_with(want, &size, &why);
	assert_non_null(file);
	bool same = snapshot_read(&s, (struct slice){file, size}, &fault) &&
		    snapshot_redis(&s, &got, &fault) && got.address_count == want->address_count &&
		    sample_same_address(&got.addresses[0], &want->addresses[0]) &&
		    sample_same_address(&got.addresses[1], &want->addresses[1]) &&
		    bytes_equal(got.tls_ca, want->tls_ca) && bytes_equal(got.tls_cert, want->tls_cert) &&
		    bytes_equal(got.tls_key, want->tls_key);
	free(file);
	return same;
}

static void tls_round_trip(void **state)
{
	struct redis_settings redis = secured_redis;
	(void)state;
	assert_true(reads_back(&redis));
	redis.tls_cert = redis.tls_key = (struct slice){NULL, 0};
	assert_true(reads_back(&redis));
}

static void tls_that_is_not_whole_is_not_written(void **state)
{
	static char name[REDIS_NAME_MAX + 2];
	struct redis_settings redis = secured_redis;
	(void)state;
	redis.tls_key.len = 0;
	assert_not_written(&redis, "TLS");
	redis = secured_redis;
	redis.tls_ca.len = 0;
	assert_not_written(&redis, "TLS");
	redis = secured_redis;
	redis.addresses[1] = (struct redis_address){.family = REDIS_UNIX, .path = SAMPLE("/run/redis.sock")};
	assert_not_written(&redis, "TLS");
	redis = secured_redis;
	memset(name, 'x', sizeof name - 1);
	redis.addresses[0].name = bytes_of(name);
	assert_not_written(&redis, "an address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_round_trip),
		cmocka_unit_test(tls_that_is_not_whole_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
