/*
 * compile: whole configurations, as files, to a snapshot or to a refusal with its place; what the snapshot then holds; and
 * that it is put in place whole or not at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>

#include "ctl/check.h"
#include "ctl/compile.h"
#include "ctl/file.h"
#include "ctl/self_test.h"
#include "pki.h"

static char folder[] = "/tmp/test_compile.XXXXXX";

/* Files NAME.pem and NAME.key in the folder. */
static X509 *make(const char *file, const struct pki_spec *spec)
{
	char name[64];
	X509 *certificate = pki_certificate(spec);

	(void)snprintf(name, sizeof name, "%s.pem", file);
	pki_write_certificate(pki_path(folder, name), certificate);
	(void)snprintf(name, sizeof name, "%s.key", file);
	pki_write_key(pki_path(folder, name), spec->key);
	return certificate;
}

static void make_delegate(
	const char *file, EVP_PKEY *key, const X509 *ca, EVP_PKEY *ca_key, int64_t from, int64_t until)
{
	X509_free(make(file, &(struct pki_spec){.name = file,
				     .key = key,
				     .issuer = ca,
				     .issuer_key = ca_key,
				     .from = from,
				     .until = until,
				     .extensions = PKI_DELEGATE}));
	EVP_PKEY_free(key);
}

/* A delegate of each kind of key that is supported. */
static void make_delegates(const X509 *ca, EVP_PKEY *ca_key)
{
	make_delegate("p256", pki_p256(), ca, ca_key, 0, 0);
	make_delegate("p384", pki_ec("P-384", "named_curve"), ca, ca_key, 0, 0);
	make_delegate("p521", pki_ec("P-521", "named_curve"), ca, ca_key, 0, 0);
	make_delegate("rsa", pki_rsa("RSA", 2048), ca, ca_key, 0, 0);
	make_delegate("pss", pki_rsa("RSA-PSS", 2048), ca, ca_key, 0, 0);
	make_delegate("ed", pki_ed25519(), ca, ca_key, 0, 0);
	make_delegate("expired", pki_p256(), ca, ca_key, -2 * PKI_DAY, -PKI_DAY);
	make_delegate("next", pki_p256(), ca, ca_key, PKI_DAY, 300 * PKI_DAY);
	make_delegate("ending", pki_p256(), ca, ca_key, -PKI_DAY, PKI_DAY);
}

static int set_up(void **state)
{
	EVP_PKEY *ca_key = pki_p256(), *rekeyed = pki_p256(), *other = pki_p256();
	X509 *ca = NULL, *twin = NULL, *large = NULL;
	static char comment[13000];

	(void)state;
	memset(comment, 'x', sizeof comment - 1);
	assert_non_null(mkdtemp(folder));
	ca = make("ca", &(struct pki_spec){.name = "CA", .key = ca_key, .extensions = PKI_CA});
	twin = make("twin", &(struct pki_spec){.name = "CA", .key = rekeyed, .extensions = PKI_CA});
	large = make("large",
		&(struct pki_spec){.name = "Large", .key = other, .extensions = {{"nsComment", comment}}});
	make_delegates(ca, ca_key);
	X509_free(ca);
	X509_free(twin);
	X509_free(large);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(rekeyed);
	EVP_PKEY_free(other);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pki_remove_folder(folder);
	return 0;
}

/* Compiles this text as config.yaml; returns what was said. */
static const char *compile_text(const char *yaml, int64_t now, struct compiled *out, struct messages *m)
{
	const char *path = pki_path(folder, "config.yaml");
	struct config *config = NULL;
	const char *said = NULL;
	bool done = false;

	pki_write_text(path, yaml);
	*m = (struct messages){0};
	*out = (struct compiled){0};
	pki_capture();
	config = config_load(path, m);
	if (config != NULL)
		done = compile(config, now, out, m);
	config_free(config);
	said = pki_said();
	assert_int_equal(done, m->errors == 0);
	assert_int_equal(done, out->octets != NULL);
	return said;
}

#define CAS   "certificate_authorities:\n"
#define ONE   CAS "  A:\n    ca_cert: {cert: ca.pem}\n    status: {table: a.table}\n"
#define GOOD  ONE "    ocsp_cert: {cert: p256.pem, key: p256.key}\n"
#define REDIS CAS "  A:\n    ca_cert: {cert: ca.pem, key: ca.key}\n"

static const struct compile_case {
	const char *name, *yaml;
	bool compiles;
	const char *said;
} compile_cases[] = {
	{"good_but_for_the_table", GOOD, true, "config.yaml:4:21: warning: table "},
	{"c1", ONE "    ocsp_cert: {cert: p256.pem, key: p384.key}\n", false,
		"config.yaml:5:38: error: the key in "},
	{"c1_of_one_kind", ONE "    ocsp_cert: {cert: p256.pem, key: next.key}\n", false,
		"config.yaml:5:38: error: the key in "},
	{"c2", ONE "    ocsp_cert: {cert: large.pem, key: large.key}\n", false,
		"config.yaml:5:23: error: the delegate in "},
	{"c2_of_the_twin",
		CAS "  A:\n    ca_cert: {cert: twin.pem}\n    ocsp_cert: {cert: p256.pem, key: p256.key}\n",
		false, "its signature does not verify with the CA's key"},
	{"c5_expired", ONE "    ocsp_cert: {cert: expired.pem, key: expired.key}\n", false,
		"config.yaml:2:3: error: A has no signer whose certificate is valid now or later"},
	{"c5_one_expired",
		ONE
		"    ocsp_certs: [{cert: expired.pem, key: expired.key}, {cert: p256.pem, key: p256.key}]\n",
		true, "config.yaml:5:25: warning: a certificate in "},
	{"c5_only_later", ONE "    ocsp_cert: {cert: next.pem, key: next.key}\n", true,
		"becomes valid on 2027-01-16"},
	{"c5_ending", ONE "    ocsp_cert: {cert: ending.pem, key: ending.key}\n", true,
		"config.yaml:5:23: warning: a certificate in "},
	{"c7_same_ca", GOOD "  B:\n    ca_cert: {cert: ca.pem, key: ca.key}\n", false,
		"config.yaml:6:3: error: B is the same CA as A (line 2): equal subject and key"},
	{"c7_same_subject_in_redis", REDIS "  B:\n    ca_cert: {cert: twin.pem, key: twin.key}\n", true,
		"config.yaml:4:3: warning: B and A (line 2) have one subject and two keys, and share their "
		"serials"},
	{"no_key_at_all", CAS "  A:\n    ca_cert: {cert: ca.pem}\n", false,
		"config.yaml:2:3: error: the CA \"A\" has nothing to sign with"},
	{"the_cas_key_is_not_opened",
		CAS "  A:\n    ca_cert: {cert: ca.pem, key: nowhere.key}\n"
		    "    ocsp_cert: {cert: p256.pem, key: p256.key}\n",
		true, "config.yaml:3:34: the CA's own key is not read, because a delegate is given"},
	{"a_delegate_that_is_the_ca", ONE "    ocsp_cert: {cert: ca.pem, key: ca.key}\n", true,
		"warning: table "},
	{"redis_is_noticed", REDIS, true,
		"config.yaml:2:3: A takes its status from Redis, for which this version"},
	{"signed_requests", REDIS "    require_signed_requests: {requesters: [ca.pem]}\n", false,
		"is not available in this version"},
	{"redis_tls", "redis: {address: \"a:1\", tls: {ca: ca.pem}}\n" REDIS, false,
		"error: redis.tls is not available in this version"},
	{"cache_window", "cache_window: 60\n" REDIS, false,
		"error: cache_window is not available in this version"},
	{"chain_with_the_signer", GOOD "    ocsp_chain: p256.pem\n", true,
		"config.yaml:6:17: certificate 1 of "},
	{"chain_expired", GOOD "    ocsp_chain: expired.pem\n", true,
		"config.yaml:6:17: warning: a certificate in "},
	{"chain_too_large_for_proxies", GOOD "    ocsp_chain: large.pem\n", true,
		"config.yaml:2:3: warning: the certificates sent with each response of A have 13"},
	{"missing_certificate", CAS "  A:\n    ca_cert: {cert: none.pem, key: ca.key}\n", false,
		"config.yaml:3:21: error: cannot open "},
	{"unreadable_table",
		CAS "  A:\n    ca_cert: {cert: ca.pem, key: ca.key}\n    status: {table: ca.pem}\n", true,
		"config.yaml:4:21: warning: table "},
};

static void configurations_compile_or_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof compile_cases / sizeof *compile_cases; i++) {
		const struct compile_case *c = &compile_cases[i];
		struct compiled compiled = {0};
		struct messages m = {0};
		const char *said = compile_text(c->yaml, PKI_NOW, &compiled, &m);

		pki_assert_said(c->name, said, c->said);
		if (c->compiles != (compiled.octets != NULL))
			fail_msg("%s: %s: %s", c->name, compiled.octets ? "compiled" : "refused", said);
		compile_free(&compiled);
	}
}

static void all_errors_are_said_at_once(void **state)
{
	struct compiled compiled = {0};
	struct messages m = {0};
	const char *said = compile_text(CAS "  A:\n    ca_cert: {cert: none.pem, key: ca.key}\n"
					    "  B:\n    ca_cert: {cert: twin.pem}\n"
					    "    ocsp_cert: {cert: p256.pem, key: p384.key}\n",
		PKI_NOW, &compiled, &m);

	(void)state;
	assert_int_equal(m.errors, 3);
	pki_assert_said("A", said, "config.yaml:3:21: error: ");
	pki_assert_said("B", said, "config.yaml:6:23: error: ");
	pki_assert_said("B", said, "config.yaml:6:38: error: ");
}

/* ---- what the snapshot holds ---- */

#define SIGNER(name, rest) "      - {cert: " name ".pem, key: " name ".key" rest "}\n"
#define EVERY_ALGORITHM                                                                                      \
	CAS "  A:\n    ca_cert: {cert: ca.pem}\n    ocsp_validity_hours: 10\n    ocsp_chain: ca.pem\n"       \
	    "    ocsp_certs:\n" SIGNER("rsa", "") SIGNER("rsa", ", digest: sha384") SIGNER(                  \
		    "rsa", ", digest: sha512") SIGNER("pss", "") SIGNER("pss",                               \
		    ", digest: sha384") SIGNER("rsa", ", digest: sha512, rsa_padding: pss") SIGNER("p256",   \
		    "") SIGNER("p384", "") SIGNER("p521", "") SIGNER("ed",                                   \
		    "") "  B:\n    ca_cert: {cert: twin.pem, key: twin.key}\n    redis_subject: /CN=B\n"

static void every_algorithm_passes_the_self_test(void **state)
{
	struct compiled compiled = {0};
	struct snapshot_fault fault = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	struct ca ca = {0};
	uint64_t next = 0;

	(void)state;
	(void)compile_text(EVERY_ALGORITHM, PKI_NOW, &compiled, &m);
	assert_non_null(compiled.octets);
	assert_int_equal(compiled.ca_count, 2);
	assert_int_equal(compiled.signer_count, 11);
	assert_true(snapshot_read(&s, (struct slice){compiled.octets, compiled.size}, &fault));
	assert_null(self_test(&s));
	assert_true(snapshot_ca_at(&s, s.header.cas_offset, &ca, &next, &fault));
	assert_int_equal(ca.signer_count, 10);
	for (size_t i = 0; i < 10; i++) {
		struct signer signer = {0};

		assert_true(snapshot_signer(&s, &ca, i, &signer, &fault));
		assert_int_equal(signer.algorithm, SIGN_RSA_PKCS1_SHA256 + i);
	}
	assert_int_equal(ca.chain_count, 1);
	assert_int_equal(ca.fixed.validity_seconds, 36000);
	assert_true(bytes_equal(ca.redis_key, SLICE("cert:/CN=CA:")));
	assert_true(snapshot_ca_at(&s, next, &ca, &next, &fault));
	assert_true(bytes_equal(ca.redis_key, SLICE("cert:/CN=B:")));
	compile_free(&compiled);
}

static void the_same_input_gives_the_same_octets(void **state)
{
	struct compiled one = {0}, two = {0};
	struct messages m = {0};

	(void)state;
	(void)compile_text(EVERY_ALGORITHM, PKI_NOW, &one, &m);
	(void)compile_text(EVERY_ALGORITHM, PKI_NOW + 3600, &two, &m);
	assert_non_null(one.octets);
	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.octets, two.octets, one.size);
	compile_free(&one);
	compile_free(&two);
}

/* A key of another certificate of the same kind: nothing but a signature tells them apart. */
static void the_self_test_notices_a_swapped_key(void **state)
{
	struct compiled compiled = {0};
	struct snapshot_fault fault = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	struct snapshot_key *key = NULL;
	uint32_t crc = 0;
	char *wrong = NULL;

	(void)state;
	(void)compile_text(GOOD, PKI_NOW, &compiled, &m);
	assert_true(snapshot_read(&s, (struct slice){compiled.octets, compiled.size}, &fault));
	key = (struct snapshot_key *)(void *)(compiled.octets + s.header.keys_offset);
	((uint8_t *)key)[key->parts[0].offset + 31] ^= 1;
	wrong = self_test(&s);
	assert_non_null(strstr(wrong, "checksum"));
	free(wrong);
	crc = snapshot_crc(s.header.keys_offset, (struct slice){(uint8_t *)key + 4, key->record.size - 4});
	key->record.crc = crc;
	wrong = self_test(&s);
	assert_string_equal(wrong,
		"CA A, signer 1 (ecdsa-p256-sha256): its signature does not verify with its certificate");
	free(wrong);
	compile_free(&compiled);
}

/* ---- putting it in place ---- */

static unsigned files_named_like(const char *prefix)
{
	DIR *entries = opendir(folder);
	const struct dirent *entry = NULL;
	unsigned count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(entries);
	return count;
}

static void a_good_snapshot_replaces_the_old_one(void **state)
{
	const char *path = pki_path(folder, "snapshot");
	struct compiled compiled = {0};
	struct messages m = {0};
	struct stat st = {0};

	(void)state;
	pki_write_text(path, "old");
	(void)compile_text(GOOD, PKI_NOW, &compiled, &m);
	assert_true(compile_install(&compiled, path, FILE_GROUP_KEEP, &m));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_size, compiled.size);
	assert_int_equal(files_named_like("snapshot"), 1);
	compile_free(&compiled);
}

static void a_snapshot_that_fails_its_self_test_is_never_installed(void **state)
{
	const char *path = pki_path(folder, "snapshot");
	struct compiled compiled = {0};
	struct messages m = {0};
	struct stat st = {0};

	(void)state;
	pki_write_text(path, "old");
	(void)compile_text(GOOD, PKI_NOW, &compiled, &m);
	compiled.octets[compiled.size - SNAPSHOT_PAGE + 100] ^= 1; /* inside the key */
	pki_capture();
	assert_false(compile_install(&compiled, path, FILE_GROUP_KEEP, &m));
	pki_assert_said("install", pki_said(), "the new snapshot fails its self-test");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(files_named_like("snapshot"), 1);
	compile_free(&compiled);
}

/* ---- check ---- */

static const char *check_at(const char *yaml, int64_t now, enum check_level *level)
{
	static char text[4096];
	const struct check_limits limits = {CHECK_SIGNER_DAYS, 0};
	const char *path = pki_path(folder, "snapshot");
	struct check_report report = {0};
	struct compiled compiled = {0};
	struct messages m = {0};

	(void)compile_text(yaml, PKI_NOW, &compiled, &m);
	assert_true(compile_install(&compiled, path, FILE_GROUP_KEEP, &m));
	compile_free(&compiled);
	check(path, &limits, now, &report);
	(void)snprintf(text, sizeof text, "%s\n%s", report.summary, report.details);
	*level = report.level;
	check_free(&report);
	return text;
}

static void check_tells_what_expires(void **state)
{
	static const char together[] = REDIS; /* the CA itself: a year */
	static const char gap[] = CAS "  A:\n    ca_cert: {cert: ca.pem}\n    ocsp_certs:\n" SIGNER(
		"ending", "") SIGNER("next", "");
	static const struct {
		const char *name, *yaml;
		int64_t days;
		enum check_level level;
		const char *said;
	} cases[] = {
		{"redis_only", together, 0, CHECK_WARNING, "takes its status from Redis"},
		{"missing_table", GOOD, 0, CHECK_CRITICAL, "CA A: table: "},
		{"fourteen_days", together, 351, CHECK_WARNING,
			"CA A has no signer beyond 2028-01-15T08:00:00Z"},
		{"more_than_fourteen_days", together, 350, CHECK_WARNING,
			"ok: CA A has a signer until 2028-01-15"},
		{"too_late", together, 366, CHECK_CRITICAL, "CA A has no signer that is valid now"},
		{"the_next_takes_over", gap, 0, CHECK_WARNING, "ok: CA A has a signer until 2027-11-11"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum check_level level = CHECK_OK;
		const char *said = check_at(cases[i].yaml, PKI_NOW + cases[i].days * PKI_DAY, &level);

		pki_assert_said(cases[i].name, said, cases[i].said);
		if (level != cases[i].level)
			fail_msg("%s: level %d: %s", cases[i].name, (int)level, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations_compile_or_are_refused),
		cmocka_unit_test(all_errors_are_said_at_once),
		cmocka_unit_test(every_algorithm_passes_the_self_test),
		cmocka_unit_test(the_same_input_gives_the_same_octets),
		cmocka_unit_test(the_self_test_notices_a_swapped_key),
		cmocka_unit_test(a_good_snapshot_replaces_the_old_one),
		cmocka_unit_test(a_snapshot_that_fails_its_self_test_is_never_installed),
		cmocka_unit_test(check_tells_what_expires),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
