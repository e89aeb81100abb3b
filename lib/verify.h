/*
 * verify: signatures of others, by public keys that are known beforehand. Sibling of sign.h: verify.c knows the
 * algorithms, sign_lowlevel_verify.c or sign_evp_verify.c asks libcrypto. Whatever goes wrong is a false signature.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include "sign.h"

/* Kinds of public keys. The numbers are the snapshot's format: never reuse one. */
enum verify_kind {
	VERIFY_NONE = 0,
	VERIFY_RSA = 1, /* rsaEncryption, 2048 to 8192 bits: for RSA PKCS#1 v1.5 and PSS */
	VERIFY_P256 = 2,
	VERIFY_P384 = 3,
	VERIFY_P521 = 4,
	VERIFY_ED25519 = 5,
	VERIFY_KINDS = 6,
};

/*
 * A public key's raw numbers, borrowed:
 *   RSA:     part[0], part[1] = n, e: big-endian unsigned, no leading zero octets; e at most 8 octets
 *   P-…:     part[0] = the uncompressed point 04 ‖ x ‖ y (SEC 1 2.3.3), 65, 97 or 133 octets
 *   Ed25519: part[0] = 32 octets (RFC 8032 5.1.5)
 */
#define VERIFY_KEY_PARTS 2
struct verify_key {
	enum verify_kind kind;
	struct slice part[VERIFY_KEY_PARTS];
};

/* "rsa", "p256", "p384", "p521", "ed25519"; "none" for what is unknown. */
const char *verify_kind_name(enum verify_kind kind);
/* Whether the parts can be a key's: their count and lengths, n and e odd, e at least 3. Not whether a point is on its curve:
 * verify() sees to that. */
/*@ requires \valid_read(key); assigns \nothing; */
bool verify_key_is_plausible(const struct verify_key *key);

/* A signature to be verified by one key after the other: `tbs` is hashed once. */
struct verify_message {
	int family;        /* enum sign_family */
	struct slice hash; /* of tbs, in `digest`; empty for Ed25519 */
	struct slice tbs, signature;
	uint8_t digest[64];
};

/*
 * Reads a whole AlgorithmIdentifier and hashes `tbs`. Known are RSA PKCS#1 v1.5 (parameters NULL or absent, RFC 4055 5),
 * RSA-PSS (MGF1 of the same hash, a salt as long as it) and ECDSA, each with SHA-256, SHA-384 or SHA-512, and Ed25519.
 * False: another algorithm, SHA-1 among them. `message` holds pointers into itself: do not copy it.
 */
bool verify_begin(
	struct verify_message *message, struct slice algorithm, struct slice tbs, struct slice signature);

/*
 * Whether `key` made the signature. False too: a key of another kind than the algorithm's, one that is not plausible, a
 * signature that is not DER (ECDSA) or not as long as the key's are. sign_start() came before; needs no randomness.
 */
bool verify(const struct verify_message *message, const struct verify_key *key);

#endif
