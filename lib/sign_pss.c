#include "sign_parts.h"

#include <string.h>

#define TRAILER 0xBC

/* MGF1 (RFC 8017 B.2.1): masks `len` octets by the hashes of seed ‖ counter. */
static bool mask(struct slice seed, uint8_t *octets, size_t len)
{
	uint8_t input[SIGN_DIGEST_MAX + 4] = {0};
	uint8_t block[SIGN_DIGEST_MAX];
	memcpy(input, seed.data, seed.len);
	for (size_t i = 0; i < len; i++) {
		size_t place = i % seed.len;
		if (place == 0) {
			size_t counter = i / seed.len; /* below 65536: no mask is longer than a modulus */
			input[seed.len + 2] = (uint8_t)(counter >> 8);
			input[seed.len + 3] = (uint8_t)counter;
			if (!sign_digest(seed.len, (struct slice){input, seed.len + 4}, block))
				return false;
		}
		octets[i] ^= block[place];
	}
	return true;
}

/*
 * EMSA-PSS (RFC 8017 9.1.1): EM = (00… ‖ 01 ‖ salt) masked by H ‖ H ‖ BC, where H = Hash(00 × 8 ‖ digest ‖ salt).
 * What it saves: OpenSSL's own goes through EVP, whose providers and fetches cost about a tenth of an RSA-2048 request.
 */
bool sign_pss_encode(struct slice digest, struct slice salt, size_t modulus_bits, uint8_t *encoded)
{
	uint8_t input[8 + SIGN_DIGEST_MAX + SIGN_DIGEST_MAX] = {0};
	uint8_t hash[SIGN_DIGEST_MAX];
	size_t size = (modulus_bits + 7) / 8;
	if (digest.len == 0 || digest.len > SIGN_DIGEST_MAX || salt.len != digest.len)
		return false;
	if (size > SIGN_SIGNATURE_MAX || size < 2 * digest.len + 3)
		return false;
	memcpy(input + 8, digest.data, digest.len);
	memcpy(input + 8 + digest.len, salt.data, salt.len);
	if (!sign_digest(digest.len, (struct slice){input, 8 + digest.len + salt.len}, hash))
		return false;

	/* EM has one bit less than the modulus: where that makes it an octet shorter, a zero octet stands before it. */
	size_t lead = modulus_bits % 8 == 1 ? 1 : 0;
	size_t masked = size - lead - digest.len - 1;
	uint8_t *em = encoded + lead;
	memset(encoded, 0, size);
	em[masked - salt.len - 1] = 0x01;
	memcpy(em + masked - salt.len, salt.data, salt.len);
	if (!mask((struct slice){hash, digest.len}, em, masked))
		return false;
	em[0] &= (uint8_t)(0xFF >> (8 * (size - lead) - (modulus_bits - 1)));
	memcpy(em + masked, hash, digest.len);
	em[masked + digest.len] = TRAILER;
	return true;
}

/*
 * EMSA-PSS-VERIFY (RFC 8017 9.1.2): the salt is what unmasking shows at its place; with it the encoding has to come out
 * the same to the last octet, which covers every comparison of the RFC's steps.
 */
bool sign_pss_verify(struct slice digest, struct slice encoded, size_t modulus_bits)
{
	uint8_t unmasked[SIGN_SIGNATURE_MAX];
	uint8_t again[SIGN_SIGNATURE_MAX];
	size_t lead = modulus_bits % 8 == 1 ? 1 : 0;
	if (encoded.len != (modulus_bits + 7) / 8 || encoded.len > SIGN_SIGNATURE_MAX)
		return false;
	if (digest.len == 0 || digest.len > SIGN_DIGEST_MAX || encoded.len < 2 * digest.len + 3)
		return false;
	size_t masked = encoded.len - lead - digest.len - 1;
	struct slice hash = {encoded.data + lead + masked, digest.len};
	memcpy(unmasked, encoded.data + lead, masked);
	if (!mask(hash, unmasked, masked))
		return false;
	struct slice salt = {unmasked + masked - digest.len, digest.len};
	return sign_pss_encode(digest, salt, modulus_bits, again) &&
	       bytes_equal((struct slice){again, encoded.len}, encoded);
}
