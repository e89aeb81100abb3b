/* Key pairs for the tests of verify and requester: OpenSSL signs, our public numbers verify. Include behind <cmocka.h>. */
#ifndef VERIFY_KEYS_H
#define VERIFY_KEYS_H

#include "verify.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

struct pair {
	struct verify_key key; /* its parts are in `octets` */
	uint8_t octets[VERIFY_KEY_PARTS][SIGN_SIGNATURE_MAX];
	EVP_PKEY *pkey;
};

static inline void pair_number(struct pair *out, size_t part, const char *name)
{
	BIGNUM *number = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(out->pkey, name, &number), 1);
	int len = BN_bn2bin(number, out->octets[part]);
	out->key.part[part] = (struct slice){out->octets[part], (size_t)len};
	BN_free(number);
}

static inline void pair_octets(struct pair *out)
{
	size_t len = 0;
	assert_int_equal(EVP_PKEY_get_octet_string_param(out->pkey, OSSL_PKEY_PARAM_PUB_KEY, out->octets[0],
				 sizeof out->octets[0], &len),
		1);
	out->key.part[0] = (struct slice){out->octets[0], len};
}

/* `bits` is read for RSA. */
static inline void pair_make(struct pair *out, enum verify_kind kind, size_t bits)
{
	static const char *const curves[VERIFY_KINDS] = {NULL, NULL, "P-256", "P-384", "P-521", NULL};
	memset(out, 0, sizeof *out);
	out->key.kind = kind;
	if (kind == VERIFY_RSA) {
		out->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
		pair_number(out, 0, OSSL_PKEY_PARAM_RSA_N);
		pair_number(out, 1, OSSL_PKEY_PARAM_RSA_E);
		return;
	}
	out->pkey =
		kind == VERIFY_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_EC_gen(curves[kind]);
	pair_octets(out);
}

static inline void pair_free(struct pair *pair)
{
	EVP_PKEY_free(pair->pkey);
	pair->pkey = NULL;
}

/* OpenSSL's signature; `hash` NULL for Ed25519; `salt` -2: PKCS#1 v1.5 or no RSA at all. */
static inline struct slice pair_sign(
	const struct pair *pair, const char *hash, int salt, struct slice tbs, uint8_t *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings = NULL;
	size_t len = SIGN_SIGNATURE_MAX;
	assert_int_equal(EVP_DigestSignInit_ex(context, &settings, hash, NULL, NULL, pair->pkey, NULL), 1);
	if (salt != -2) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt), 1);
	}
	assert_int_equal(EVP_DigestSign(context, signature, &len, tbs.data, tbs.len), 1);
	EVP_MD_CTX_free(context);
	return (struct slice){signature, len};
}

#endif
