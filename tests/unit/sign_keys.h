/*
 * Keys for the tests of sign, made when they run. RSA's large sizes are products of primes that RFC 3526 and RFC 7919
 * publish for Diffie-Hellman: quick to have, and nobody's secret. Needs cmocka included before.
 */
#ifndef SIGN_KEYS_H
#define SIGN_KEYS_H

#include "sign_parts.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

struct test_key {
	struct sign_key key; /* its parts are in `octets` */
	uint8_t octets[SIGN_KEY_PARTS][SIGN_SIGNATURE_MAX];
	EVP_PKEY *pkey; /* for verifying */
};

/* `len` 0: as many octets as the number has. */
static inline void keep_part(struct test_key *out, size_t part, const BIGNUM *number, size_t len)
{
	if (len == 0)
		len = (size_t)BN_num_bytes(number);
	assert_int_equal(BN_bn2binpad(number, out->octets[part], (int)len), (int)len);
	out->key.part[part] = (struct slice){out->octets[part], len};
}

static inline BIGNUM *param(const EVP_PKEY *pkey, const char *name)
{
	BIGNUM *number = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &number), 1);
	return number;
}

/* The prime of a Diffie-Hellman group. */
static inline BIGNUM *group_prime(const char *group)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
		OSSL_PARAM_construct_end()};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *pkey = NULL;
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEY_PARAMETERS, params), 1);
	BIGNUM *prime = param(pkey, OSSL_PKEY_PARAM_FFC_P);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(context);
	return prime;
}

/* A prime whose predecessor e does not divide. */
static inline BIGNUM *random_prime(unsigned bits)
{
	BIGNUM *prime = BN_new();
	do
		assert_int_equal(BN_generate_prime_ex(prime, (int)bits, 0, NULL, NULL, NULL), 1);
	while (BN_mod_word(prime, RSA_F4) == 1);
	return prime;
}

static inline void rsa_primes(unsigned bits, BIGNUM **p, BIGNUM **q)
{
	if (bits < 4096) {
		*p = random_prime((bits + 1) / 2);
		*q = random_prime(bits / 2);
		return;
	}
	*p = group_prime(bits == 8192 ? "ffdhe4096" : bits == 6144 ? "ffdhe3072" : "ffdhe2048");
	*q = group_prime(bits == 8192 ? "modp_4096" : bits == 6144 ? "modp_3072" : "modp_2048");
}

static inline EVP_PKEY *rsa_public(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;
	assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static inline void rsa_make(struct test_key *out, unsigned bits)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *p = NULL, *q = NULL, *n = BN_new(), *e = BN_new(), *phi = BN_new(), *t = BN_new();
	rsa_primes(bits, &p, &q);
	BN_mul(n, p, q, context);
	BN_set_word(e, RSA_F4);
	BN_sub_word(p, 1);
	BN_sub_word(q, 1);
	BN_mul(phi, p, q, context);
	BIGNUM *d = BN_mod_inverse(NULL, e, phi, context);
	assert_non_null(d);
	keep_part(out, SIGN_N, n, 0);
	keep_part(out, SIGN_E, e, 0);
	keep_part(out, SIGN_D, d, 0);
	BN_mod(t, d, p, context);
	keep_part(out, SIGN_DP, t, 0);
	BN_mod(t, d, q, context);
	keep_part(out, SIGN_DQ, t, 0);
	BN_add_word(p, 1);
	BN_add_word(q, 1);
	keep_part(out, SIGN_P, p, 0);
	keep_part(out, SIGN_Q, q, 0);
	assert_non_null(BN_mod_inverse(t, q, p, context));
	keep_part(out, SIGN_QINV, t, 0);
	out->pkey = rsa_public(n, e);
	BIGNUM *all[] = {p, q, n, e, phi, t, d};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		BN_free(all[i]);
	BN_CTX_free(context);
}

/* `bits`: 2048 to 3072 (generated), 4096, 6144 or 8192 (of published primes) for RSA; not read for the others. */
static inline void test_key_make(struct test_key *out, enum sign_algorithm algorithm, unsigned bits)
{
	const struct sign_traits *traits = sign_traits(algorithm);
	*out = (struct test_key){
		.key = {.algorithm = algorithm, .part_count = sign_key_part_count(algorithm)}};
	if (traits->family == SIGN_ECDSA) {
		static const char *const curves[SIGN_ALGORITHMS] = {
			[SIGN_ECDSA_P256_SHA256] = "P-256",
			[SIGN_ECDSA_P384_SHA384] = "P-384",
			[SIGN_ECDSA_P521_SHA512] = "P-521",
		};
		out->pkey = EVP_EC_gen(curves[algorithm]);
		BIGNUM *scalar = param(out->pkey, OSSL_PKEY_PARAM_PRIV_KEY);
		keep_part(out, SIGN_SCALAR, scalar, traits->order.len);
		BN_free(scalar);
	} else if (traits->family == SIGN_EDDSA) {
		size_t len = SIGN_SIGNATURE_MAX;
		out->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		assert_int_equal(EVP_PKEY_get_raw_private_key(out->pkey, out->octets[0], &len), 1);
		out->key.part[0] = (struct slice){out->octets[0], len};
	} else {
		rsa_make(out, bits);
	}
}

static inline void test_key_free(struct test_key *key)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
}

/* Whether OpenSSL's EVP, in the process's own library context, finds the signature good. */
static inline bool test_key_verify(const struct test_key *key, struct slice tbs, struct slice signature)
{
	const struct sign_traits *traits = sign_traits(key->key.algorithm);
	const char *hash = traits->digest_octets == 32   ? "SHA256"
			   : traits->digest_octets == 48 ? "SHA384"
			   : traits->digest_octets == 64 ? "SHA512"
							 : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings = NULL;
	assert_int_equal(EVP_DigestVerifyInit_ex(context, &settings, hash, NULL, NULL, key->pkey, NULL), 1);
	if (traits->family == SIGN_RSA_PSS) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	bool good = EVP_DigestVerify(context, signature.data, signature.len, tbs.data, tbs.len) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

#endif
