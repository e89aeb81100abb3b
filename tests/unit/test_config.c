/* config: what is accepted and with which values, what is refused and where, and that no octets crash it. */
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

#include "ctl/config_keys.h"

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
#define CA_LESS "certificate_authorities:\n  a:\n    "

static void write_file(const char *octets, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, len), len);
	close(fd);
}

/* Standard error goes into `said` from here until caught(). */
static int catch (void)
{
	int terminal = dup(STDERR_FILENO);
	int fd = open(said_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(terminal >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return terminal;
}

static void caught(int terminal)
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
	int terminal = catch ();
	struct config *c = config_load(file, m);
	caught(terminal);
	assert_true((c == NULL) == (m->errors > 0));
	return c;
}

static struct config *load(const char *yaml, struct messages *m)
{
	write_file(yaml, strlen(yaml));
	return load_file(path, m);
}

/* Loads what has to be accepted without a word. */
static struct config *load_silently(const char *yaml)
{
	struct messages m = {0};
	struct config *c = load(yaml, &m);
	assert_string_equal(said, "");
	assert_non_null(c);
	return c;
}

static void assert_path(const char *value, const char *name)
{
	char expected[256];
	snprintf(expected, sizeof expected, "%s/%s", folder, name);
	assert_string_equal(value, expected);
}

static void left_out_keys_have_defaults(void **state)
{
	(void)state;
	struct config *c = load_silently(CA);
	assert_int_equal(c->nonce, SNAPSHOT_NONCE_IGNORE);
	assert_false(c->cache_headers);
	assert_true(c->max_cache_age == SNAPSHOT_NO_MAX_AGE);
	assert_int_equal(c->cache_window, 0);
	assert_int_equal(c->deadline_ms, 5000);
	assert_int_equal(c->request_octets, 16384);
	assert_int_equal(c->certids, 64);
	assert_int_equal(c->log_format, LOG_JSON);
	assert_int_equal(c->log_level, LOG_INFO);
	assert_false(c->redis.present);
	assert_int_equal(c->redis.address_count, 1);
	assert_string_equal(c->redis.addresses[0].value, "127.0.0.1:6379");
	assert_int_equal(c->redis.timeout_ms, 250);
	assert_int_equal(c->ca_count, 1);
	const struct config_ca *ca = &c->cas[0];
	assert_int_equal(ca->validity_hours, 168);
	assert_int_equal(ca->start_skew_seconds, 3600);
	assert_false(ca->responder_by_name);
	assert_true(ca->include_signer);
	assert_int_equal(ca->status, SNAPSHOT_STATUS_REDIS);
	assert_int_equal(ca->unknown_serial, SNAPSHOT_UNKNOWN);
	assert_int_equal(ca->archive_cutoff_days, 0);
	assert_false(ca->require_signed_requests);
	assert_null(ca->ocsp_chain.value);
	config_free(c);
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

static void every_key_is_stored(void **state)
{
	(void)state;
	struct config *c = load_silently(every_key);
	assert_int_equal(c->nonce, SNAPSHOT_NONCE_REQUIRE);
	assert_true(c->cache_headers);
	assert_int_equal(c->max_cache_age, 60);
	assert_int_equal(c->cache_window, 300);
	assert_int_equal(c->deadline_ms, 600000);
	assert_int_equal(c->request_octets, 256);
	assert_int_equal(c->certids, 256);
	assert_int_equal(c->log_format, LOG_TEXT);
	assert_int_equal(c->log_level, LOG_ERROR);
	assert_int_equal(c->redis.address_count, 4);
	assert_string_equal(c->redis.addresses[0].value, "unix:/run/r.sock");
	assert_string_equal(c->redis.addresses[3].value, "rediss://r:6380/2");
	assert_string_equal(c->redis.username.value, "ocsp");
	assert_string_equal(c->redis.password.value, "p w");
	assert_int_equal(c->redis.database, 3);
	assert_int_equal(c->redis.timeout_ms, 60000);
	assert_string_equal(c->redis.tls_ca.value, "/ca.pem");
	assert_path(c->redis.tls_key.value, "k.pem");
	assert_int_equal(c->ca_count, 2);
	assert_string_equal(c->cas[1].name.value, "two");
	assert_path(c->cas[1].ca_cert.key.value, "two.key");
	config_free(c);
}

static void every_key_of_a_ca_is_stored(void **state)
{
	(void)state;
	struct config *c = load_silently(every_key);
	const struct config_ca *ca = &c->cas[0];
	assert_path(ca->ca_cert.pkcs12.value, "ca.p12");
	assert_path(ca->ca_cert.password_file.value, "ca.pw");
	assert_int_equal(ca->signer_count, 2);
	assert_path(ca->signers[0].cert.value, "a.pem");
	assert_string_equal(ca->signers[0].digest.value, "sha384");
	assert_string_equal(ca->signers[0].rsa_padding.value, "pss");
	assert_string_equal(ca->signers[0].password.value, "");
	assert_int_equal(ca->signers[1].at.line, 21);
	assert_int_equal(ca->signers[1].at.column, 9);
	assert_path(ca->ocsp_chain.value, "chain.pem");
	assert_int_equal(ca->validity_hours, 1);
	assert_int_equal(ca->start_skew_seconds, 0);
	assert_true(ca->responder_by_name);
	assert_false(ca->include_signer);
	assert_int_equal(ca->status, SNAPSHOT_STATUS_TABLE);
	assert_path(ca->table.value, "one.table");
	assert_int_equal(ca->unknown_serial, SNAPSHOT_UNKNOWN_REVOKED);
	assert_int_equal(ca->archive_cutoff_days, 36500);
	assert_true(ca->require_signed_requests);
	assert_int_equal(ca->requester_count, 2);
	assert_path(ca->requesters[0].value, "alice.pem");
	assert_string_equal(ca->redis_subject.value, "/C=US");
	config_free(c);
}

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

static void ruby_file_loads_with_one_notice_a_key(void **state)
{
	(void)state;
	struct messages m = {0};
	struct config *c = load(ruby, &m);
	if (!c)
		fail_msg("%s", said);
	assert_int_equal(m.warnings, 0);
	size_t notices = 0;
	for (const char *p = said; (p = strstr(p, "is ignored")); p++)
		notices++;
	assert_int_equal(notices, 7);
	assert_int_equal(c->nonce, SNAPSHOT_NONCE_COPY);
	assert_true(c->max_cache_age == SNAPSHOT_NO_MAX_AGE);
	assert_null(c->cas[0].ocsp_chain.value);
	assert_null(c->cas[0].signers[0].password.value);
	assert_int_equal(c->cas[0].validity_hours, 96);
	assert_int_equal(c->cas[1].signer_count, 0);
	config_free(c);
}

static void aliases_and_merge_keys_are_followed(void **state)
{
	(void)state;
	struct config *c =
		load_silently("certificate_authorities:\n"
			      "  a: &a\n    ca_cert: {cert: a.pem}\n    ocsp_cert: &o {cert: o, key: k}\n"
			      "    ocsp_validity_hours: 24\n    include_signer: false\n"
			      "  b: {<<: *a, ocsp_validity_hours: 48}\n"
			      "  c: {<<: [{responder_id: name, ocsp_validity_hours: 2}, *a]}\n"
			      "  d: {ca_cert: {cert: d.pem}, ocsp_cert: *o}\n");
	assert_int_equal(c->ca_count, 4);
	assert_int_equal(c->cas[1].validity_hours, 48);
	assert_path(c->cas[1].ca_cert.cert.value, "a.pem");
	assert_false(c->cas[1].include_signer);
	assert_int_equal(c->cas[2].validity_hours, 2);
	assert_true(c->cas[2].responder_by_name);
	assert_path(c->cas[3].signers[0].key.value, "k");
	config_free(c);
}

static void a_merge_key_that_ruby_reads_otherwise_is_a_warning(void **state)
{
	(void)state;
	struct messages m = {0};
	struct config *c = load("certificate_authorities:\n"
				"  a: &a {ca_cert: {cert: c, key: k}, ocsp_validity_hours: 24}\n"
				"  b: {ocsp_validity_hours: 48, <<: *a}\n",
		&m);
	assert_non_null(c);
	assert_int_equal(m.warnings, 1);
	assert_non_null(strstr(said, ":3:7: warning: "));
	assert_int_equal(c->cas[1].validity_hours, 48);
	config_free(c);
}

struct refusal {
	const char *name, *yaml;
	unsigned line, column; /* line 0: the file as a whole */
	const char *word;      /* of the message */
};

static const struct refusal refusals[] = {
	{"unknown_key_names_the_nearest", "max_cache_aeg: 6\n" CA, 1, 1, "\"max_cache_age\""},
	{"unknown_key_of_a_ca", CA "    ocsp_chian: x\n", 5, 5, "\"ocsp_chain\""},
	{"unknown_key_of_a_section", "limits:\n  certid: 4\n" CA, 2, 3, "\"certids\""},
	{"misplaced_key_names_its_place", "ocsp_chain: x\n" CA, 1, 1, "belongs in a CA"},
	{"ruby_symbol_as_key", CA "    :ocsp_chain: x\n", 5, 5, "\"ocsp_chain\""},
	{"duplicate_key", "nonce: copy\nlog: {}\nnonce: copy\n" CA, 3, 1, "first in line 1"},
	{"duplicate_ca", CA "  b: &b {ca_cert: {cert: c, key: k}}\n  a: *b\n", 6, 3, "first in line 2"},
	{"duplicate_key_in_an_ignored_one", CA "    profiles: {x: 1, x: 2}\n", 5, 22, "twice"},
	{"quoted_false_is_true_to_ruby", "cache_headers: 'false'\n" CA, 1, 16, "without quotes"},
	{"number_for_a_bool", "copy_nonce: 1\n" CA, 1, 13, "true or false"},
	{"nonce_contradicts_copy_nonce", "nonce: ignore\ncopy_nonce: true\n" CA, 2, 1, "contradicts"},
	{"copy_nonce_contradicts_require", "copy_nonce: no\nnonce: require\n" CA, 1, 1, "contradicts"},
	{"unknown_word_lists_the_words", "nonce: maybe\n" CA, 1, 8, "ignore, copy or require"},
	{"key_without_value", "nonce:\n" CA, 1, 1, "no value"},
	{"number_below_its_range", "deadline_ms: 99\n" CA, 1, 14, "from 100 to 600000"},
	{"number_above_its_range", "limits: {certids: 257}\n" CA, 1, 19, "from 1 to 256"},
	{"negative_number", CA "    ocsp_start_skew_seconds: -1\n", 5, 30, "from 0 to 604800"},
	{"zero_validity", CA "    ocsp_validity_hours: 0\n", 5, 26, "from 1 to 8760"},
	{"number_with_a_fraction", "max_cache_age: 60.0\n" CA, 1, 16, "whole number"},
	{"octal_number", "max_cache_age: 060\n" CA, 1, 16, "whole number"},
	{"huge_number", "max_cache_age: 99999999999999999999\n" CA, 1, 16, "whole number"},
	{"list_for_a_text", CA_LESS "ca_cert: {cert: [a], key: k}\n", 3, 21, "not a list"},
	{"text_for_a_mapping", "redis: here\n" CA, 1, 8, "redis is a mapping"},
	{"empty_path", CA_LESS "ca_cert: {cert: '', key: k}\n", 3, 21, "is empty"},
	{"nul_in_a_text", CA_LESS "ca_cert: {cert: \"a\\0b\", key: k}\n", 3, 21, "NUL"},
	{"list_as_a_key", CA "    [a]: b\n", 5, 5, "must be a word"},
	{"no_cas", "nonce: copy\n", 0, 0, "certificate_authorities"},
	{"empty_cas", "certificate_authorities: {}\n", 1, 26, "at least one CA"},
	{"cas_as_a_list", "certificate_authorities: [a]\n", 1, 26, "at least one CA"},
	{"control_character_in_a_ca_name",
		"certificate_authorities: {\"a\\tb\": {ca_cert: {cert: c, key: k}}}\n", 1, 27, "control"},
	{"ca_without_ca_cert", CA_LESS "ocsp_cert: {cert: o, key: k}\n", 2, 3, "no ca_cert"},
	{"ca_with_nothing_to_sign_with", CA_LESS "ca_cert: {cert: c}\n", 2, 3, "nothing to sign with"},
	{"ca_cert_without_cert", CA_LESS "ca_cert: {key: k}\n", 3, 5, "no certificate"},
	{"delegate_without_key", CA_LESS "ca_cert: {cert: c}\n    ocsp_cert: {cert: o}\n", 4, 5, "no key"},
	{"pkcs12_and_key", CA_LESS "ca_cert: {pkcs12: c, key: k}\n", 3, 31, "both given"},
	{"two_passwords", CA_LESS "ca_cert: {pkcs12: c, password: x, password_file: y}\n", 3, 54,
		"both given"},
	{"ocsp_cert_and_ocsp_certs", CA "    ocsp_certs: [{cert: o, key: k}]\n", 5, 5, "both given"},
	{"ocsp_certs_of_nobody", CA_LESS "ca_cert: {cert: c}\n    ocsp_certs: []\n", 4, 17, "from 1 to 16"},
	{"ocsp_cert_as_a_list", CA_LESS "ca_cert: {cert: c}\n    ocsp_cert: [{cert: o, key: k}]\n", 4, 16,
		"ocsp_certs"},
	{"engine", CA_LESS "ca_cert: {cert: c, engine: chil}\n", 3, 24, "engine are not supported"},
	{"sha1_response", CA_LESS "ca_cert: {cert: c, key: k, digest: SHA1}\n", 3, 40, "sha256, sha384 or"},
	{"status_of_no_kind", CA "    status: tables\n", 5, 13, "{table: FILE}"},
	{"status_without_table", CA "    status: {}\n", 5, 13, "{table: FILE}"},
	{"signed_requests_of_nobody", CA "    require_signed_requests: true\n", 5, 5, "names nobody"},
	{"redis_subject_without_slash", CA "    redis_subject: C=US\n", 5, 20, "begins with"},
	{"redis_two_passwords", "redis: {password: a, password_file: b}\n" CA, 1, 37, "both given"},
	{"redis_user_without_password", "redis: {username: a}\n" CA, 1, 19, "password_file"},
	{"redis_tls_cert_without_key", "redis: {tls: {cert: a}}\n" CA, 1, 21, "belong together"},
	{"redis_too_many_addresses", "redis: {address: [a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1]}\n" CA, 1, 18,
		"not 9"},
	{"alias_without_anchor", CA "    ocsp_chain: *x\n", 5, 17, "no anchor &x"},
	{"alias_inside_its_anchor", CA "    profiles: &x {y: *x}\n", 5, 22, "inside its own anchor"},
	{"merge_of_a_text", CA "    <<: x\n", 5, 9, "takes a mapping"},
	{"ruby_object", CA "    profiles: !ruby/object:Hash {}\n", 5, 15, "!ruby/object:Hash"},
	{"second_document", CA "---\nnonce: copy\n", 5, 1, "second YAML document"},
	{"bad_indentation", "nonce: copy\n log: {}\n" CA, 2, 5, "mapping values are not allowed"},
	{"unclosed_bracket", "log: {format: json\n" CA, 2, 24, "began in line 1"},
	{"not_utf8", "nonce: copy\nlog: \xFF\n", 2, 6, "UTF-8"},
	{"empty_file", "# nothing\n", 0, 0, "empty"},
	{"a_list", "- a\n", 1, 1, "is a mapping"},
};

static void mistakes_are_refused_where_they_stand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const struct refusal *refusal = &refusals[i];
		char place[256] = "";
		struct messages m = {0};
		struct config *c = load(refusal->yaml, &m);
		if (refusal->line > 0)
			snprintf(place, sizeof place, "%s:%u:%u: error: ", path, refusal->line,
				refusal->column);
		else
			snprintf(place, sizeof place, "%s: error: ", path);
		if (c || m.errors != 1 || strncmp(said, place, strlen(place)) != 0 ||
			!strstr(said, refusal->word))
			fail_msg("%s: wanted \"%s… %s …\", got %s", refusal->name, place, refusal->word,
				c ? "accepted" : said);
	}
}

static void all_mistakes_are_said_at_once(void **state)
{
	(void)state;
	struct messages m = {0};
	assert_null(load("nonce: maybe\nlimits: {certid: 1}\nnonce: copy\ncertificate_authorities:\n"
			 "  a: {ca_cert: {cert: c}}\n  b: {ca_cert: {key: k, engine: e}}\n  c: *nowhere\n",
		&m));
	assert_int_equal(m.errors, 7);
}

static void addresses_are_checked(void **state)
{
	static const char *const good[] = {"unix:/run/r.sock", "127.0.0.1:6379", "redis-1.example:1",
		"[::1]:65535", "[2001:db8::1]:6379", "redis://h", "redis://h:6379/0", "rediss://[::1]:6380/"};
	static const char *const bad[] = {"", "h", ":6379", "h:", "h:0", "h:65536", "h:6379x", "h:-1",
		"::1:6379", "[::1]", "[::1:6379", "[localhost]:6379", "a b:1", "unix:r.sock",
		"unix:", "redis://", "redis://u:p@h", "redis://h/x", "redis://h:/0", "http://h:80", "h:1/2"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (config_address_fault(good[i]))
			fail_msg("\"%s\": %s", good[i], config_address_fault(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!config_address_fault(bad[i]))
			fail_msg("\"%s\" is accepted", bad[i]);
}

static void a_ca_is_found_by_its_name(void **state)
{
	(void)state;
	struct messages m = {0};
	struct config *c = load_silently(every_key);
	assert_ptr_equal(config_find_ca(c, "two", &m), &c->cas[1]);
	assert_int_equal(m.errors, 0);
	int terminal = catch ();
	assert_null(config_find_ca(c, "three", &m));
	caught(terminal);
	assert_int_equal(m.errors, 1);
	assert_non_null(strstr(said, "there is one, two\n"));
	config_free(c);
}

static void aliases_of_aliases_are_bounded(void **state)
{
	(void)state;
	struct messages m = {0};
	char *end = text + sprintf(text, "custom_oids:\n  x0: &x0 [a, a, a, a, a, a, a, a]\n");
	for (int i = 1; i < 30; i++)
		end += sprintf(
			end, "  x%d: &x%d [*x%d, *x%d, *x%d, *x%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
	assert_null(load(text, &m));
	assert_non_null(strstr(said, "too many values"));
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	struct messages m = {0};
	memset(text, '[', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_null(load(text, &m));
	assert_non_null(strstr(said, "nested too deeply"));
}

/* A square of that would take minutes. */
static void ten_thousand_cas_load(void **state)
{
	(void)state;
	struct messages m = {0};
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs("certificate_authorities:\n", out);
	for (int i = 0; i < 10000; i++)
		fprintf(out, "  ca%d: {ca_cert: {cert: c.pem}, ocsp_cert: &o%d {cert: o, key: k}}\n", i, i);
	fclose(out);
	struct config *c = load_file(path, &m);
	assert_non_null(c);
	assert_int_equal(c->ca_count, 10000);
	assert_string_equal(c->cas[9999].name.value, "ca9999");
	config_free(c);
}

static size_t read_example(void)
{
	FILE *in = fopen("config.yaml.example", "r");
	assert_non_null(in);
	size_t len = fread(text, 1, sizeof text - 1, in);
	fclose(in);
	text[len] = '\0';
	return len;
}

static void the_example_loads_without_a_word(void **state)
{
	(void)state;
	struct messages m = {0};
	struct config *c = load_file("config.yaml.example", &m);
	assert_string_equal(said, "");
	assert_non_null(c);
	char *here = getcwd(NULL, 0);
	assert_string_equal(c->folder, here);
	assert_string_equal(c->path, "config.yaml.example");
	free(here);
	config_free(c);
}

/* "key:" of its own, or a word of the sentence that lists the ignored and refused ones. */
static bool is_named(const char *example, const char *key)
{
	size_t len = strlen(key);
	for (const char *p = example; (p = strstr(p, key)); p += len) {
		bool begins = p > example && strchr(" \n({", p[-1]);
		if (begins && p[len] != '\0' && strchr(":,;.)", p[len]))
			return true;
	}
	return false;
}

static void the_example_names_every_key(void **state)
{
	(void)state;
	(void)read_example();
	for (size_t i = 0; i < CONFIG_TABLES; i++)
		for (size_t k = 0; k < config_tables[i]->count; k++) {
			const char *key = config_tables[i]->keys[k].name;
			if (!strchr(key, '*') && !is_named(text, key))
				fail_msg("config.yaml.example does not name \"%s\" of %s", key,
					config_tables[i]->of);
		}
}

/* splitmix64: the same rounds in every run. */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static void load_octets(const char *octets, size_t len)
{
	struct messages m = {0};
	write_file(octets, len);
	config_free(load_file(path, &m));
}

static void no_cut_crashes(void **state)
{
	(void)state;
	size_t example = read_example();
	for (size_t len = 0; len < example; len += 7)
		load_octets(text, len);
	for (size_t len = 0; len < sizeof every_key; len++)
		load_octets(every_key, len);
}

static void no_changed_octets_crash(void **state)
{
	static const char likely[] = "{}[]:,&*!|>'\"%@`#-? \n\t\xFF<~0a";
	uint64_t seed = 1;
	(void)state;
	for (int round = 0; round < 4000; round++) {
		const char *from = round % 2 == 0 ? every_key : ruby;
		size_t len = strlen(from), changes = 1 + next_random(&seed) % 4;
		memcpy(text, from, len);
		for (size_t i = 0; i < changes; i++) {
			uint64_t number = next_random(&seed);
			text[number % len] = number >> 63 ? (char)(number >> 32)
							  : likely[(number >> 32) % (sizeof likely - 1)];
		}
		load_octets(text, len);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(left_out_keys_have_defaults),
		cmocka_unit_test(every_key_is_stored),
		cmocka_unit_test(every_key_of_a_ca_is_stored),
		cmocka_unit_test(ruby_file_loads_with_one_notice_a_key),
		cmocka_unit_test(aliases_and_merge_keys_are_followed),
		cmocka_unit_test(a_merge_key_that_ruby_reads_otherwise_is_a_warning),
		cmocka_unit_test(mistakes_are_refused_where_they_stand),
		cmocka_unit_test(all_mistakes_are_said_at_once),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(a_ca_is_found_by_its_name),
		cmocka_unit_test(aliases_of_aliases_are_bounded),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(ten_thousand_cas_load),
		cmocka_unit_test(the_example_loads_without_a_word),
		cmocka_unit_test(the_example_names_every_key),
		cmocka_unit_test(no_cut_crashes),
		cmocka_unit_test(no_changed_octets_crash),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
