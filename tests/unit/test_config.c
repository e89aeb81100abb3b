/* config: what is accepted, and with which values; the example. */
#include "config_caught.h"

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

static void a_ca_is_found_by_its_name(void **state)
{
	(void)state;
	struct messages m = {0};
	struct config *c = load_silently(every_key);
	assert_ptr_equal(config_find_ca(c, "two", &m), &c->cas[1]);
	assert_int_equal(m.errors, 0);
	int terminal = catch_errors();
	assert_null(config_find_ca(c, "three", &m));
	caught_errors(terminal);
	assert_int_equal(m.errors, 1);
	assert_non_null(strstr(said, "there is one, two\n"));
	config_free(c);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(left_out_keys_have_defaults),
		cmocka_unit_test(every_key_is_stored),
		cmocka_unit_test(every_key_of_a_ca_is_stored),
		cmocka_unit_test(ruby_file_loads_with_one_notice_a_key),
		cmocka_unit_test(aliases_and_merge_keys_are_followed),
		cmocka_unit_test(a_merge_key_that_ruby_reads_otherwise_is_a_warning),
		cmocka_unit_test(a_ca_is_found_by_its_name),
		cmocka_unit_test(ten_thousand_cas_load),
		cmocka_unit_test(the_example_loads_without_a_word),
		cmocka_unit_test(the_example_names_every_key),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
