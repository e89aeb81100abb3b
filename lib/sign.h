/*
 * sign: the one module that knows private keys and libcrypto. Two implementations of this header, chosen at build time:
 * sign_lowlevel.c (default: the calls that start fastest) and sign_evp.c (no deprecated call). What both share (the
 * table of algorithms) is sign.c.
 */
#ifndef SIGN_H
#define SIGN_H

#include "bytes.h"

/* Response signature algorithms (conformance R8). The numbers are the snapshot's format: never reuse one. */
enum sign_algorithm {
	SIGN_NONE = 0,
	SIGN_RSA_PKCS1_SHA256 = 1,
	SIGN_RSA_PKCS1_SHA384 = 2,
	SIGN_RSA_PKCS1_SHA512 = 3,
	SIGN_RSA_PSS_SHA256 = 4,
	SIGN_RSA_PSS_SHA384 = 5,
	SIGN_RSA_PSS_SHA512 = 6,
	SIGN_ECDSA_P256_SHA256 = 7,
	SIGN_ECDSA_P384_SHA384 = 8,
	SIGN_ECDSA_P521_SHA512 = 9,
	SIGN_ED25519 = 10,
	SIGN_ALGORITHMS = 11,
};

#define SIGN_RSA_BITS_MAX  8192
#define SIGN_SIGNATURE_MAX (SIGN_RSA_BITS_MAX / 8) /* octets; ECDSA's are at most 139 */
#define SIGN_SHA256_OCTETS 32

/*
 * A private key's raw numbers, borrowed from the snapshot's key pages: big-endian unsigned, no leading zero octets but
 * for EC and Ed25519, which have fixed lengths.
 *   RSA:     part[0..7] = n, e, d, p, q, dP, dQ, qInv (RFC 8017 3.2)
 *   ECDSA:   part[0] = the scalar, 32, 48 or 66 octets
 *   Ed25519: part[0] = the seed, 32 octets (RFC 8032 5.1.5)
 */
#define SIGN_KEY_PARTS 8
struct sign_key {
	enum sign_algorithm algorithm;
	size_t part_count;
	struct slice part[SIGN_KEY_PARTS];
};

/* The exact octets of the AlgorithmIdentifier (RFC 4055, 5758, 8410); empty for SIGN_NONE or an unknown number. */
struct slice sign_algorithm_identifier(enum sign_algorithm algorithm);
/*
 * That of the public keys whose signatures these are (RFC 3279, 5480, 8410), as a certificate has it; empty for PSS, to
 * which two kinds belong, for SIGN_NONE and an unknown number.
 */
struct slice sign_key_identifier(enum sign_algorithm algorithm);
/* "ecdsa-p256-sha256"; "none" for what is unknown. */
const char *sign_algorithm_name(enum sign_algorithm algorithm);
/* How many parts a key of this algorithm has (8 or 1); 0 for what is unknown. */
/*@ assigns \nothing; */
size_t sign_key_part_count(enum sign_algorithm algorithm);
/* True where the same key and tbs give the same signature on every node: RSA PKCS#1 and Ed25519 (conformance H9a). */
bool sign_is_deterministic(enum sign_algorithm algorithm);

/*
 * Draws what randomness a signature may need and starts libcrypto. Call once, before the sandbox; sign() opens nothing
 * and reads no random device after it. False: no randomness to be had.
 * libcrypto's settings last for the whole process: it reads no openssl.cnf and finds no cipher or digest by name from
 * then on, so a program that opens encrypted keys does that first.
 */
bool sign_start(void);

/*
 * Signs `tbs`: the DER signature (ECDSA-Sig-Value for ECDSA) goes to `signature`, its octets to *len. Copies of key
 * material that it makes are cleansed before it returns. False: the key's numbers are no key, or libcrypto failed;
 * nothing of `signature` may be used then.
 */
bool sign(const struct sign_key *key, struct slice tbs, uint8_t signature[SIGN_SIGNATURE_MAX], size_t *len);

/* SHA-256 of public octets, for validators (ETag). False, and zeros: libcrypto failed; send no validator then. */
bool sign_sha256(struct slice octets, uint8_t digest[SIGN_SHA256_OCTETS]);

/* "lowlevel" or "evp": which implementation this program was built with. */
const char *sign_implementation(void);

#endif
