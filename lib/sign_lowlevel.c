/*
 * These calls are deprecated since OpenSSL 3.0 and still there in 3.x. They are used because they start several times
 * faster than EVP: no providers, no fetches, no parameter lists. A libcrypto without them takes sign_evp.c.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sign_parts.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

const char *sign_implementation(void)
{
	return "lowlevel";
}

bool sign_libcrypto_start(void)
{
	const uint64_t nothing_else = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
				      OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
	return OPENSSL_init_crypto(nothing_else, NULL) == 1;
}

/* ---- randomness ---- */

static int random_bytes(unsigned char *out, int len)
{
	return len >= 0 && sign_random(out, (size_t)len) ? 1 : 0;
}

static int random_status(void)
{
	return 1;
}

/* Only while a signature is made: whatever else the process does with libcrypto keeps libcrypto's own generator. */
bool sign_lowlevel_random(bool ours)
{
	static const RAND_METHOD method = {
		.bytes = random_bytes, .pseudorand = random_bytes, .status = random_status};
	return RAND_set_rand_method(ours ? &method : NULL) == 1;
}

/* ---- hashes ---- */

static bool sha256(struct slice octets, uint8_t *digest)
{
	SHA256_CTX context;
	bool good = SHA256_Init(&context) == 1 && SHA256_Update(&context, octets.data, octets.len) == 1 &&
		    SHA256_Final(digest, &context) == 1;
	OPENSSL_cleanse(&context, sizeof context);
	return good;
}

/* SHA-384 is SHA-512 with another beginning; the context remembers how long its digest is. */
static bool sha512(int (*init)(SHA512_CTX *), struct slice octets, uint8_t *digest)
{
	SHA512_CTX context;
	bool good = init(&context) == 1 && SHA512_Update(&context, octets.data, octets.len) == 1 &&
		    SHA512_Final(digest, &context) == 1;
	OPENSSL_cleanse(&context, sizeof context);
	return good;
}

bool sign_digest(size_t digest_octets, struct slice octets, uint8_t digest[SIGN_DIGEST_MAX])
{
	switch (digest_octets) {
	case SHA256_DIGEST_LENGTH:
		return sha256(octets, digest);
	case SHA384_DIGEST_LENGTH:
		return sha512(SHA384_Init, octets, digest);
	case SHA512_DIGEST_LENGTH:
		return sha512(SHA512_Init, octets, digest);
	default:
		return false;
	}
}

/* ---- ECDSA ---- */

static EC_KEY *ec_key(const struct sign_key *key)
{
	static const int curves[SIGN_ALGORITHMS] = {
		[SIGN_ECDSA_P256_SHA256] = NID_X9_62_prime256v1,
		[SIGN_ECDSA_P384_SHA384] = NID_secp384r1,
		[SIGN_ECDSA_P521_SHA512] = NID_secp521r1,
	};
	struct slice octets = key->part[SIGN_SCALAR];
	EC_KEY *ec = EC_KEY_new_by_curve_name(curves[key->algorithm]);
	BIGNUM *scalar = BN_bin2bn(octets.data, (int)octets.len, NULL);
	/* The public key is not set: signing does not use it, and computing it would cost half a signature more. */
	bool good = ec && scalar && EC_KEY_set_private_key(ec, scalar) == 1;
	BN_clear_free(scalar);
	if (good)
		return ec;
	EC_KEY_free(ec);
	return NULL;
}

/*
 * Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }   (RFC 3279 2.2.3)
 */
static bool ecdsa(const struct sign_job *job, EC_KEY *ec)
{
	/* Without a setup of ours ECDSA_sign_ex would derive k by a fetched SHA-512, which loads the providers. */
	BIGNUM *kinv = NULL;
	BIGNUM *r = NULL;
	unsigned len = 0;
	bool good = ECDSA_size(ec) <= SIGN_SIGNATURE_MAX && ECDSA_sign_setup(ec, NULL, &kinv, &r) == 1 &&
		    ECDSA_sign_ex(0, job->digest.data, (int)job->digest.len, job->signature, &len, kinv, r,
			    ec) == 1;
	*job->len = len;
	BN_clear_free(kinv);
	BN_clear_free(r);
	return good;
}

bool sign_ecdsa(const struct sign_job *job)
{
	bool good = false;
	EC_KEY *ec = NULL;
	if (!sign_lowlevel_random(true))
		goto out;
	ec = ec_key(job->key);
	good = ec && ecdsa(job, ec);
out:
	EC_KEY_free(ec);
	return sign_lowlevel_random(false) && good;
}

/* ---- RSA ---- */

static bool rsa_set(RSA *rsa, BIGNUM *part[SIGN_KEY_PARTS])
{
	if (RSA_set0_key(rsa, part[SIGN_N], part[SIGN_E], part[SIGN_D]) != 1)
		return false;
	part[SIGN_N] = part[SIGN_E] = part[SIGN_D] = NULL;
	if (RSA_set0_factors(rsa, part[SIGN_P], part[SIGN_Q]) != 1)
		return false;
	part[SIGN_P] = part[SIGN_Q] = NULL;
	if (RSA_set0_crt_params(rsa, part[SIGN_DP], part[SIGN_DQ], part[SIGN_QINV]) != 1)
		return false;
	part[SIGN_DP] = part[SIGN_DQ] = part[SIGN_QINV] = NULL;
	return true;
}

static RSA *rsa_key(const struct sign_key *key)
{
	BIGNUM *part[SIGN_KEY_PARTS] = {NULL};
	RSA *rsa = RSA_new();
	bool good = rsa != NULL;
	for (size_t i = 0; good && i < SIGN_KEY_PARTS; i++) {
		part[i] = BN_bin2bn(key->part[i].data, (int)key->part[i].len, NULL);
		good = part[i] != NULL;
	}
	good = good && rsa_set(rsa, part);
	for (size_t i = 0; i < SIGN_KEY_PARTS; i++)
		BN_clear_free(part[i]);
	if (good)
		return rsa;
	RSA_free(rsa);
	return NULL;
}

static int rsa_hash(const struct sign_job *job)
{
	if (job->digest.len == SHA256_DIGEST_LENGTH)
		return NID_sha256;
	return job->digest.len == SHA384_DIGEST_LENGTH ? NID_sha384 : NID_sha512;
}

/* RSASSA-PKCS1-v1_5 (RFC 8017 8.2) */
static bool rsa_pkcs1(const struct sign_job *job, RSA *rsa)
{
	unsigned len = 0;
	unsigned digest_len = (unsigned)job->digest.len;
	if (RSA_sign(rsa_hash(job), job->digest.data, digest_len, job->signature, &len, rsa) != 1)
		return false;
	*job->len = len;
	return RSA_verify(rsa_hash(job), job->digest.data, digest_len, job->signature, len, rsa) == 1;
}

/* RSASSA-PSS (RFC 8017 8.1) with a salt as long as the hash */
static bool rsa_pss(const struct sign_job *job, RSA *rsa)
{
	uint8_t salt[SIGN_DIGEST_MAX];
	uint8_t encoded[SIGN_SIGNATURE_MAX];
	uint8_t recovered[SIGN_SIGNATURE_MAX];
	int size = RSA_size(rsa);
	if (!sign_random(salt, job->digest.len))
		return false;
	if (!sign_pss_encode(
		    job->digest, (struct slice){salt, job->digest.len}, (size_t)RSA_bits(rsa), encoded))
		return false;
	if (RSA_private_encrypt(size, encoded, job->signature, rsa, RSA_NO_PADDING) != size)
		return false;
	*job->len = (size_t)size;
	return RSA_public_decrypt(size, job->signature, recovered, rsa, RSA_NO_PADDING) == size &&
	       memcmp(encoded, recovered, (size_t)size) == 0;
}

bool sign_rsa(const struct sign_job *job)
{
	bool good = false;
	RSA *rsa = NULL;
	if (!sign_lowlevel_random(true))
		goto out;
	rsa = rsa_key(job->key); /* with blinding, OpenSSL's default */
	if (!rsa || RSA_size(rsa) > SIGN_SIGNATURE_MAX)
		goto out;
	good = job->traits->family == SIGN_RSA_PSS ? rsa_pss(job, rsa) : rsa_pkcs1(job, rsa);
out:
	RSA_free(rsa);
	return sign_lowlevel_random(false) && good;
}

/* ---- Ed25519: libcrypto has no other call for it than EVP ---- */

bool sign_eddsa(const struct sign_job *job)
{
	struct slice seed = job->key->part[SIGN_SCALAR];
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, seed.len);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = SIGN_SIGNATURE_MAX;
	bool good = pkey && context && EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1 &&
		    EVP_DigestSign(context, job->signature, &len, job->tbs.data, job->tbs.len) == 1;
	*job->len = len;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}
