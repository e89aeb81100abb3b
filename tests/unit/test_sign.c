/* sign: every algorithm's signatures verify by EVP, whichever implementation is linked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sign_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

static void nothing_is_signed_without_randomness(void **state)
{
	static const enum sign_algorithm algorithms[] = {SIGN_ECDSA_P256_SHA256, SIGN_RSA_PSS_SHA256};
	static struct test_key key;
	static uint8_t signature[SIGN_SIGNATURE_MAX];
	size_t len = 99;
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		test_key_make(&key, algorithms[i], 2048);
		assert_false(sign(&key.key, SLICE("tbs"), signature, &len));
		assert_int_equal(len, 0);
		test_key_free(&key);
	}
}

static void starting_twice_is_harmless(void **state)
{
	(void)state;
	assert_true(sign_start());
	assert_true(sign_start());
}

/* ---- what is known of each algorithm ---- */

/* As the CA/Browser Forum's Baseline Requirements 7.1.3.2 print them, and RFC 8410 10.1. */
static const struct {
	enum sign_algorithm algorithm;
	const char *name, *identifier;
	size_t parts;
	bool deterministic;
} facts[] = {
	{SIGN_RSA_PKCS1_SHA256, "rsa-pkcs1-sha256", "300d06092a864886f70d01010b0500", 8, true},
	{SIGN_RSA_PKCS1_SHA384, "rsa-pkcs1-sha384", "300d06092a864886f70d01010c0500", 8, true},
	{SIGN_RSA_PKCS1_SHA512, "rsa-pkcs1-sha512", "300d06092a864886f70d01010d0500", 8, true},
	{SIGN_RSA_PSS_SHA256, "rsa-pss-sha256",
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
		"a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
		8, false},
	{SIGN_RSA_PSS_SHA384, "rsa-pss-sha384",
		"304106092a864886f70d01010a3034a00f300d06096086480165030402020500"
		"a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130",
		8, false},
	{SIGN_RSA_PSS_SHA512, "rsa-pss-sha512",
		"304106092a864886f70d01010a3034a00f300d06096086480165030402030500"
		"a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140",
		8, false},
	{SIGN_ECDSA_P256_SHA256, "ecdsa-p256-sha256", "300a06082a8648ce3d040302", 1, false},
	{SIGN_ECDSA_P384_SHA384, "ecdsa-p384-sha384", "300a06082a8648ce3d040303", 1, false},
	{SIGN_ECDSA_P521_SHA512, "ecdsa-p521-sha512", "300a06082a8648ce3d040304", 1, false},
	{SIGN_ED25519, "ed25519", "300506032b6570", 1, true},
	{SIGN_NONE, "none", "", 0, false},
	{SIGN_ALGORITHMS, "none", "", 0, false},
	{(enum sign_algorithm)255, "none", "", 0, false},
};

static void facts_of_every_algorithm_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		char text[256] = {0};
		struct buffer hex = bytes_buffer((uint8_t *)text, sizeof text - 1);
		bytes_append_hex(&hex, sign_algorithm_identifier(facts[i].algorithm));
		assert_string_equal(text, facts[i].identifier);
		assert_string_equal(sign_algorithm_name(facts[i].algorithm), facts[i].name);
		assert_int_equal(sign_key_part_count(facts[i].algorithm), facts[i].parts);
		assert_int_equal(sign_is_deterministic(facts[i].algorithm), facts[i].deterministic);
	}
}

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING } */
static void key_identifiers_are_those_of_certificates(void **state)
{
	static const enum sign_algorithm algorithms[] = {SIGN_RSA_PKCS1_SHA256, SIGN_RSA_PKCS1_SHA512,
		SIGN_ECDSA_P256_SHA256, SIGN_ECDSA_P384_SHA384, SIGN_ECDSA_P521_SHA512, SIGN_ED25519};
	(void)state;
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
		struct test_key key;
		unsigned char *der = NULL;
		X509_PUBKEY *info = NULL;
		X509_ALGOR *algorithm = NULL;
		test_key_make(&key, algorithms[i], 2048);
		assert_int_equal(X509_PUBKEY_set(&info, key.pkey), 1);
		assert_int_equal(X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, info), 1);
		int len = i2d_X509_ALGOR(algorithm, &der);
		struct slice ours = sign_key_identifier(algorithms[i]);
		assert_int_equal(len, ours.len);
		assert_memory_equal(der, ours.data, ours.len);
		OPENSSL_free(der);
		X509_PUBKEY_free(info);
		test_key_free(&key);
	}
	assert_int_equal(sign_key_identifier(SIGN_RSA_PSS_SHA256).len, 0);
	assert_int_equal(sign_key_identifier(SIGN_NONE).len, 0);
}

static void orders_are_the_curves(void **state)
{
	static const int curves[] = {NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};
	(void)state;
	for (int i = 0; i < 3; i++) {
		uint8_t octets[66];
		EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[i]);
		struct slice order = sign_traits((enum sign_algorithm)(SIGN_ECDSA_P256_SHA256 + i))->order;
		BN_bn2binpad(EC_GROUP_get0_order(group), octets, (int)order.len);
		assert_memory_equal(octets, order.data, order.len);
		assert_int_equal(order.len, BN_num_bytes(EC_GROUP_get0_order(group)));
		EC_GROUP_free(group);
	}
}

/* ---- signatures ---- */

static uint8_t long_tbs[20000];

/* Signs twice each of three texts: all verify, and the two are alike exactly where the algorithm is deterministic. */
static void check_signatures(const struct test_key *key)
{
	static uint8_t first[SIGN_SIGNATURE_MAX], second[SIGN_SIGNATURE_MAX];
	const struct slice texts[] = {{NULL, 0}, SLICE("tbsResponseData"), {long_tbs, sizeof long_tbs}};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct slice a = {first, 0}, b = {second, 0};
		assert_true(sign(&key->key, texts[i], first, &a.len));
		assert_true(sign(&key->key, texts[i], second, &b.len));
		assert_true(test_key_verify(key, texts[i], a));
		assert_true(test_key_verify(key, texts[i], b));
		assert_int_equal(bytes_equal(a, b), sign_is_deterministic(key->key.algorithm));
		first[a.len - 1] ^= 1;
		assert_false(test_key_verify(key, texts[i], a));
	}
}

static void every_algorithm_verifies(void **state)
{
	static struct test_key key;
	(void)state;
	for (int number = 1; number < SIGN_ALGORITHMS; number++) {
		test_key_make(&key, (enum sign_algorithm)number, 2048);
		check_signatures(&key);
		test_key_free(&key);
	}
}

static void every_rsa_size_verifies(void **state)
{
	static const unsigned sizes[] = {2049, 2052, 3072, 4096, 6144, 8192};
	static struct test_key key;
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		test_key_make(&key, SIGN_RSA_PKCS1_SHA256, sizes[i]);
		assert_int_equal(key.key.part[SIGN_N].len, (sizes[i] + 7) / 8);
		check_signatures(&key);
		key.key.algorithm = SIGN_RSA_PSS_SHA512;
		check_signatures(&key);
		test_key_free(&key);
	}
}

/* RFC 8032 7.1, tests 1 and 2: public test seeds. */
static void ed25519_gives_the_published_signatures(void **state)
{
	static const struct {
		const char *seed, *message, *signature;
	} published[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
			"c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "r",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
			"458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	};
	static uint8_t signature[SIGN_SIGNATURE_MAX];
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t seed[32];
		char text[129] = {0};
		size_t len = 0;
		struct buffer hex = bytes_buffer((uint8_t *)text, sizeof text - 1);
		struct sign_key key = {.algorithm = SIGN_ED25519, .part_count = 1, .part = {{seed, 32}}};
		assert_int_equal(OPENSSL_hexstr2buf_ex(seed, 32, &len, published[i].seed, 0), 1);
		assert_true(sign(&key, bytes_of(published[i].message), signature, &len));
		bytes_append_hex(&hex, (struct slice){signature, len});
		assert_string_equal(text, published[i].signature);
	}
}

/* One k for two signatures gives the key away, and shows as two equal r. */
static void ecdsa_never_repeats_r(void **state)
{
	static uint8_t signatures[64][SIGN_SIGNATURE_MAX];
	static struct test_key key;
	(void)state;
	for (int number = SIGN_ECDSA_P256_SHA256; number <= SIGN_ECDSA_P521_SHA512; number++) {
		test_key_make(&key, (enum sign_algorithm)number, 0);
		for (size_t i = 0; i < 64; i++) {
			size_t len = 0;
			uint8_t tbs = (uint8_t)(i / 2);
			assert_true(sign(&key.key, (struct slice){&tbs, 1}, signatures[i], &len));
			for (size_t j = 0; j < i; j++) /* behind SEQUENCE's and INTEGER's headers */
				assert_memory_not_equal(signatures[i] + 8, signatures[j] + 8, 16);
		}
		test_key_free(&key);
	}
}

static void the_process_keeps_its_own_generator(void **state)
{
	static struct test_key key;
	static uint8_t signature[SIGN_SIGNATURE_MAX];
	uint8_t random[16];
	size_t len = 0;
	(void)state;
	test_key_make(&key, SIGN_ECDSA_P256_SHA256, 0);
	assert_true(sign(&key.key, SLICE("tbs"), signature, &len));
	assert_int_equal(RAND_bytes(random, sizeof random), 1);
	assert_int_equal(RAND_priv_bytes(random, sizeof random), 1);
	test_key_free(&key);
}

static void sha2_is_sha2(void **state)
{
	static const struct {
		size_t octets;
		const char *name;
	} hashes[] = {{32, "SHA256"}, {48, "SHA384"}, {64, "SHA512"}};
	uint8_t ours[SIGN_DIGEST_MAX], theirs[SIGN_DIGEST_MAX];
	(void)state;
	for (size_t len = 0; len < 300; len++) {
		for (size_t i = 0; i < 3; i++) {
			assert_true(sign_digest(hashes[i].octets, (struct slice){long_tbs, len}, ours));
			EVP_Q_digest(NULL, hashes[i].name, NULL, long_tbs, len, theirs, NULL);
			assert_memory_equal(ours, theirs, hashes[i].octets);
		}
		assert_true(sign_sha256((struct slice){long_tbs, len}, ours));
		EVP_Q_digest(NULL, "SHA256", NULL, long_tbs, len, theirs, NULL);
		assert_memory_equal(ours, theirs, SIGN_SHA256_OCTETS);
	}
	assert_false(sign_digest(20, SLICE("x"), ours));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_signed_without_randomness), /* before sign_start() */
		cmocka_unit_test(starting_twice_is_harmless),
		cmocka_unit_test(facts_of_every_algorithm_are_exact),
		cmocka_unit_test(key_identifiers_are_those_of_certificates),
		cmocka_unit_test(orders_are_the_curves),
		cmocka_unit_test(every_algorithm_verifies),
		cmocka_unit_test(every_rsa_size_verifies),
		cmocka_unit_test(ed25519_gives_the_published_signatures),
		cmocka_unit_test(ecdsa_never_repeats_r),
		cmocka_unit_test(the_process_keeps_its_own_generator),
		cmocka_unit_test(sha2_is_sha2),
	};
	for (size_t i = 0; i < sizeof long_tbs; i++)
		long_tbs[i] = (uint8_t)(i * 7 + i / 256);
	return cmocka_run_group_tests_name(sign_implementation(), tests, NULL, NULL);
}
