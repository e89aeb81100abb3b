#include "credentials.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#define RSA_BITS_MIN 2048 /* C10 */

#define SUPPORTED                                                                                            \
	"use RSA of 2048 to 8192 bits, RSA-PSS, EC on P-256, P-384 or P-521 as a named curve, or Ed25519"

static const struct rsa_choice {
	const char *digest;
	enum sign_algorithm pkcs1, pss;
} rsa_choices[] = {
	{"sha256", SIGN_RSA_PKCS1_SHA256, SIGN_RSA_PSS_SHA256},
	{"sha384", SIGN_RSA_PKCS1_SHA384, SIGN_RSA_PSS_SHA384},
	{"sha512", SIGN_RSA_PKCS1_SHA512, SIGN_RSA_PSS_SHA512},
};

/* RFC 5480 2.1.1.1's curves by OpenSSL's names; each has one digest (BR 7.1.3.2.2). */
static const struct curve {
	const char *group, *name, *digest;
	enum sign_algorithm algorithm;
} curves[] = {
	{"prime256v1", "P-256", "sha256", SIGN_ECDSA_P256_SHA256},
	{"secp384r1", "P-384", "sha384", SIGN_ECDSA_P384_SHA384},
	{"secp521r1", "P-521", "sha512", SIGN_ECDSA_P521_SHA512},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool padding_is_for_rsa_only(const struct config_credential *from, struct messages *m)
{
	if (!from->rsa_padding.value)
		return true;
	message_error(m, from->rsa_padding.at, "rsa_padding is given but %s holds no RSA key; leave it out",
		credentials_key_source(from).value);
	return false;
}

static bool digest_is_not_sha1(const struct config_credential *from, struct messages *m)
{
	if (!from->digest.value || (strcmp(from->digest.value, "sha1") != 0))
		return true;
	message_error(
		m, from->digest.at, "responses are not signed with SHA-1; use sha256, sha384 or sha512");
	return false;
}

/* A named curve only: clients refuse spelt-out parameters, and OpenSSL recognises a curve in them all the same. */
static const struct curve *curve_of(const EVP_PKEY *key)
{
	char group[64] = "", encoding[64] = "";

	if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1)
		return NULL;
	if (EVP_PKEY_get_utf8_string_param(
		    key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof encoding, NULL) != 1 ||
		strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0)
		return NULL;
	for (size_t i = 0; i < COUNT(curves); i++) {
		if (strcmp(group, curves[i].group) == 0)
			return &curves[i];
	}
	return NULL;
}

static enum sign_algorithm ec_algorithm(
	const struct config_credential *from, const EVP_PKEY *key, struct messages *m)
{
	const struct config_text source = credentials_certificate_source(from);
	const struct curve *curve = curve_of(key);

	if (curve == NULL) {
		message_error(m, source.at,
			"%s has an EC key of another curve, or of a curve without a name; " SUPPORTED,
			source.value);
		return SIGN_NONE;
	}
	if (from->digest.value && strcmp(from->digest.value, curve->digest) != 0) {
		message_error(m, from->digest.at, "a %s key signs with %s, not with %s; leave digest out",
			curve->name, curve->digest, from->digest.value);
		return SIGN_NONE;
	}
	return padding_is_for_rsa_only(from, m) ? curve->algorithm : SIGN_NONE;
}

static enum sign_algorithm ed25519_algorithm(const struct config_credential *from, struct messages *m)
{
	if (from->digest.value) {
		message_error(m, from->digest.at, "an Ed25519 key has no choice of digest; leave digest out");
		return SIGN_NONE;
	}
	return padding_is_for_rsa_only(from, m) ? SIGN_ED25519 : SIGN_NONE;
}

/* "SHA2-256" and "SHA256" are both OpenSSL's names for it. */
static const struct rsa_choice *rsa_choice_named(const char *name)
{
	for (size_t i = 0; i < COUNT(rsa_choices); i++) {
		EVP_MD *md = EVP_MD_fetch(NULL, rsa_choices[i].digest, NULL);
		const bool same = md != NULL && EVP_MD_is_a(md, name);

		EVP_MD_free(md);
		if (same)
			return &rsa_choices[i];
	}
	return NULL;
}

/*
 * RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1,
 *                                  saltLength [2] DEFAULT 20, trailerField [3] DEFAULT 1 }   (RFC 4055 3.1)
 * In a key they restrict what it may sign. Our salt is as long as the digest, MGF1's digest the same. OpenSSL reports no
 * saltLength for a key without parameters, and no digest for the default, SHA-1.
 */
static bool pss_restriction(const EVP_PKEY *key, const struct rsa_choice **only)
{
	char digest[64] = "", mgf1[64] = "";
	int salt = 0;

	*only = NULL;
	if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &salt) != 1)
		return true;
	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_RSA_DIGEST, digest, sizeof digest, NULL) != 1)
		return false;
	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, mgf1, sizeof mgf1, NULL) !=
		1)
		return false;
	*only = rsa_choice_named(digest);
	if (*only == NULL || rsa_choice_named(mgf1) != *only)
		return false;
	return salt <= EVP_MD_get_size(EVP_get_digestbyname((*only)->digest));
}

static enum sign_algorithm pss_key_algorithm(const struct config_credential *from, const EVP_PKEY *key,
	const struct rsa_choice *choice, struct messages *m)
{
	const struct config_text source = credentials_certificate_source(from);
	const struct rsa_choice *only = NULL;

	if (from->rsa_padding.value && strcmp(from->rsa_padding.value, "pss") != 0) {
		message_error(m, from->rsa_padding.at,
			"the key in %s is for RSA-PSS alone; use rsa_padding: pss", source.value);
		return SIGN_NONE;
	}
	if (!pss_restriction(key, &only)) {
		message_error(m, source.at,
			"the RSA-PSS key in %s is restricted to other parameters than one of sha256, sha384, "
			"sha512 "
			"for both the digest and MGF1, with a salt as long as the digest; use another key",
			source.value);
		return SIGN_NONE;
	}
	if (only != NULL && from->digest.value && only != choice) {
		message_error(m, from->digest.at,
			"the RSA-PSS key in %s is restricted to %s; leave digest out", source.value,
			only->digest);
		return SIGN_NONE;
	}
	return only ? only->pss : choice->pss;
}

static enum sign_algorithm rsa_algorithm(
	const struct config_credential *from, const EVP_PKEY *key, bool pss_only, struct messages *m)
{
	const struct config_text source = credentials_certificate_source(from);
	const struct rsa_choice *choice =
		rsa_choice_named(from->digest.value ? from->digest.value : "sha256");
	const int bits = EVP_PKEY_get_bits(key);

	if (bits < RSA_BITS_MIN || bits > SIGN_RSA_BITS_MAX) {
		message_error(
			m, source.at, "%s has an RSA key of %d bits; %s", source.value, bits, SUPPORTED);
		return SIGN_NONE;
	}
	if (choice == NULL) {
		message_error(m, from->digest.at,
			"%s is no digest for signatures; use sha256, sha384 or sha512", from->digest.value);
		return SIGN_NONE;
	}
	if (pss_only)
		return pss_key_algorithm(from, key, choice, m);
	if (from->rsa_padding.value && strcmp(from->rsa_padding.value, "pss") == 0)
		return choice->pss;
	return choice->pkcs1;
}

enum sign_algorithm credentials_algorithm(
	const struct config_credential *from, const struct credential *c, struct messages *m)
{
	const struct config_text source = credentials_certificate_source(from);
	const EVP_PKEY *key = X509_get0_pubkey(c->certificate); /* by which clients will verify */

	if (!digest_is_not_sha1(from, m))
		return SIGN_NONE;
	switch (key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
	case EVP_PKEY_RSA:
		return rsa_algorithm(from, key, false, m);
	case EVP_PKEY_RSA_PSS:
		return rsa_algorithm(from, key, true, m);
	case EVP_PKEY_EC:
		return ec_algorithm(from, key, m);
	case EVP_PKEY_ED25519:
		return ed25519_algorithm(from, m);
	default:
		ERR_clear_error();
		message_error(m, source.at, "%s has a key of a kind that is not supported; " SUPPORTED,
			source.value);
		return SIGN_NONE;
	}
}
