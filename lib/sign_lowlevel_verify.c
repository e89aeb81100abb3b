/* The calls of sign_lowlevel.c, for the same reason, the other way round. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "verify_parts.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

static RSA *rsa_key(const struct verify_key *key)
{
	RSA *rsa = RSA_new();
	BIGNUM *n = BN_bin2bn(key->part[0].data, (int)key->part[0].len, NULL);
	BIGNUM *e = BN_bin2bn(key->part[1].data, (int)key->part[1].len, NULL);
	if (rsa && n && e && RSA_set0_key(rsa, n, e, NULL) == 1)
		return rsa;
	BN_free(n);
	BN_free(e);
	RSA_free(rsa);
	return NULL;
}

/* RSASSA-PKCS1-v1_5 (RFC 8017 8.2.2): libcrypto encodes the hash itself and compares. */
static bool rsa_pkcs1(const struct verify_message *message, RSA *rsa)
{
	int hash = message->hash.len == SHA256_DIGEST_LENGTH   ? NID_sha256
		   : message->hash.len == SHA384_DIGEST_LENGTH ? NID_sha384
							       : NID_sha512;
	return RSA_verify(hash, message->hash.data, (unsigned)message->hash.len, message->signature.data,
		       (unsigned)message->signature.len, rsa) == 1;
}

/* RSASSA-PSS (RFC 8017 8.1.2) */
static bool rsa_pss(const struct verify_message *message, RSA *rsa)
{
	uint8_t encoded[SIGN_SIGNATURE_MAX];
	int size = RSA_size(rsa);
	return RSA_public_decrypt(size, message->signature.data, encoded, rsa, RSA_NO_PADDING) == size &&
	       sign_pss_verify(message->hash, (struct slice){encoded, (size_t)size}, (size_t)RSA_bits(rsa));
}

bool verify_rsa(const struct verify_message *message, const struct verify_key *key)
{
	bool good = false;
	RSA *rsa = NULL;
	if (message->signature.len != key->part[0].len)
		return false;
	rsa = rsa_key(key);
	if (rsa)
		good = message->family == SIGN_RSA_PSS ? rsa_pss(message, rsa) : rsa_pkcs1(message, rsa);
	RSA_free(rsa);
	return good;
}

/*
 * Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }   (RFC 3279 2.2.3): ECDSA_verify() encodes what it read once more
 * and compares, so that nothing but DER is accepted. It would blind the coordinates of what is public anyway, and goes
 * without where there is no randomness, as from sign_random() outside a signature.
 */
bool verify_ecdsa(const struct verify_message *message, const struct verify_key *key)
{
	static const int curves[VERIFY_KINDS] = {
		[VERIFY_P256] = NID_X9_62_prime256v1,
		[VERIFY_P384] = NID_secp384r1,
		[VERIFY_P521] = NID_secp521r1,
	};
	EC_KEY *ec = EC_KEY_new_by_curve_name(curves[key->kind]);
	/* refuses a point that is not on the curve */
	bool good = ec && sign_lowlevel_random(true) &&
		    EC_KEY_oct2key(ec, key->part[0].data, key->part[0].len, NULL) == 1 &&
		    ECDSA_verify(0, message->hash.data, (int)message->hash.len, message->signature.data,
			    (int)message->signature.len, ec) == 1;
	EC_KEY_free(ec);
	return sign_lowlevel_random(false) && good;
}

/* As for signing, libcrypto has no other call for it than EVP. */
bool verify_eddsa(const struct verify_message *message, const struct verify_key *key)
{
	EVP_PKEY *pkey =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->part[0].data, key->part[0].len);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = pkey && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
		    EVP_DigestVerify(context, message->signature.data, message->signature.len,
			    message->tbs.data, message->tbs.len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}
