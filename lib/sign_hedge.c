#include "sign_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/*
 * The random numbers that a signature consumes (ECDSA's k, the blinding of RSA and of the curve's ladder, the PSS salt) are
 *
 *     SHA-512(secret ‖ digest ‖ fresh ‖ counter), SHA-512(secret ‖ digest ‖ fresh ‖ counter + 1), …
 *
 * Why not the random device alone: a k that repeats or is guessed gives the private key away. With the secret in the hash,
 * nobody else can compute the octets even if `fresh` was predictable (a first boot, a broken generator); with the digest in
 * it, two messages have unrelated octets even if `fresh` was drawn twice alike (a restored virtual machine), and the same
 * message then has the same signature, which gives nothing away. This is RFC 6979's idea with `fresh` on top, which
 * keeps a fault attack from seeing one k under two faults.
 *
 * Why a counter that never goes back: libcrypto asks several times for one signature and for more than a hash gives at once
 * (P-384: three times; P-521: 66 octets). Each block is given out once and never continued, so no two calls, of one
 * signature or of two, share an octet's origin. The fields behind the secret have fixed places from the end (digests of one
 * algorithm are equally long), so one input is never another's.
 *
 * What it saves: after sign_hedge_draw() no system call and none of libcrypto's own generator (AES-CTR, its seeding and
 * its fetches: about a third of the start-up cost of a signature by EVP).
 */

#define COUNTER_OCTETS sizeof(uint64_t)

bool sign_hedge_draw(struct sign_hedge *hedge)
{
	size_t have = 0;
	while (have < sizeof hedge->fresh) {
		ssize_t got = getrandom(hedge->fresh + have, sizeof hedge->fresh - have, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	hedge->drawn = true;
	return true;
}

bool sign_hedge_begin(struct sign_hedge *hedge, struct slice secret, struct slice digest)
{
	struct buffer input = bytes_buffer(hedge->input, sizeof hedge->input - COUNTER_OCTETS);
	bytes_append(&input, secret);
	bytes_append(&input, digest);
	bytes_append(&input, (struct slice){hedge->fresh, sizeof hedge->fresh});
	hedge->input_len = 0;
	if (!hedge->drawn || secret.len == 0 || input.failed) {
		sign_hedge_end(hedge);
		return false;
	}
	hedge->input_len = input.len + COUNTER_OCTETS;
	return true;
}

bool sign_hedge_generate(struct sign_hedge *hedge, uint8_t *out, size_t len)
{
	uint8_t block[SIGN_DIGEST_MAX];
	bool good = hedge->input_len >= COUNTER_OCTETS;
	while (good && len > 0) {
		size_t part = len < sizeof block ? len : sizeof block;
		hedge->counter++;
		memcpy(hedge->input + hedge->input_len - COUNTER_OCTETS, &hedge->counter, COUNTER_OCTETS);
		good = sign_digest(sizeof block, (struct slice){hedge->input, hedge->input_len}, block);
		if (good)
			memcpy(out, block, part);
		out += part;
		len -= part;
	}
	explicit_bzero(block, sizeof block);
	return good;
}

void sign_hedge_end(struct sign_hedge *hedge)
{
	hedge->input_len = 0;
	explicit_bzero(hedge->input, sizeof hedge->input);
}
