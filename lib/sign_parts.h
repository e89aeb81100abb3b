/*
 * sign_parts: what sign.c, sign_hedge.c and the two implementations of sign() share. Nobody else includes it but their
 * test.
 */
#ifndef SIGN_PARTS_H
#define SIGN_PARTS_H

#include "sign.h"

/* ---- sign.c: facts about each algorithm ---- */

enum sign_family { SIGN_RSA_PKCS1, SIGN_RSA_PSS, SIGN_ECDSA, SIGN_EDDSA };

/* Where each number of a key stands in sign_key.part. */
enum sign_part { SIGN_N, SIGN_E, SIGN_D, SIGN_P, SIGN_Q, SIGN_DP, SIGN_DQ, SIGN_QINV, SIGN_SCALAR = 0 };

#define SIGN_DIGEST_MAX 64 /* octets of SHA-512 */

struct sign_traits {
	const char *name;
	struct slice identifier;     /* AlgorithmIdentifier */
	struct slice key_identifier; /* of the public key; empty: of several kinds */
	enum sign_family family;
	size_t digest_octets; /* of its SHA-2: 32, 48, 64; the PSS salt is as long. 0: the algorithm hashes itself */
	struct slice order; /* ECDSA: the group's order, as long as a scalar */
};

/* NULL for SIGN_NONE and unknown numbers. */
const struct sign_traits *sign_traits(enum sign_algorithm algorithm);

/*
 * Whether the parts can be a key's: their count and lengths, RSA's size and odd modulus, 0 < scalar < order. Says nothing
 * of whether they belong together. Takes the same time for every scalar of one length.
 */
bool sign_key_is_plausible(const struct sign_key *key);

/* The number that only the owner knows: the scalar, or RSA's d. */
struct slice sign_key_secret(const struct sign_key *key);

/* ---- sign_hedge.c: the randomness of one signature ---- */

#define SIGN_HEDGE_FRESH 32
#define SIGN_HEDGE_INPUT (SIGN_SIGNATURE_MAX + SIGN_DIGEST_MAX + SIGN_HEDGE_FRESH + sizeof(uint64_t))

struct sign_hedge {
	bool drawn;
	uint8_t fresh[SIGN_HEDGE_FRESH]; /* of getrandom, once for the process */
	uint64_t counter;                /* of octet blocks given out since then; never goes back */
	size_t input_len;                /* 0: no signature is being made, nothing is given out */
	uint8_t input[SIGN_HEDGE_INPUT]; /* secret ‖ digest ‖ fresh ‖ counter */
};

/* Draws the fresh octets by getrandom(). False: there are none to be had. */
bool sign_hedge_draw(struct sign_hedge *hedge);
/* Begins a signature of `digest` by the key of `secret`; both are copied. False: not drawn yet, or too long. */
bool sign_hedge_begin(struct sign_hedge *hedge, struct slice secret, struct slice digest);
/* The next `len` octets, or false and nothing to be used. */
bool sign_hedge_generate(struct sign_hedge *hedge, uint8_t *out, size_t len);
/* Cleanses what sign_hedge_begin() copied. */
void sign_hedge_end(struct sign_hedge *hedge);

/* ---- sign_pss.c ---- */

/*
 * EMSA-PSS with MGF1 of the same hash, which digest.len names (32, 48 or 64); the salt is as long. Writes as many octets
 * as the modulus has, at most SIGN_SIGNATURE_MAX. False: the modulus is too short or too long, or hashing failed.
 */
bool sign_pss_encode(struct slice digest, struct slice salt, size_t modulus_bits, uint8_t *encoded);

/* Whether `encoded`, as many octets as the modulus has, is such an encoding of `digest` by any salt. */
bool sign_pss_verify(struct slice digest, struct slice encoded, size_t modulus_bits);

/* ---- sign.c, for the implementation: the octets that libcrypto asks for while sign() runs ---- */

bool sign_random(uint8_t *out, size_t len);

/* ---- sign_lowlevel.c or sign_evp.c: what sign() is made of ---- */

/* Of sign_lowlevel.c alone: whether libcrypto asks sign_random(), or its own generator, which makes system calls. */
bool sign_lowlevel_random(bool ours);

/* Starts libcrypto and gives it sign_random(). May be called again. */
bool sign_libcrypto_start(void);

/* SHA-2 of 32, 48 or 64 octets; leaves no copy of `octets` behind. */
bool sign_digest(size_t digest_octets, struct slice octets, uint8_t digest[SIGN_DIGEST_MAX]);

/* What is to be signed, and where it goes. */
struct sign_job {
	const struct sign_key *key; /* plausible */
	const struct sign_traits *traits;
	struct slice digest; /* of tbs; empty for Ed25519 */
	struct slice tbs;
	uint8_t *
		signature; /* SIGN_SIGNATURE_MAX octets; whatever is left there counts only when true is returned */
	size_t *len;
};

/* A signature that the key's own n and e do not verify is false: faulty CRT parts give the factors away. */
bool sign_rsa(const struct sign_job *job);
bool sign_ecdsa(const struct sign_job *job);
bool sign_eddsa(const struct sign_job *job);

#endif
