#include "verify_parts.h"

#define RSA_OCTETS_MIN      256 /* 2048 bits */
#define RSA_OCTETS_MAX      (SIGN_RSA_BITS_MAX / 8)
#define EXPONENT_OCTETS_MAX 8 /* libcrypto refuses larger ones beside a modulus of more than 3072 bits */
#define UNCOMPRESSED        0x04

enum { MODULUS = 0, EXPONENT = 1 };

static const struct kind {
	const char *name;
	size_t parts;
	size_t octets; /* of part[0]; 0: varies */
} kinds[VERIFY_KINDS] = {
	[VERIFY_NONE] = {"none", 0, 0},
	[VERIFY_RSA] = {"rsa", 2, 0},
	[VERIFY_P256] = {"p256", 1, 1 + 2 * 32},
	[VERIFY_P384] = {"p384", 1, 1 + 2 * 48},
	[VERIFY_P521] = {"p521", 1, 1 + 2 * 66},
	[VERIFY_ED25519] = {"ed25519", 1, 32},
};

static const struct kind *kind_of(enum verify_kind kind)
{
	size_t number = (size_t)kind;
	return &kinds[number < VERIFY_KINDS ? number : VERIFY_NONE];
}

const char *verify_kind_name(enum verify_kind kind)
{
	return kind_of(kind)->name;
}

static bool is_odd(struct slice number)
{
	return (number.data[number.len - 1] & 1) != 0;
}

/* With e = 1 everything would be its own signature. */
static bool exponent_is_plausible(struct slice e)
{
	return e.len >= 1 && e.len <= EXPONENT_OCTETS_MAX && e.data[0] != 0 && is_odd(e) &&
	       (e.len > 1 || e.data[0] >= 3);
}

/* As with private keys: a leading zero octet would make a short modulus look long. */
static bool modulus_is_plausible(struct slice n)
{
	return n.len >= RSA_OCTETS_MIN && n.len <= RSA_OCTETS_MAX && is_odd(n) &&
	       n.data[0] >= (n.len == RSA_OCTETS_MIN ? 0x80 : 1);
}

bool verify_key_is_plausible(const struct verify_key *key)
{
	if (key->kind == VERIFY_RSA)
		return modulus_is_plausible(key->part[MODULUS]) && exponent_is_plausible(key->part[EXPONENT]);
	if (kind_of(key->kind)->parts == 0 || key->part[0].len != kind_of(key->kind)->octets ||
		key->part[1].len != 0)
		return false;
	return key->kind == VERIFY_ED25519 || key->part[0].data[0] == UNCOMPRESSED;
}

/* RFC 4055 5: "accept the parameters being absent as well as present", said of sha256WithRSAEncryption and its like. */
static const struct {
	struct slice identifier;
	enum sign_algorithm algorithm;
} variants[] = {
	{{(const uint8_t *)"\x30\x0B\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B", 13},
		SIGN_RSA_PKCS1_SHA256},
	{{(const uint8_t *)"\x30\x0B\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0C", 13},
		SIGN_RSA_PKCS1_SHA384},
	{{(const uint8_t *)"\x30\x0B\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D", 13},
		SIGN_RSA_PKCS1_SHA512},
};

static enum sign_algorithm algorithm_of(struct slice identifier)
{
	for (int number = SIGN_NONE + 1; number < SIGN_ALGORITHMS; number++)
		if (bytes_equal(sign_algorithm_identifier((enum sign_algorithm)number), identifier))
			return (enum sign_algorithm)number;
	for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
		if (bytes_equal(variants[i].identifier, identifier))
			return variants[i].algorithm;
	return SIGN_NONE;
}

bool verify_begin(
	struct verify_message *message, struct slice algorithm, struct slice tbs, struct slice signature)
{
	const struct sign_traits *traits = sign_traits(algorithm_of(algorithm));
	*message = (struct verify_message){.tbs = tbs, .signature = signature};
	if (!traits)
		return false;
	message->family = (int)traits->family;
	if (traits->family == SIGN_EDDSA)
		return true;
	message->hash = (struct slice){message->digest, traits->digest_octets};
	return sign_digest(traits->digest_octets, tbs, message->digest);
}

/* Of ECDSA a hash belongs to no curve here: clients sign by P-384 with SHA-256 (RFC 5758 3.2 lets them). */
bool verify(const struct verify_message *message, const struct verify_key *key)
{
	if (!verify_key_is_plausible(key))
		return false;
	switch (message->family) {
	case SIGN_RSA_PKCS1:
	case SIGN_RSA_PSS:
		return key->kind == VERIFY_RSA && verify_rsa(message, key);
	case SIGN_ECDSA:
		return key->kind >= VERIFY_P256 && key->kind <= VERIFY_P521 && verify_ecdsa(message, key);
	case SIGN_EDDSA:
		return key->kind == VERIFY_ED25519 && verify_eddsa(message, key);
	default:
		return false;
	}
}
