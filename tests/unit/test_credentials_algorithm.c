/* credentials: which key signs with which algorithm (R8, C10), and its raw numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "ctl/credentials/credentials.h"
#include "pki.h"

enum kind {
	RSA_1024,
	RSA_2048,
	RSA_8200,
	PSS,
	PSS_SHA384,
	PSS_SHA1,
	PSS_MIXED,
	PSS_MIXED_SHA2,
	PSS_LONG_SALT,
	P224,
	P256,
	P384,
	P521,
	P256_EXPLICIT,
	ED25519,
	ED448,
	KINDS
};

static EVP_PKEY *keys[KINDS];
static EVP_PKEY *issuer_key;
static X509 *issuer;

/* RFC 8017: a modulus of 8200 bits, made of air: its primes would take seconds to find. */
static EVP_PKEY *oversized_rsa(void)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new(), *e = BN_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	assert_true(BN_rand(n, 8200, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD) && BN_set_word(e, 65537));
	assert_true(OSSL_PARAM_BLD_push_BN(build, "n", n) && OSSL_PARAM_BLD_push_BN(build, "e", e));
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

static int set_up(void **state)
{
	const OSSL_PARAM none[] = {OSSL_PARAM_construct_end()};

	(void)state;
	issuer_key = pki_p256();
	issuer = pki_certificate(&(struct pki_spec){.name = "CA", .key = issuer_key});
	keys[RSA_1024] = pki_rsa("RSA", 1024);
	keys[RSA_2048] = pki_rsa("RSA", 2048);
	keys[RSA_8200] = oversized_rsa();
	keys[PSS] = pki_rsa("RSA-PSS", 2048);
	keys[PSS_SHA384] = pki_restricted_pss("SHA384", "SHA384", 48);
	keys[PSS_SHA1] = pki_restricted_pss("SHA1", "SHA1", 20);
	keys[PSS_MIXED] = pki_restricted_pss("SHA256", "SHA1", 20);
	keys[PSS_MIXED_SHA2] = pki_restricted_pss("SHA256", "SHA384", 32);
	keys[PSS_LONG_SALT] = pki_restricted_pss("SHA256", "SHA256", 64);
	keys[P224] = pki_ec("P-224", "named_curve");
	keys[P256] = pki_p256();
	keys[P384] = pki_ec("P-384", "named_curve");
	keys[P521] = pki_ec("P-521", "named_curve");
	keys[P256_EXPLICIT] = pki_ec("P-256", "explicit");
	keys[ED25519] = pki_ed25519();
	keys[ED448] = pki_generate("ED448", none);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		EVP_PKEY_free(keys[i]);
	EVP_PKEY_free(issuer_key);
	X509_free(issuer);
	return 0;
}

#define CERT_AT   "config.yaml:4:7: error: "
#define DIGEST_AT "config.yaml:6:7: error: "
#define PAD_AT    "config.yaml:7:7: error: "
#define BITS      "use RSA of 2048 to 8192 bits"

static const struct algorithm_case {
	enum kind kind;
	const char *digest, *padding;
	enum sign_algorithm expected;
	const char *said;
} algorithm_cases[] = {
	{RSA_2048, NULL, NULL, SIGN_RSA_PKCS1_SHA256, ""},
	{RSA_2048, "sha256", "pkcs1", SIGN_RSA_PKCS1_SHA256, ""},
	{RSA_2048, "sha384", NULL, SIGN_RSA_PKCS1_SHA384, ""},
	{RSA_2048, "sha512", NULL, SIGN_RSA_PKCS1_SHA512, ""},
	{RSA_2048, NULL, "pss", SIGN_RSA_PSS_SHA256, ""},
	{RSA_2048, "sha384", "pss", SIGN_RSA_PSS_SHA384, ""},
	{RSA_2048, "sha512", "pss", SIGN_RSA_PSS_SHA512, ""},
	{RSA_2048, "sha1", NULL, SIGN_NONE, DIGEST_AT "responses are not signed with SHA-1; use sha256"},
	{RSA_2048, "sha224", NULL, SIGN_NONE, DIGEST_AT "sha224 is no digest for signatures"},
	{RSA_1024, NULL, NULL, SIGN_NONE, CERT_AT "d.pem has an RSA key of 1024 bits; " BITS},
	{RSA_8200, NULL, NULL, SIGN_NONE, CERT_AT "d.pem has an RSA key of 8200 bits; " BITS},
	{PSS, NULL, NULL, SIGN_RSA_PSS_SHA256, ""},
	{PSS, "sha512", "pss", SIGN_RSA_PSS_SHA512, ""},
	{PSS, NULL, "pkcs1", SIGN_NONE, PAD_AT "the key in d.pem is for RSA-PSS alone; use rsa_padding: pss"},
	{PSS_SHA384, NULL, NULL, SIGN_RSA_PSS_SHA384, ""},
	{PSS_SHA384, "sha384", NULL, SIGN_RSA_PSS_SHA384, ""},
	{PSS_SHA384, "sha256", NULL, SIGN_NONE, DIGEST_AT "the RSA-PSS key in d.pem is restricted to sha384"},
	{PSS_SHA1, NULL, NULL, SIGN_NONE,
		CERT_AT "the RSA-PSS key in d.pem is restricted to other parameters"},
	{PSS_MIXED, NULL, NULL, SIGN_NONE,
		CERT_AT "the RSA-PSS key in d.pem is restricted to other parameters"},
	{PSS_MIXED_SHA2, NULL, NULL, SIGN_NONE,
		CERT_AT "the RSA-PSS key in d.pem is restricted to other parameters"},
	{PSS_LONG_SALT, NULL, NULL, SIGN_NONE,
		CERT_AT "the RSA-PSS key in d.pem is restricted to other parameters"},
	{P256, NULL, NULL, SIGN_ECDSA_P256_SHA256, ""},
	{P256, "sha256", NULL, SIGN_ECDSA_P256_SHA256, ""},
	{P256, "sha384", NULL, SIGN_NONE,
		DIGEST_AT "a P-256 key signs with sha256, not with sha384; leave digest out"},
	{P256, NULL, "pss", SIGN_NONE, PAD_AT "rsa_padding is given but d.key holds no RSA key"},
	{P384, NULL, NULL, SIGN_ECDSA_P384_SHA384, ""},
	{P521, NULL, NULL, SIGN_ECDSA_P521_SHA512, ""},
	{P224, NULL, NULL, SIGN_NONE, CERT_AT "d.pem has an EC key of another curve"},
	{P256_EXPLICIT, NULL, NULL, SIGN_NONE,
		CERT_AT "d.pem has an EC key of another curve, or of a curve without"},
	{ED25519, NULL, NULL, SIGN_ED25519, ""},
	{ED25519, "sha512", NULL, SIGN_NONE, DIGEST_AT "an Ed25519 key has no choice of digest"},
	{ED25519, NULL, "pkcs1", SIGN_NONE, PAD_AT "rsa_padding is given but"},
	{ED448, NULL, NULL, SIGN_NONE, CERT_AT "d.pem has a key of a kind that is not supported; use RSA"},
};
#define CASES (sizeof algorithm_cases / sizeof *algorithm_cases)

static struct config_text text(const char *value, unsigned line)
{
	return (struct config_text){(char *)(uintptr_t)value, {"config.yaml", line, 7}};
}

static X509 *certificate_of(enum kind kind)
{
	return pki_certificate(&(struct pki_spec){
		.name = "D", .key = keys[kind], .issuer = issuer, .issuer_key = issuer_key});
}

static void the_key_its_digest_and_padding_say_the_algorithm(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		const struct algorithm_case *c = &algorithm_cases[i];
		const struct config_credential from = {.cert = text("d.pem", 4),
			.key = text("d.key", 5),
			.digest = text(c->digest, 6),
			.rsa_padding = text(c->padding, 7)};
		const struct credential credential = {certificate_of(c->kind), keys[c->kind]};
		enum sign_algorithm algorithm = SIGN_NONE;
		struct messages m = {0};

		pki_capture();
		algorithm = credentials_algorithm(&from, &credential, &m);
		pki_assert_said("algorithm", pki_said(), c->said);
		if (algorithm != c->expected || (algorithm == SIGN_NONE) != (m.errors == 1))
			fail_msg("case %zu: got %s, %u errors", i, sign_algorithm_name(algorithm), m.errors);
		X509_free(credential.certificate);
	}
}

/* The part is this number, without leading zeros unless it has a fixed width. */
static void check_part(
	const struct sign_key *raw, size_t part, const EVP_PKEY *key, const char *name, size_t width)
{
	BIGNUM *number = NULL;
	uint8_t octets[SIGN_RSA_BITS_MAX / 8];
	size_t len = 0;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
	len = width ? width : (size_t)BN_num_bytes(number);
	assert_int_equal(BN_bn2binpad(number, octets, (int)len), (int)len);
	assert_int_equal(raw->part[part].len, len);
	assert_memory_equal(raw->part[part].data, octets, len);
	BN_free(number);
}

static void rsa_numbers_in_the_order_of_rfc_8017(void **state)
{
	static const char *const names[] = {"n", "e", "d", "rsa-factor1", "rsa-factor2", "rsa-exponent1",
		"rsa-exponent2", "rsa-coefficient1"};
	struct sign_key raw = {0};

	(void)state;
	assert_true(credentials_raw_key(keys[RSA_2048], SIGN_RSA_PSS_SHA512, &raw));
	assert_int_equal(raw.algorithm, SIGN_RSA_PSS_SHA512);
	assert_int_equal(raw.part_count, 8);
	for (size_t i = 0; i < 8; i++)
		check_part(&raw, i, keys[RSA_2048], names[i], 0);
	credentials_wipe_key(&raw);
	assert_int_equal(raw.part_count, 0);
}

static void ec_scalars_have_their_curves_width(void **state)
{
	static const struct {
		enum kind kind;
		enum sign_algorithm algorithm;
		size_t width;
	} cases[] = {
		{P256, SIGN_ECDSA_P256_SHA256, 32},
		{P384, SIGN_ECDSA_P384_SHA384, 48},
		{P521, SIGN_ECDSA_P521_SHA512, 66},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sign_key raw = {0};

		assert_true(credentials_raw_key(keys[cases[i].kind], cases[i].algorithm, &raw));
		assert_int_equal(raw.part_count, 1);
		check_part(&raw, 0, keys[cases[i].kind], "priv", cases[i].width);
		credentials_wipe_key(&raw);
	}
}

/* A P-256 key whose scalar is 1, and its point therefore the generator. */
static EVP_PKEY *smallest_key(void)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;
	uint8_t point[65];

	assert_int_equal(EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
				 POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, NULL),
		sizeof point);
	assert_true(OSSL_PARAM_BLD_push_utf8_string(build, "group", "P-256", 0) &&
		    OSSL_PARAM_BLD_push_octet_string(build, "pub", point, sizeof point) &&
		    OSSL_PARAM_BLD_push_BN(build, "priv", BN_value_one()));
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	EC_GROUP_free(group);
	return key;
}

static void a_small_scalar_keeps_its_leading_zeros(void **state)
{
	static const uint8_t one[32] = {[31] = 1};
	struct sign_key raw = {0};
	EVP_PKEY *key = smallest_key();

	(void)state;
	assert_true(credentials_raw_key(key, SIGN_ECDSA_P256_SHA256, &raw));
	assert_int_equal(raw.part[0].len, sizeof one);
	assert_memory_equal(raw.part[0].data, one, sizeof one);
	credentials_wipe_key(&raw);
	EVP_PKEY_free(key);
}

static void an_ed25519_seed_has_32_octets(void **state)
{
	struct sign_key raw = {0};
	uint8_t seed[32];
	size_t len = sizeof seed;

	(void)state;
	assert_true(credentials_raw_key(keys[ED25519], SIGN_ED25519, &raw));
	assert_int_equal(EVP_PKEY_get_raw_private_key(keys[ED25519], seed, &len), 1);
	assert_int_equal(raw.part[0].len, 32);
	assert_memory_equal(raw.part[0].data, seed, 32);
	credentials_wipe_key(&raw);
}

static void half_a_key_has_no_raw_numbers(void **state)
{
	struct sign_key raw = {0};

	(void)state;
	assert_false(credentials_raw_key(keys[RSA_8200], SIGN_RSA_PKCS1_SHA256, &raw)); /* a public key */
	assert_false(credentials_raw_key(keys[ED25519], SIGN_RSA_PKCS1_SHA256, &raw));
	assert_false(credentials_raw_key(keys[P256], SIGN_NONE, &raw));
	assert_int_equal(raw.part_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_its_digest_and_padding_say_the_algorithm),
		cmocka_unit_test(rsa_numbers_in_the_order_of_rfc_8017),
		cmocka_unit_test(ec_scalars_have_their_curves_width),
		cmocka_unit_test(a_small_scalar_keeps_its_leading_zeros),
		cmocka_unit_test(an_ed25519_seed_has_32_octets),
		cmocka_unit_test(half_a_key_has_no_raw_numbers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
