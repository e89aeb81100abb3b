#include "sign_parts.h"

#include <string.h>

/* SLICE() for a static table: a compound literal would be no constant there. */
#define OCTETS(literal)                                                                                      \
	{                                                                                                    \
		(const uint8_t *)(literal), sizeof(literal) - 1                                              \
	}

/* OIDs with their headers, as AlgorithmIdentifiers carry them: sha256WithRSAEncryption … (RFC 8017 A.2) */
#define RSA_PKCS1(last) OCTETS("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01" last "\x05\x00")
/* ecdsa-with-SHA256 …, parameters absent (RFC 5758 3.2) */
#define ECDSA(last) OCTETS("\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03" last)

/* The public keys': rsaEncryption, id-ecPublicKey with a namedCurve (RFC 5480 2.1.1), id-Ed25519 (RFC 8410 3) */
#define RSA_KEY        OCTETS("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00")
#define OID_EC         "\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01"
#define P256_KEY       OCTETS("\x30\x13" OID_EC "\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07")
#define SECG_KEY(last) OCTETS("\x30\x10" OID_EC "\x06\x05\x2B\x81\x04\x00" last)
#define ED25519        OCTETS("\x30\x05\x06\x03\x2B\x65\x70")

/*
 * RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] HashAlgorithm, maskGenAlgorithm [1] MaskGenAlgorithm,
 *     saltLength [2] INTEGER, trailerField [3] INTEGER DEFAULT 1 }   (RFC 4055 3.1)
 * with MGF1 of the same hash; hash AlgorithmIdentifiers carry NULL (RFC 4055 6).
 */
#define HASH(last)       "\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" last "\x05\x00"
#define OID_PSS          "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A"
#define OID_MGF1         "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08"
#define PSS_HASHES(hash) "\xA0\x0F" hash "\xA1\x1C\x30\x1A" OID_MGF1 hash
#define RSA_PSS(last, salt)                                                                                  \
	OCTETS("\x30\x41" OID_PSS "\x30\x34" PSS_HASHES(HASH(last)) "\xA2\x03\x02\x01" salt)

/* The orders of P-256, P-384 and P-521 (SP 800-186 3.2.1). */
#define ORDER_P256                                                                                           \
	OCTETS("\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"                            \
	       "\xBC\xE6\xFA\xAD\xA7\x17\x9E\x84\xF3\xB9\xCA\xC2\xFC\x63\x25\x51")
#define ORDER_P384                                                                                           \
	OCTETS("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"                            \
	       "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xC7\x63\x4D\x81\xF4\x37\x2D\xDF"                            \
	       "\x58\x1A\x0D\xB2\x48\xB0\xA7\x7A\xEC\xEC\x19\x6A\xCC\xC5\x29\x73")
#define ORDER_P521                                                                                           \
	OCTETS("\x01\xFF"                                                                                    \
	       "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"                            \
	       "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFA"                            \
	       "\x51\x86\x87\x83\xBF\x2F\x96\x6B\x7F\xCC\x01\x48\xF7\x09\xA5\xD0"                            \
	       "\x3B\xB5\xC9\xB8\x89\x9C\x47\xAE\xBB\x6F\xB7\x1E\x91\x38\x64\x09")

#define RSA_PARTS    8
#define RSA_BITS_MIN 2048
#define ED25519_SEED 32

const struct sign_traits *sign_traits(enum sign_algorithm algorithm)
{
	static const struct sign_traits all[SIGN_ALGORITHMS] = {
		[SIGN_RSA_PKCS1_SHA256] = {"rsa-pkcs1-sha256", RSA_PKCS1("\x0B"), RSA_KEY, SIGN_RSA_PKCS1, 32,
			{0}},
		[SIGN_RSA_PKCS1_SHA384] = {"rsa-pkcs1-sha384", RSA_PKCS1("\x0C"), RSA_KEY, SIGN_RSA_PKCS1, 48,
			{0}},
		[SIGN_RSA_PKCS1_SHA512] = {"rsa-pkcs1-sha512", RSA_PKCS1("\x0D"), RSA_KEY, SIGN_RSA_PKCS1, 64,
			{0}},
		[SIGN_RSA_PSS_SHA256] = {"rsa-pss-sha256", RSA_PSS("\x01", "\x20"), {0}, SIGN_RSA_PSS, 32,
			{0}},
		[SIGN_RSA_PSS_SHA384] = {"rsa-pss-sha384", RSA_PSS("\x02", "\x30"), {0}, SIGN_RSA_PSS, 48,
			{0}},
		[SIGN_RSA_PSS_SHA512] = {"rsa-pss-sha512", RSA_PSS("\x03", "\x40"), {0}, SIGN_RSA_PSS, 64,
			{0}},
		[SIGN_ECDSA_P256_SHA256] = {"ecdsa-p256-sha256", ECDSA("\x02"), P256_KEY, SIGN_ECDSA, 32,
			ORDER_P256},
		[SIGN_ECDSA_P384_SHA384] = {"ecdsa-p384-sha384", ECDSA("\x03"), SECG_KEY("\x22"), SIGN_ECDSA,
			48, ORDER_P384},
		[SIGN_ECDSA_P521_SHA512] = {"ecdsa-p521-sha512", ECDSA("\x04"), SECG_KEY("\x23"), SIGN_ECDSA,
			64, ORDER_P521},
		[SIGN_ED25519] = {"ed25519", ED25519, ED25519, SIGN_EDDSA, 0, {0}},
	};
	size_t number = (size_t)algorithm;
	return number < SIGN_ALGORITHMS && all[number].name ? &all[number] : NULL;
}

struct slice sign_algorithm_identifier(enum sign_algorithm algorithm)
{
	const struct sign_traits *traits = sign_traits(algorithm);
	return traits ? traits->identifier : (struct slice){NULL, 0};
}

struct slice sign_key_identifier(enum sign_algorithm algorithm)
{
	const struct sign_traits *traits = sign_traits(algorithm);
	return traits ? traits->key_identifier : (struct slice){NULL, 0};
}

const char *sign_algorithm_name(enum sign_algorithm algorithm)
{
	const struct sign_traits *traits = sign_traits(algorithm);
	return traits ? traits->name : "none";
}

static bool family_is_rsa(enum sign_family family)
{
	return family == SIGN_RSA_PKCS1 || family == SIGN_RSA_PSS;
}

size_t sign_key_part_count(enum sign_algorithm algorithm)
{
	const struct sign_traits *traits = sign_traits(algorithm);
	if (!traits)
		return 0;
	return family_is_rsa(traits->family) ? RSA_PARTS : 1;
}

bool sign_is_deterministic(enum sign_algorithm algorithm)
{
	const struct sign_traits *traits = sign_traits(algorithm);
	return traits && (traits->family == SIGN_RSA_PKCS1 || traits->family == SIGN_EDDSA);
}

struct slice sign_key_secret(const struct sign_key *key)
{
	return key->part_count == RSA_PARTS ? key->part[SIGN_D] : key->part[SIGN_SCALAR];
}

/* A leading zero octet would make a short modulus look long, and an even one stops Montgomery's arithmetic. */
static bool rsa_is_plausible(const struct sign_key *key)
{
	struct slice n = key->part[SIGN_N];
	for (size_t i = 0; i < RSA_PARTS; i++)
		if (key->part[i].len == 0 || key->part[i].len > n.len)
			return false;
	if (n.len < RSA_BITS_MIN / 8 || n.len > SIGN_RSA_BITS_MAX / 8)
		return false;
	bool whole = n.len > RSA_BITS_MIN / 8 ? n.data[0] != 0 : n.data[0] >= 0x80;
	return whole && (n.data[n.len - 1] & 1) != 0;
}

/* 0 < scalar < order: subtracts without looking at a difference before the end. */
static bool scalar_is_plausible(struct slice scalar, struct slice order)
{
	unsigned borrow = 0;
	unsigned any = 0;
	if (scalar.len != order.len)
		return false;
	for (size_t i = scalar.len; i > 0; i--) {
		unsigned difference = 0x100u + scalar.data[i - 1] - order.data[i - 1] - borrow;
		borrow = 1 - (difference >> 8);
		any |= scalar.data[i - 1];
	}
	return (borrow & (any != 0)) == 1;
}

bool sign_key_is_plausible(const struct sign_key *key)
{
	const struct sign_traits *traits = sign_traits(key->algorithm);
	if (!traits || key->part_count != sign_key_part_count(key->algorithm))
		return false;
	if (family_is_rsa(traits->family))
		return rsa_is_plausible(key);
	if (traits->family == SIGN_ECDSA)
		return scalar_is_plausible(key->part[SIGN_SCALAR], traits->order);
	return key->part[SIGN_SCALAR].len == ED25519_SEED;
}

/* libcrypto's callbacks have no argument for it. */
static struct sign_hedge hedge;

bool sign_random(uint8_t *out, size_t len)
{
	return sign_hedge_generate(&hedge, out, len);
}

bool sign_start(void)
{
	return sign_hedge_draw(&hedge) && sign_libcrypto_start();
}

/* Ed25519 hashes for itself, twice, and needs no randomness (RFC 8032 5.1.6). */
static bool hash_and_sign(struct sign_job *job, uint8_t digest[SIGN_DIGEST_MAX])
{
	if (!sign_digest(job->traits->digest_octets, job->tbs, digest))
		return false;
	job->digest = (struct slice){digest, job->traits->digest_octets};
	if (!sign_hedge_begin(&hedge, sign_key_secret(job->key), job->digest))
		return false;
	bool good = job->traits->family == SIGN_ECDSA ? sign_ecdsa(job) : sign_rsa(job);
	sign_hedge_end(&hedge);
	return good;
}

bool sign(const struct sign_key *key, struct slice tbs, uint8_t signature[SIGN_SIGNATURE_MAX], size_t *len)
{
	uint8_t digest[SIGN_DIGEST_MAX];
	struct sign_job job = {key, sign_traits(key->algorithm), {NULL, 0}, tbs, signature, len};
	bool good = false;
	*len = 0;
	if (!sign_key_is_plausible(key))
		goto out;
	good = job.traits->family == SIGN_EDDSA ? sign_eddsa(&job) : hash_and_sign(&job, digest);
out:
	if (!good) {
		explicit_bzero(signature, SIGN_SIGNATURE_MAX);
		*len = 0;
	}
	return good;
}

bool sign_sha256(struct slice octets, uint8_t digest[SIGN_SHA256_OCTETS])
{
	uint8_t whole[SIGN_DIGEST_MAX] = {0};
	bool good = sign_digest(SIGN_SHA256_OCTETS, octets, whole);
	memcpy(digest, whole, SIGN_SHA256_OCTETS);
	return good;
}
