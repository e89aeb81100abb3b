#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "ctl/memory.h"

#define RSA_BITS_MIN 2048

#define SUPPORTED "use RSA of 2048 to 8192 bits (not an RSA-PSS key), EC on P-256, P-384 or P-521, or Ed25519"

/* RFC 5480 2.1.1.1's curves by OpenSSL's names; octets of a coordinate. */
static const struct curve {
	const char *group;
	enum verify_kind kind;
	size_t octets;
} curves[] = {
	{"prime256v1", VERIFY_P256, 32},
	{"secp384r1", VERIFY_P384, 48},
	{"secp521r1", VERIFY_P521, 66},
};

static const struct curve *curve_of(const EVP_PKEY *key)
{
	char group[64] = "";

	if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
		if (strcmp(group, curves[i].group) == 0)
			return &curves[i];
	}
	return NULL;
}

/* A number of the key, written to the end of `len` octets. */
static bool read_number(const EVP_PKEY *key, const char *name, uint8_t *out, size_t len)
{
	BIGNUM *number = NULL;
	const bool done = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
			  BN_bn2binpad(number, out, (int)len) == (int)len;

	BN_free(number);
	return done;
}

static bool put_number(const EVP_PKEY *key, const char *name, struct slice *out)
{
	BIGNUM *number = NULL;
	uint8_t *octets = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
		return false;
	octets = memory_zeroed(1, (size_t)BN_num_bytes(number) + 1); /* 0 has no octets */
	*out = (struct slice){octets, (size_t)BN_bn2bin(number, octets)};
	BN_free(number);
	return true;
}

/* 04 ‖ x ‖ y (SEC 1 2.3.3), whichever form the certificate has. */
static bool put_point(const EVP_PKEY *key, const struct curve *curve, struct slice *out)
{
	const size_t len = 1 + 2 * curve->octets;
	uint8_t *octets = memory_zeroed(1, len);

	*out = (struct slice){octets, len};
	octets[0] = 0x04;
	return read_number(key, OSSL_PKEY_PARAM_EC_PUB_X, octets + 1, curve->octets) &&
	       read_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, octets + 1 + curve->octets, curve->octets);
}

static bool put_ed25519(const EVP_PKEY *key, struct slice *out)
{
	size_t len = 32;
	uint8_t *octets = memory_zeroed(1, len);

	*out = (struct slice){octets, len};
	return EVP_PKEY_get_raw_public_key(key, octets, &len) == 1 && len == 32;
}

/* VERIFY_NONE after an error. */
static enum verify_kind kind_of(struct config_text source, const EVP_PKEY *key, struct messages *m)
{
	const int bits = key ? EVP_PKEY_get_bits(key) : 0;
	const struct curve *curve = NULL;

	switch (key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
	case EVP_PKEY_RSA:
		if (bits >= RSA_BITS_MIN && bits <= SIGN_RSA_BITS_MAX)
			return VERIFY_RSA;
		message_error(m, source.at, "%s has an RSA key of %d bits; " SUPPORTED, source.value, bits);
		return VERIFY_NONE;
	case EVP_PKEY_EC:
		curve = curve_of(key);
		if (curve != NULL)
			return curve->kind;
		message_error(m, source.at, "%s has an EC key of another curve; " SUPPORTED, source.value);
		return VERIFY_NONE;
	case EVP_PKEY_ED25519:
		return VERIFY_ED25519;
	default:
		message_error(m, source.at, "%s has a key of a kind that is not supported; " SUPPORTED,
			source.value);
		return VERIFY_NONE;
	}
}

static bool put_key(const EVP_PKEY *key, struct verify_key *out)
{
	switch (out->kind) {
	case VERIFY_RSA:
		return put_number(key, OSSL_PKEY_PARAM_RSA_N, &out->part[0]) &&
		       put_number(key, OSSL_PKEY_PARAM_RSA_E, &out->part[1]);
	case VERIFY_P256:
	case VERIFY_P384:
	case VERIFY_P521:
		return put_point(key, curve_of(key), &out->part[0]);
	case VERIFY_ED25519:
		return put_ed25519(key, &out->part[0]);
	case VERIFY_NONE:
	case VERIFY_KINDS:
		break;
	}
	return false;
}

bool credentials_public_key(
	struct config_text source, const X509 *certificate, struct verify_key *out, struct messages *m)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	bool done = false;

	memset(out, 0, sizeof *out);
	out->kind = kind_of(source, key, m);
	if (out->kind != VERIFY_NONE) {
		done = put_key(key, out) && verify_key_is_plausible(out);
		if (!done)
			message_error(m, source.at,
				"%s has a public key that is none (an even modulus, or an exponent below 3 "
				"or beyond 64 bits); " SUPPORTED,
				source.value);
	}
	ERR_clear_error();
	return done;
}

void credentials_free_public_key(struct verify_key *key)
{
	for (size_t i = 0; i < VERIFY_KEY_PARTS; i++)
		free((void *)(uintptr_t)key->part[i].data); /* allocated by put_*() */
	memset(key, 0, sizeof *key);
}
