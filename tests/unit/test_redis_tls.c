/* redis.tls: which configurations are compiled into which settings, in a build with TLS; and that one without refuses all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "compile_lab.h"
#include "process.h"
#include "status_redis.h"
#include "status_redis_tls.h"

#include <openssl/err.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TLS(address, rest) "redis: {address: " address ", tls: {" rest "}}\n" REDIS
#define CA_ONLY            "ca: ca.pem"
#define WITH_CERT          "ca: ca.pem, cert: p256.pem, key: p256.key"

static void skip_without_tls(void)
{
	if (!redis_tls_is_built())
		skip();
}

/* What ocsp-cgi would read; the slices are of `compiled`. */
static struct redis_settings compiled_redis(const char *yaml, struct compiled *compiled)
{
	struct redis_settings redis = {0};
	struct snapshot_fault fault = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	const char *said = compile_text(yaml, PKI_NOW, compiled, &m);
	if (!compiled->octets)
		fail_msg("%s: %s", yaml, said);
	assert_true(snapshot_read(&s, (struct slice){compiled->octets, compiled->size}, &fault));
	assert_true(snapshot_redis(&s, &redis, &fault));
	return redis;
}

static void every_tcp_address_speaks_tls(void **state)
{
	static const char *const addresses[] = {
		"'192.0.2.1:6379'", "'rediss://192.0.2.1'", "'rediss://192.0.2.1:6379/0'"};
	(void)state;
	skip_without_tls();
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		char yaml[512];
		struct compiled compiled;
		(void)snprintf(yaml, sizeof yaml, TLS("%s", CA_ONLY), addresses[i]);
		struct redis_settings redis = compiled_redis(yaml, &compiled);
		assert_int_equal(redis.address_count, 1);
		assert_int_equal(redis.addresses[0].port, 6379);
		assert_true(redis.tls_ca.len > 0);
		assert_int_equal(redis.addresses[0].name.len, 0); /* the certificate is for the address */
		assert_int_equal(redis.tls_cert.len + redis.tls_key.len, 0);
		compile_free(&compiled);
	}
}

static void a_name_is_what_the_certificate_is_for(void **state)
{
	struct compiled compiled;
	struct messages m = {0};
	(void)state;
	skip_without_tls();
	const char *said = compile_text(TLS("'rediss://localhost/0'", CA_ONLY), PKI_NOW, &compiled, &m);
	if (strstr(said, "cannot be resolved"))
		skip();
	compile_free(&compiled);
	struct redis_settings redis = compiled_redis(TLS("'localhost:6379'", CA_ONLY), &compiled);
	for (size_t i = 0; i < redis.address_count; i++)
		assert_true(bytes_equal(redis.addresses[i].name, SLICE("localhost")));
	compile_free(&compiled);
}

static void certificates_and_key_are_kept_in_der(void **state)
{
	struct compiled compiled;
	(void)state;
	skip_without_tls();
	struct redis_settings redis = compiled_redis(TLS("'192.0.2.1:1'", WITH_CERT), &compiled);
	const unsigned char *cert = redis.tls_cert.data, *key = redis.tls_key.data;
	X509 *certificate = d2i_X509(NULL, &cert, (long)redis.tls_cert.len);
	EVP_PKEY *pair = d2i_AutoPrivateKey(NULL, &key, (long)redis.tls_key.len);
	assert_non_null(certificate);
	assert_non_null(pair);
	assert_true(cert == redis.tls_cert.data + redis.tls_cert.len);
	assert_true(key == redis.tls_key.data + redis.tls_key.len);
	assert_int_equal(X509_check_private_key(certificate, pair), 1);
	X509_free(certificate);
	EVP_PKEY_free(pair);
	compile_free(&compiled);
}

struct refusal {
	const char *yaml, *said;
};

static void assert_refused(const struct refusal *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct compiled compiled;
		struct messages m = {0};
		const char *said = compile_text(cases[i].yaml, PKI_NOW, &compiled, &m);
		if (compiled.octets)
			fail_msg("compiled: %s", cases[i].yaml);
		pki_assert_said(cases[i].yaml, said, cases[i].said);
	}
}

static void write_sealed_key(void)
{
	EVP_PKEY *key = pki_p256();
	FILE *file = pki_open(pki_path(folder, "sealed.key"));
	assert_int_equal(PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL), 1);
	assert_int_equal(fclose(file), 0);
	EVP_PKEY_free(key);
}

static void half_a_configuration_is_refused(void **state)
{
	static const struct refusal cases[] = {
		{"redis: {address: 'rediss://192.0.2.1'}\n" REDIS, "config.yaml:1:18: error: "},
		{"redis: {address: 'rediss://192.0.2.1'}\n" REDIS, "needs redis.tls.ca"},
		{TLS("'192.0.2.1:1'", ""), "config.yaml:1:33: error: redis.tls has no ca"},
		{TLS("'192.0.2.1:1'", "cert: p256.pem, key: p256.key"), "redis.tls has no ca"},
		{TLS("'192.0.2.1:1'", "ca: ca.pem, cert: p256.pem"), "belong together"},
		{TLS("unix:/run/redis.sock", CA_ONLY), "config.yaml:1:18: error: a Unix socket"},
		{TLS("['192.0.2.1:1', unix:/run/redis.sock]", CA_ONLY), "a Unix socket"},
		{TLS("redis://192.0.2.1", CA_ONLY), "say rediss://"},
		{TLS("'192.0.2.1:1'", "ca: none.pem"), "cannot open "},
		{TLS("'192.0.2.1:1'", "ca: p256.key"), "holds no certificate"},
		{TLS("'192.0.2.1:1'", "ca: ca.pem, cert: p256.pem, key: ca.key"), "does not match"},
		{TLS("'192.0.2.1:1'", "ca: ca.pem, cert: p256.pem, key: p256.pem"), "no private key"},
		{TLS("'192.0.2.1:1'", "ca: ca.pem, cert: p256.pem, key: sealed.key"),
			"is encrypted; give a copy that is not"},
	};
	(void)state;
	skip_without_tls();
	write_sealed_key();
	assert_refused(cases, sizeof cases / sizeof *cases);
}

static void a_key_that_others_can_read_is_warned_of(void **state)
{
	struct compiled compiled;
	struct messages m = {0};
	(void)state;
	skip_without_tls();
	assert_int_equal(chmod(pki_path(folder, "p256.key"), 0644), 0);
	const char *said = compile_text(TLS("'192.0.2.1:1'", WITH_CERT), PKI_NOW, &compiled, &m);
	pki_assert_said("key", said, "can be read or written by every user");
	compile_free(&compiled);
	assert_int_equal(chmod(pki_path(folder, "p256.key"), 0600), 0);
}

/* ---- a build without TLS ---- */

static void without_tls_all_of_it_is_refused(void **state)
{
	static const struct refusal cases[] = {
		{TLS("'192.0.2.1:1'", CA_ONLY), "config.yaml:1:33: error: redis.tls cannot work"},
		{TLS("'192.0.2.1:1'", CA_ONLY), "REDIS_TLS=1"},
		{TLS("'192.0.2.1:1'", CA_ONLY), "stunnel"},
		{TLS("'192.0.2.1:1'", CA_ONLY), "replica"},
		{TLS("'192.0.2.1:1'", WITH_CERT), "without TLS"},
		{TLS("'rediss://192.0.2.1'", CA_ONLY),
			"config.yaml:1:18: error: rediss://192.0.2.1 cannot work"},
		{"redis: {address: 'rediss://192.0.2.1'}\n" REDIS, "without TLS"},
	};
	(void)state;
	if (redis_tls_is_built())
		skip();
	assert_refused(cases, sizeof cases / sizeof *cases);
}

/* Nobody listens, and it is said all the same what is amiss: nothing was tried. */
static void settings_that_cannot_be_had_are_an_internal_error(void **state)
{
	static struct status_redis redis;
	static struct log log;
	struct redis_settings settings = {
		.address_count = 1, .timeout_ms = 50, .tls_ca = SLICE("no certificate")};
	struct certid id = {.serial_number = SLICE("\x01")};
	struct redis_record record;
	(void)state;
	settings.addresses[0] = (struct redis_address){.family = REDIS_IPV4, .ip = {127, 0, 0, 1}, .port = 1};
	log_start(&log, 0);
	status_redis_open(&redis, &settings);
	assert_int_equal(redis.fd, -1);
	assert_int_equal(
		status_redis_lookup(&redis, SLICE("cert:"), &id, 1, &record, &log), RESPONSE_INTERNAL_ERROR);
	status_redis_close(&redis);
	struct slice note = bytes_written(&log.notes);
	const char *expected = redis_tls_is_built() ? "libssl cannot use" : "built without it";
	if (!memmem(note.data, note.len, expected, strlen(expected)))
		fail_msg("noted \"%.*s\"", (int)note.len, (const char *)note.data);
	ERR_clear_error();
}

/* They are free to send: four octets each, without a key. */
static void a_flood_of_hello_requests_ends_in_time(void **state)
{
	static const uint8_t record[9] = {0x16, 3, 3, 0, 4};
	static struct compiled compiled;
	struct redis_tls tls;
	uint8_t octet;
	int ends[2];
	(void)state;
	skip_without_tls();
	struct redis_settings redis = compiled_redis(TLS("'192.0.2.1:1'", CA_ONLY), &compiled);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_true(redis_tls_start(&tls, &redis, &redis.addresses[0]));
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(write(ends[1], record, sizeof record), sizeof record);
	tls.until_us = process_monotonic_us();
	assert_false(redis_tls_handshake(&tls, ends[0]));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(tls.wants, POLLIN);
	assert_int_equal(recv(ends[0], &octet, 1, MSG_PEEK), 1);
	tls.until_us = 0;
	assert_false(redis_tls_handshake(&tls, ends[0]));
	assert_int_equal(recv(ends[0], &octet, 1, MSG_PEEK), -1);
	redis_tls_end(&tls);
	close(ends[0]);
	close(ends[1]);
	compile_free(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tcp_address_speaks_tls),
		cmocka_unit_test(a_name_is_what_the_certificate_is_for),
		cmocka_unit_test(certificates_and_key_are_kept_in_der),
		cmocka_unit_test(half_a_configuration_is_refused),
		cmocka_unit_test(a_key_that_others_can_read_is_warned_of),
		cmocka_unit_test(without_tls_all_of_it_is_refused),
		cmocka_unit_test(a_flood_of_hello_requests_ends_in_time),
		cmocka_unit_test(settings_that_cannot_be_had_are_an_internal_error),
	};
	return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
