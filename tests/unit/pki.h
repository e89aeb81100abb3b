/*
 * pki: throw-away keys and certificates for unit tests, made at test time by OpenSSL's API, and what ocspctl said of them.
 * Include it behind <cmocka.h>.
 */
#ifndef PKI_H
#define PKI_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define PKI_NOW 1800000000 /* 2027-01-15T08:00:00Z: the tests' clock */
#define PKI_DAY 86400

static inline EVP_PKEY *pki_generate(const char *type, const OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	assert_non_null(ctx);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static inline EVP_PKEY *pki_rsa(const char *type, size_t bits)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits), OSSL_PARAM_construct_end()};

	return pki_generate(type, params);
}

/* An RSA-PSS key that may sign only with this digest, MGF1 digest and, at least, this salt. */
static inline EVP_PKEY *pki_restricted_pss(const char *digest, const char *mgf1, int salt)
{
	size_t bits = 2048;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits),
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST, (char *)(uintptr_t)digest, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, (char *)(uintptr_t)mgf1, 0),
		OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &salt),
		OSSL_PARAM_construct_end(),
	};

	return pki_generate("RSA-PSS", params);
}

/* `encoding` is "named_curve" or "explicit". */
static inline EVP_PKEY *pki_ec(const char *curve, const char *encoding)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)curve, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, (char *)(uintptr_t)encoding, 0),
		OSSL_PARAM_construct_end(),
	};

	return pki_generate("EC", params);
}

static inline EVP_PKEY *pki_p256(void)
{
	return pki_ec("P-256", "named_curve");
}

static inline EVP_PKEY *pki_ed25519(void)
{
	const OSSL_PARAM none[] = {OSSL_PARAM_construct_end()};

	return pki_generate("ED25519", none);
}

/* A certificate to be: what is left out has a default. */
struct pki_spec {
	const char *name;   /* its common name */
	EVP_PKEY *key;      /* its key */
	const X509 *issuer; /* NULL: itself */
	EVP_PKEY *issuer_key;
	const char *digest;           /* NULL: SHA-256 (none for Ed25519) */
	int64_t from, until;          /* seconds from PKI_NOW; 0, 0: a day ago, a year from now */
	const char *extensions[5][2]; /* name and value, as in openssl.cnf */
};

#define PKI_CA                                                                                               \
	{                                                                                                    \
		{"basicConstraints", "critical,CA:TRUE"},                                                    \
		{                                                                                            \
			"keyUsage", "critical,keyCertSign,cRLSign,digitalSignature"                          \
		}                                                                                            \
	}
#define PKI_DELEGATE                                                                                         \
	{                                                                                                    \
		{"keyUsage", "digitalSignature"}, {"extendedKeyUsage", "OCSPSigning"},                       \
		{                                                                                            \
			"noCheck", "ignored"                                                                 \
		}                                                                                            \
	}

static inline void pki_add_extensions(X509 *certificate, const struct pki_spec *spec)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
	for (size_t i = 0; i < 5 && spec->extensions[i][0] != NULL; i++) {
		X509_EXTENSION *extension =
			X509V3_EXT_conf(NULL, &ctx, spec->extensions[i][0], spec->extensions[i][1]);

		assert_non_null(extension);
		assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
		X509_EXTENSION_free(extension);
	}
}

static inline void pki_set_times(X509 *certificate, const struct pki_spec *spec)
{
	const bool given = spec->from != 0 || spec->until != 0;

	ASN1_TIME_set(X509_getm_notBefore(certificate), PKI_NOW + (given ? spec->from : -PKI_DAY));
	ASN1_TIME_set(X509_getm_notAfter(certificate), PKI_NOW + (given ? spec->until : 365 * PKI_DAY));
}

/* The digest that a signature by `key` takes: none of its own choice with Ed25519. */
static inline const EVP_MD *pki_digest(const struct pki_spec *spec, const EVP_PKEY *key)
{
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		return NULL;
	return EVP_get_digestbyname(spec->digest ? spec->digest : "SHA256");
}

static inline X509 *pki_certificate(const struct pki_spec *spec)
{
	static long serial = 1;
	X509 *certificate = X509_new();
	X509_NAME *name = X509_NAME_new();
	EVP_PKEY *signer = spec->issuer ? spec->issuer_key : spec->key;

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)spec->name, -1, -1, 0);
	X509_set_subject_name(certificate, name);
	X509_set_issuer_name(certificate, spec->issuer ? X509_get_subject_name(spec->issuer) : name);
	X509_set_pubkey(certificate, spec->key);
	pki_set_times(certificate, spec);
	pki_add_extensions(certificate, spec);
	assert_true(X509_sign(certificate, signer, pki_digest(spec, signer)) > 0);
	X509_NAME_free(name);
	return certificate;
}

/* FOLDER/NAME in a storage that the next call but seven reuses. */
static inline const char *pki_path(const char *folder, const char *name)
{
	static char paths[8][512];
	static unsigned next = 0;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

static inline FILE *pki_open(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	return file;
}

static inline void pki_write_text(const char *path, const char *text)
{
	FILE *file = pki_open(path);

	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void pki_write_certificate(const char *path, X509 *certificate)
{
	FILE *file = pki_open(path);

	assert_int_equal(PEM_write_X509(file, certificate), 1);
	assert_int_equal(fclose(file), 0);
}

static inline void pki_write_key(const char *path, EVP_PKEY *key)
{
	FILE *file = pki_open(path);

	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(file), 0);
}

/* What is written to standard error from here on … */
static int pki_stderr = -1;
static FILE *pki_captured = NULL;

static inline void pki_capture(void)
{
	(void)fflush(stderr);
	pki_captured = tmpfile();
	assert_non_null(pki_captured);
	pki_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fileno(pki_captured), STDERR_FILENO) >= 0);
}

/* … to here, as text that the next call reuses. */
static inline const char *pki_said(void)
{
	static char text[16384];
	size_t len = 0;

	(void)fflush(stderr);
	assert_true(dup2(pki_stderr, STDERR_FILENO) >= 0);
	close(pki_stderr);
	rewind(pki_captured);
	len = fread(text, 1, sizeof text - 1, pki_captured);
	text[len] = 0;
	(void)fclose(pki_captured);
	return text;
}

/* Fails with the case's name and all that was said, unless `part` is in it; "" means that nothing was said. */
static inline void pki_assert_said(const char *name, const char *said, const char *part)
{
	if (part[0] ? strstr(said, part) == NULL : said[0] != 0)
		fail_msg("%s: expected \"%s\" in: %s", name, part, said);
}

static inline void pki_remove_folder(const char *folder)
{
	char command[600];

	(void)snprintf(command, sizeof command, "rm -r -- '%s'", folder);
	assert_int_equal(system(command), 0);
}

#endif
