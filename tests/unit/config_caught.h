/*
 * config_caught: what the tests of config share: a folder of their own, a load with standard error caught, and two files
 * that have every key in them.
 */
#ifndef CONFIG_CAUGHT_H
#define CONFIG_CAUGHT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/config/config_keys.h"

static char folder[] = "/tmp/test_config.XXXXXX";
static char path[sizeof folder + 16], said_path[sizeof folder + 16];
static char said[16384]; /* standard error of the last load */
static char text[65536];

/* The least that a CA needs, in four lines. */
#define CA                                                                                                   \
	"certificate_authorities:\n"                                                                         \
	"  a:\n"                                                                                             \
	"    ca_cert: {cert: ca.pem}\n"                                                                      \
	"    ocsp_cert: {cert: o.pem, key: o.key}\n"

static void write_file(const char *octets, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, len), len);
	close(fd);
}

/* Standard error goes into `said` from here until caught_errors(). */
static int catch_errors(void)
{
	int terminal = dup(STDERR_FILENO);
	int fd = open(said_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(terminal >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return terminal;
}

static void caught_errors(int terminal)
{
	fflush(stderr);
	ssize_t len = pread(STDERR_FILENO, said, sizeof said - 1, 0);
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	assert_true(len >= 0);
	said[len] = '\0';
}

static struct config *load_file(const char *file, struct messages *m)
{
	int terminal = catch_errors();
	struct config *c = config_load(file, m);
	caught_errors(terminal);
	assert_true((c == NULL) == (m->errors > 0));
	return c;
}

static struct config *load(const char *yaml, struct messages *m)
{
	write_file(yaml, strlen(yaml));
	return load_file(path, m);
}

static const char every_key[] =
	"nonce: require\ncopy_nonce: true\ncache_headers: on\nmax_cache_age: '60'\ncache_window: 300\n"
	"deadline_ms: 600000\nlimits: {request_bytes: 256, certids: 256}\nlog: {format: text, level: Error}\n"
	"redis:\n  address: [unix:/run/r.sock, 'redis-1:6379', '[::1]:6379', rediss://r:6380/2]\n"
	"  username: ocsp\n  password: \"p w\"\n  database: 3\n  timeout_ms: 60000\n"
	"  tls: {ca: /ca.pem, cert: c.pem, key: k.pem}\n"
	"certificate_authorities:\n"
	"  one:\n    ca_cert: {pkcs12: ca.p12, password_file: ca.pw}\n    ocsp_certs:\n"
	"      - {cert: a.pem, key: a.key, digest: SHA384, rsa_padding: pss, password: ''}\n"
	"      - {pkcs12: b.p12, password: b}\n"
	"    ocsp_chain: chain.pem\n    ocsp_validity_hours: 1\n    ocsp_start_skew_seconds: 0\n"
	"    responder_id: name\n    include_signer: no\n    status: {table: one.table}\n"
	"    unknown_serial: revoked\n    archive_cutoff_days: 36500\n"
	"    require_signed_requests: {requesters: [alice.pem, /bob.pem]}\n    redis_subject: /C=US\n"
	"  two:\n    ca_cert: {cert: two.pem, key: two.key}\n    status: redis\n";

static const char ruby[] =
	"---\ncopy_nonce: yes\ncache_headers: true\nmax_cache_age:\ncustom_oids:\n- :oid: 2.5.4.15\n"
	"certificate_authorities:\n  test_ca:\n    ca_cert:\n      cert: spec/ca.cer\n    ocsp_cert:\n"
	"      pkcs12: \"spec/ocsp.p12\"\n      password:\n    ocsp_location: ['http://ocsp.example']\n"
	"    ocsp_chain: ''\n    ocsp_start_skew_seconds: '3600'\n    ocsp_validity_hours: 96\n"
	"    crl_list_file: list.txt\n    crl_validity_hours: 168 #7 days\n    crl_cert: {pkcs12: c.p12}\n"
	"    message_digest: 'SHA1'\n    profiles:\n      server: {\n        basic_constraints: {\"ca\" : "
	"false},\n"
	"        subject_item_policy: { CN: { \":policy\": required } }\n      }\n"
	"  second_ca: {\n    ca_cert: { cert: 'second.cer', key: 'second.key' },\n    ocsp_cert: ~,\n"
	"    crl_validity_hours: 72, profiles: }\n";

static size_t read_example(void)
{
	FILE *in = fopen("config.yaml.example", "r");
	assert_non_null(in);
	size_t len = fread(text, 1, sizeof text - 1, in);
	fclose(in);
	text[len] = '\0';
	return len;
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/config.yaml", folder);
	snprintf(said_path, sizeof said_path, "%s/said", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(said_path);
	return rmdir(folder);
}

#endif
