#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "ctl/memory.h"

/* RFC 8017 3.2, in the order of struct sign_key. */
static const char *const rsa_numbers[] = {
	OSSL_PKEY_PARAM_RSA_N,
	OSSL_PKEY_PARAM_RSA_E,
	OSSL_PKEY_PARAM_RSA_D,
	OSSL_PKEY_PARAM_RSA_FACTOR1,
	OSSL_PKEY_PARAM_RSA_FACTOR2,
	OSSL_PKEY_PARAM_RSA_EXPONENT1,
	OSSL_PKEY_PARAM_RSA_EXPONENT2,
	OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};
_Static_assert(sizeof rsa_numbers / sizeof *rsa_numbers == SIGN_KEY_PARTS, "RSA has all parts");

/* The number in at least `width` octets, in new memory. */
static bool put_number(const BIGNUM *number, size_t width, struct slice *out)
{
	const size_t len = (size_t)BN_num_bytes(number);
	const size_t size = len > width ? len : width;
	uint8_t *octets = memory_zeroed(1, size);

	*out = (struct slice){octets, size};
	return BN_bn2binpad(number, octets, (int)size) == (int)size;
}

static bool put_parameter(const EVP_PKEY *key, const char *name, size_t width, struct sign_key *out)
{
	BIGNUM *number = NULL;
	bool done = false;

	if (EVP_PKEY_get_bn_param(key, name, &number) == 1)
		done = put_number(number, width, &out->part[out->part_count++]);
	BN_clear_free(number);
	return done;
}

static bool put_rsa(const EVP_PKEY *key, struct sign_key *out)
{
	for (size_t i = 0; i < SIGN_KEY_PARTS; i++) {
		if (!put_parameter(key, rsa_numbers[i], 0, out))
			return false;
	}
	return true;
}

static bool put_ed25519(const EVP_PKEY *key, struct sign_key *out)
{
	size_t len = 32;
	uint8_t *seed = memory_zeroed(1, len);

	out->part[out->part_count++] = (struct slice){seed, len};
	return EVP_PKEY_get_raw_private_key(key, seed, &len) == 1 && len == 32;
}

static bool put_key(const EVP_PKEY *key, enum sign_algorithm algorithm, struct sign_key *out)
{
	switch (algorithm) {
	case SIGN_RSA_PKCS1_SHA256:
	case SIGN_RSA_PKCS1_SHA384:
	case SIGN_RSA_PKCS1_SHA512:
	case SIGN_RSA_PSS_SHA256:
	case SIGN_RSA_PSS_SHA384:
	case SIGN_RSA_PSS_SHA512:
		return put_rsa(key, out);
	case SIGN_ECDSA_P256_SHA256:
		return put_parameter(key, OSSL_PKEY_PARAM_PRIV_KEY, 32, out);
	case SIGN_ECDSA_P384_SHA384:
		return put_parameter(key, OSSL_PKEY_PARAM_PRIV_KEY, 48, out);
	case SIGN_ECDSA_P521_SHA512:
		return put_parameter(key, OSSL_PKEY_PARAM_PRIV_KEY, 66, out);
	case SIGN_ED25519:
		return put_ed25519(key, out);
	case SIGN_NONE:
	case SIGN_ALGORITHMS:
		break;
	}
	return false;
}

bool credentials_raw_key(const EVP_PKEY *key, enum sign_algorithm algorithm, struct sign_key *out)
{
	memset(out, 0, sizeof *out);
	out->algorithm = algorithm;
	if (put_key(key, algorithm, out))
		return true;
	credentials_wipe_key(out);
	return false;
}

void credentials_wipe_key(struct sign_key *key)
{
	for (size_t i = 0; i < key->part_count; i++) {
		uint8_t *octets = (uint8_t *)(uintptr_t)key->part[i].data; /* allocated by put_*() */

		memory_wipe(octets, key->part[i].len);
		free(octets);
	}
	memset(key, 0, sizeof *key);
}
