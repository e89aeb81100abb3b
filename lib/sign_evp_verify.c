/* Verifying without a deprecated call, in the library context of sign_evp.c. */
#include "sign_evp_parts.h"
#include "verify_parts.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = params ? EVP_PKEY_CTX_new_from_name(sign_evp_library(), type, NULL) : NULL;
	if (context && EVP_PKEY_fromdata_init(context) == 1 &&
		EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *rsa_key(const struct verify_key *key)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(key->part[0].data, (int)key->part[0].len, NULL);
	BIGNUM *e = BN_bin2bn(key->part[1].data, (int)key->part[1].len, NULL);
	if (builder && n && e && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		pkey = key_from("RSA", builder);
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *ec_key(const struct verify_key *key)
{
	static const char *const curves[VERIFY_KINDS] = {
		[VERIFY_P256] = "P-256",
		[VERIFY_P384] = "P-384",
		[VERIFY_P521] = "P-521",
	};
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	/* fromdata refuses a point that is not on the curve */
	if (builder &&
		OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curves[key->kind], 0) ==
			1 &&
		OSSL_PARAM_BLD_push_octet_string(
			builder, OSSL_PKEY_PARAM_PUB_KEY, key->part[0].data, key->part[0].len) == 1)
		pkey = key_from("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static bool rsa_settings(EVP_PKEY_CTX *context, const struct verify_message *message)
{
	bool pss = message->family == SIGN_RSA_PSS;
	if (EVP_PKEY_CTX_set_rsa_padding(context, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1)
		return false;
	if (EVP_PKEY_CTX_set_signature_md(context, sign_evp_hash(message->hash.len)) != 1)
		return false;
	return !pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool verify_by(EVP_PKEY_CTX *context, const struct verify_message *message)
{
	return EVP_PKEY_verify(context, message->signature.data, message->signature.len, message->hash.data,
		       message->hash.len) == 1;
}

bool verify_rsa(const struct verify_message *message, const struct verify_key *key)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *context = NULL;
	if (message->signature.len != key->part[0].len)
		return false;
	pkey = rsa_key(key);
	context = pkey ? EVP_PKEY_CTX_new_from_pkey(sign_evp_library(), pkey, NULL) : NULL;
	bool good = context && EVP_PKEY_verify_init(context) == 1 && rsa_settings(context, message) &&
		    verify_by(context, message);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}

/*
 * Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }   (RFC 3279 2.2.3): libcrypto encodes what it read once more and
 * compares, so that nothing but DER is accepted.
 */
bool verify_ecdsa(const struct verify_message *message, const struct verify_key *key)
{
	EVP_PKEY *pkey = ec_key(key);
	EVP_PKEY_CTX *context = pkey ? EVP_PKEY_CTX_new_from_pkey(sign_evp_library(), pkey, NULL) : NULL;
	bool good = context && EVP_PKEY_verify_init(context) == 1 && verify_by(context, message);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}

bool verify_eddsa(const struct verify_message *message, const struct verify_key *key)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(
		sign_evp_library(), "ED25519", NULL, key->part[0].data, key->part[0].len);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = pkey && context &&
		    EVP_DigestVerifyInit_ex(context, NULL, NULL, sign_evp_library(), NULL, pkey, NULL) == 1 &&
		    EVP_DigestVerify(context, message->signature.data, message->signature.len,
			    message->tbs.data, message->tbs.len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}
