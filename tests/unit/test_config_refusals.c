/* config: what is refused, and where; and that no octets crash it. */
#include "config_caught.h"

#define CA_LESS "certificate_authorities:\n  a:\n    "

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
	{"text_for_a_mapping", "log: debug\n" CA, 1, 6,
		"log is a mapping of keys to values; write {KEY: VALUE}, where KEY is format or level"},
	{"text_for_a_ca", "certificate_authorities:\n  a: ca.pem\n", 2, 6,
		"write {KEY: VALUE}, where KEY is ca_cert, ocsp_cert,"},
	{"text_for_a_ca_names_what_signs", CA_LESS "ca_cert: ca.pem\n", 3, 14,
		"where KEY is cert, key, pkcs12,"},
	{"list_for_a_mapping", "redis: [here]\n" CA, 1, 8, "redis is a mapping of keys to values; check"},
	{"text_for_all", "here\n", 1, 1, "where KEY is copy_nonce, nonce,"},
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
	{"redis_password_with_a_comma", "redis: {password: a, b}\n" CA, 1, 22,
		"a word without a value in redis; put what has a comma in quotes"},
	{"redis_user_without_password", "redis: {username: a}\n" CA, 1, 19, "password_file"},
	{"redis_tls_cert_without_key", "redis: {tls: {cert: a}}\n" CA, 1, 21, "belong together"},
	{"redis_too_many_addresses", "redis: {address: [a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1]}\n" CA, 1, 18,
		"not 9"},
	{"redis_socket_without_its_scheme", "redis: {address: /run/redis/r.sock}\n" CA, 1, 18,
		"for a socket write unix:/run/redis/r.sock"},
	{"redis_socket_beside_the_file", "redis: {address: run/r.sock}\n" CA, 1, 18,
		"for a socket write unix:run/r.sock"},
	{"redis_address_without_its_port", "redis: {address: h}\n" CA, 1, 18, "the port is missing"},
	{"alias_without_anchor", CA "    ocsp_chain: *x\n", 5, 17, "has no anchor"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_refused_where_they_stand),
		cmocka_unit_test(all_mistakes_are_said_at_once),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(aliases_of_aliases_are_bounded),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(no_cut_crashes),
		cmocka_unit_test(no_changed_octets_crash),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
