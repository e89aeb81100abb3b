/* compile: require_signed_requests as files, precompiled or refused, and whether what was precompiled verifies. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "compile_lab.h"

#define ONLY(list) REDIS "    require_signed_requests:\n      requesters: [" list "]\n"
#define FOUR       "rsa.pem, p256.pem, p384.pem, p521.pem, "

/* Certificates whose keys are no requester's, beside compile_lab's. */
static int set_up(void **state)
{
	static const char *const names[] = {"weak", "k1", "nosign", "compressed"};
	EVP_PKEY *keys[] = {pki_rsa("RSA", 1024), pki_ec("secp256k1", "named_curve"), pki_p256(), pki_p256()};

	if (lab_set_up(state) != 0)
		return -1;
	assert_int_equal(EVP_PKEY_set_utf8_string_param(
				 keys[3], OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
		1);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *usage = i == 2 ? "keyEncipherment" : "digitalSignature";

		X509_free(make(names[i],
			&(struct pki_spec){
				.name = names[i], .key = keys[i], .extensions = {{"keyUsage", usage}}}));
		EVP_PKEY_free(keys[i]);
	}
	return 0;
}

static const struct requester_case {
	const char *name, *yaml;
	bool compiles;
	const char *said;
} cases[] = {
	{"every_kind_of_key", ONLY(FOUR "ed.pem, compressed.pem"), true, ""},
	{"the_cas_own_certificate", ONLY("twin.pem"), true, ""},
	{"rsa_of_1024_bits", ONLY("weak.pem"), false, "config.yaml:5:20: error: "},
	{"rsa_of_1024_bits_in_words", ONLY("weak.pem"), false,
		"has an RSA key of 1024 bits; use RSA of 2048"},
	{"the_second_is_weak", ONLY("p256.pem, weak.pem"), false, "config.yaml:5:30: error: "},
	{"another_curve", ONLY("k1.pem"), false, "has an EC key of another curve"},
	{"a_key_for_pss_alone", ONLY("pss.pem"), false, "has a key of a kind that is not supported"},
	{"missing", ONLY("none.pem"), false, "config.yaml:5:20: error: cannot open "},
	{"no_certificate", ONLY("p256.key"), false, "holds no certificate"},
	{"one_expired", ONLY("p256.pem, expired.pem"), true, "config.yaml:5:30: warning: a certificate in "},
	{"all_expired", ONLY("expired.pem"), false,
		"config.yaml:5:20: error: A has no requester whose certificate is valid now or later"},
	{"only_later", ONLY("next.pem"), true, "becomes valid on 2027-01-16"},
	{"not_for_signatures", ONLY("nosign.pem"), true,
		"config.yaml:5:20: warning: the requester's certificate in "},
	{"sixteen", ONLY(FOUR FOUR FOUR FOUR), true, ""},
	{"seventeen", ONLY(FOUR FOUR FOUR FOUR "ed.pem"), false, "A has 17 requesters, more than 16"},
};

static void requesters_compile_or_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct requester_case *c = &cases[i];
		struct compiled compiled = {0};
		struct messages m = {0};
		const char *said = compile_text(c->yaml, PKI_NOW, &compiled, &m);

		pki_assert_said(c->name, said, c->said);
		if (c->compiles != (compiled.octets != NULL))
			fail_msg("%s: %s: %s", c->name, compiled.octets ? "compiled" : "refused", said);
		compile_free(&compiled);
	}
}

/* The private key of NAME.key. */
static EVP_PKEY *private_key(const char *name)
{
	char file[64];
	FILE *in = NULL;
	EVP_PKEY *key = NULL;

	(void)snprintf(file, sizeof file, "%s.key", name);
	in = fopen(pki_path(folder, file), "r");
	assert_non_null(in);
	key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	(void)fclose(in);
	assert_non_null(key);
	return key;
}

static bool verifies(const struct verify_key *by, const char *name, const char *hash, struct slice algorithm)
{
	EVP_PKEY *key = private_key(name);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct verify_message message;
	uint8_t signature[SIGN_SIGNATURE_MAX];
	size_t len = sizeof signature;
	bool good = false;

	assert_int_equal(EVP_DigestSignInit_ex(context, NULL, hash, NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &len, (const uint8_t *)"tbs", 3), 1);
	assert_true(verify_begin(&message, algorithm, SLICE("tbs"), (struct slice){signature, len}));
	good = verify(&message, by);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

static void precompiled_keys_verify_in_the_order_of_the_file(void **state)
{
	static const struct {
		const char *name, *hash;
		enum sign_algorithm algorithm;
	} expected[] = {
		{"rsa", "SHA512", SIGN_RSA_PKCS1_SHA512},
		{"p256", "SHA256", SIGN_ECDSA_P256_SHA256},
		{"p384", "SHA256", SIGN_ECDSA_P256_SHA256},
		{"p521", "SHA512", SIGN_ECDSA_P521_SHA512},
		{"ed", NULL, SIGN_ED25519},
		{"compressed", "SHA256", SIGN_ECDSA_P256_SHA256},
	};
	struct snapshot_fault fault = {0};
	struct compiled compiled = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	struct ca ca = {0};
	uint64_t next = 0;

	(void)state;
	(void)compile_text(cases[0].yaml, PKI_NOW, &compiled, &m);
	assert_true(sign_start());
	assert_true(snapshot_read(&s, (struct slice){compiled.octets, compiled.size}, &fault));
	assert_true(snapshot_ca_at(&s, s.header.cas_offset, &ca, &next, &fault));
	assert_int_equal(ca.requester_count, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct slice algorithm = sign_algorithm_identifier(expected[i].algorithm);
		struct requester requester = {0};
		char subject[64];

		assert_true(snapshot_requester(&s, &ca, i, &requester, &fault));
		(void)snprintf(subject, sizeof subject, "CN=%s", expected[i].name);
		assert_true(bytes_equal(requester.name, bytes_of(subject)));
		assert_true(verifies(&requester.key, expected[i].name, expected[i].hash, algorithm));
		assert_true(requester.not_before < PKI_NOW && requester.not_after > PKI_NOW);
	}
	compile_free(&compiled);
}

static void without_the_requirement_there_are_none(void **state)
{
	struct snapshot_fault fault = {0};
	struct compiled compiled = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	struct ca ca = {0};
	uint64_t next = 0;

	(void)state;
	(void)compile_text(REDIS, PKI_NOW, &compiled, &m);
	assert_true(snapshot_read(&s, (struct slice){compiled.octets, compiled.size}, &fault));
	assert_true(snapshot_ca_at(&s, s.header.cas_offset, &ca, &next, &fault));
	assert_int_equal(ca.requester_count, 0);
	compile_free(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requesters_compile_or_are_refused),
		cmocka_unit_test(precompiled_keys_verify_in_the_order_of_the_file),
		cmocka_unit_test(without_the_requirement_there_are_none),
	};

	return cmocka_run_group_tests(tests, set_up, lab_tear_down);
}
