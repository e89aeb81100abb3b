/*
 * Signing without a deprecated call, for OpenSSL releases that drop those of sign_lowlevel.c. A library context of its own
 * reads no configuration, holds the built-in default provider and, instead of OpenSSL's generators, sign_evp_random.c's.
 */
#include "sign_evp_parts.h"
#include "sign_parts.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

/* Lives as long as the process. */
static OSSL_LIB_CTX *library;

const char *sign_implementation(void)
{
	return "evp";
}

bool sign_libcrypto_start(void)
{
	const uint64_t nothing_else = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
				      OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
	if (library)
		return true;
	if (OPENSSL_init_crypto(nothing_else, NULL) != 1)
		return false;
	OSSL_LIB_CTX *fresh = OSSL_LIB_CTX_new();
	if (!fresh)
		return false;
	if (!OSSL_PROVIDER_load(fresh, "default") || !sign_evp_random(fresh)) {
		OSSL_LIB_CTX_free(fresh);
		return false;
	}
	library = fresh;
	return true;
}

OSSL_LIB_CTX *sign_evp_library(void)
{
	return library;
}

/* ---- hashes ---- */

const EVP_MD *sign_evp_hash(size_t digest_octets)
{
	/* Fetched once: a fetch costs more than hashing a response. */
	static EVP_MD *fetched[3];
	static const char *const names[3] = {"SHA2-256", "SHA2-384", "SHA2-512"};
	static const size_t octets[3] = {32, 48, 64};
	for (size_t i = 0; i < 3; i++) {
		if (octets[i] != digest_octets)
			continue;
		if (!fetched[i])
			fetched[i] = EVP_MD_fetch(library, names[i], NULL);
		return fetched[i];
	}
	return NULL;
}

bool sign_digest(size_t digest_octets, struct slice octets, uint8_t digest[SIGN_DIGEST_MAX])
{
	const EVP_MD *hash = sign_evp_hash(digest_octets);
	return hash && EVP_Digest(octets.data, octets.len, digest, NULL, hash, NULL) == 1;
}

/* ---- keys ---- */

static EVP_PKEY *key_from(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *context = params ? EVP_PKEY_CTX_new_from_name(library, type, NULL) : NULL;
	if (context && EVP_PKEY_fromdata_init(context) == 1 &&
		EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

/* The numbers go through secure BIGNUMs, so that the parameter list's copy is cleansed when it is freed. */
static bool push_number(OSSL_PARAM_BLD *builder, const char *name, BIGNUM **number, struct slice octets)
{
	*number = BN_secure_new();
	return *number && BN_bin2bn(octets.data, (int)octets.len, *number) &&
	       OSSL_PARAM_BLD_push_BN(builder, name, *number) == 1;
}

static EVP_PKEY *rsa_key(const struct sign_key *key)
{
	static const char *const names[SIGN_KEY_PARTS] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
	BIGNUM *numbers[SIGN_KEY_PARTS] = {NULL};
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	bool good = builder != NULL;
	for (size_t i = 0; good && i < SIGN_KEY_PARTS; i++)
		good = push_number(builder, names[i], &numbers[i], key->part[i]);
	OSSL_PARAM *params = good ? OSSL_PARAM_BLD_to_param(builder) : NULL;
	EVP_PKEY *pkey = key_from("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	for (size_t i = 0; i < SIGN_KEY_PARTS; i++)
		BN_clear_free(numbers[i]);
	return pkey;
}

static EVP_PKEY *ec_key(const struct sign_key *key)
{
	static const char *const curves[SIGN_ALGORITHMS] = {
		[SIGN_ECDSA_P256_SHA256] = "P-256",
		[SIGN_ECDSA_P384_SHA384] = "P-384",
		[SIGN_ECDSA_P521_SHA512] = "P-521",
	};
	BIGNUM *scalar = NULL;
	OSSL_PARAM *params = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	/* The public key is not set: signing does not use it, and computing it would cost half a signature more. */
	if (builder &&
		OSSL_PARAM_BLD_push_utf8_string(
			builder, OSSL_PKEY_PARAM_GROUP_NAME, curves[key->algorithm], 0) == 1 &&
		push_number(builder, OSSL_PKEY_PARAM_PRIV_KEY, &scalar, key->part[SIGN_SCALAR]))
		params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *pkey = key_from("EC", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_clear_free(scalar);
	return pkey;
}

/* ---- signatures ---- */

static bool rsa_settings(EVP_PKEY_CTX *context, const struct sign_job *job)
{
	bool pss = job->traits->family == SIGN_RSA_PSS;
	if (EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1)
		return false;
	if (EVP_PKEY_CTX_set_signature_md(context, sign_evp_hash(job->digest.len)) != 1)
		return false;
	return !pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool sign_by(EVP_PKEY_CTX *context, const struct sign_job *job)
{
	size_t len = SIGN_SIGNATURE_MAX;
	bool good = EVP_PKEY_sign(context, job->signature, &len, job->digest.data, job->digest.len) == 1;
	*job->len = len;
	return good;
}

bool sign_rsa(const struct sign_job *job)
{
	EVP_PKEY *pkey = rsa_key(job->key); /* with blinding, OpenSSL's default */
	EVP_PKEY_CTX *context = pkey ? EVP_PKEY_CTX_new_from_pkey(library, pkey, NULL) : NULL;
	bool good =
		context && EVP_PKEY_sign_init(context) == 1 && rsa_settings(context, job) &&
		sign_by(context, job) && EVP_PKEY_verify_init(context) == 1 && rsa_settings(context, job) &&
		EVP_PKEY_verify(context, job->signature, *job->len, job->digest.data, job->digest.len) == 1;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}

/*
 * Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }   (RFC 3279 2.2.3)
 */
bool sign_ecdsa(const struct sign_job *job)
{
	EVP_PKEY *pkey = ec_key(job->key);
	EVP_PKEY_CTX *context = pkey ? EVP_PKEY_CTX_new_from_pkey(library, pkey, NULL) : NULL;
	bool good = context && EVP_PKEY_sign_init(context) == 1 && sign_by(context, job);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}

bool sign_eddsa(const struct sign_job *job)
{
	struct slice seed = job->key->part[SIGN_SCALAR];
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(library, "ED25519", NULL, seed.data, seed.len);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = SIGN_SIGNATURE_MAX;
	bool good = pkey && context &&
		    EVP_DigestSignInit_ex(context, NULL, NULL, library, NULL, pkey, NULL) == 1 &&
		    EVP_DigestSign(context, job->signature, &len, job->tbs.data, job->tbs.len) == 1;
	*job->len = len;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}
