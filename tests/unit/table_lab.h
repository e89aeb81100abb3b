/*
 * table_lab: a folder for the files of one test program, what is said on standard error, and CAs and CRLs that are made
 * when the tests run. CRLs are written as text (der_text.h), so that each of their octets can be wrong. Include cmocka
 * first.
 */
#ifndef TABLE_LAB_H
#define TABLE_LAB_H

#include "der.h"
#include "der_text.h"
#include "ocsp.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the folder ---- */

static char lab_folder[32];
static char lab_said[65536]; /* standard error between lab_listen() and lab_heard() */

/* The path of a file in the folder; the same name has the same path, which stays. */
static inline const char *lab_path(const char *name)
{
	static char paths[64][64];
	static size_t count;
	char path[sizeof paths[0]];
	int len = snprintf(path, sizeof path, "%s/%s", lab_folder, name);
	assert_in_range(len, 1, sizeof path - 1);
	for (size_t i = 0; i < count; i++)
		if (strcmp(paths[i], path) == 0)
			return paths[i];
	assert_true(count < COUNT(paths));
	return memcpy(paths[count++], path, sizeof path);
}

static inline int lab_open(void **state)
{
	(void)state;
	snprintf(lab_folder, sizeof lab_folder, "/tmp/test_table.XXXXXX");
	return mkdtemp(lab_folder) ? 0 : -1;
}

static inline int lab_close(void **state)
{
	DIR *folder = opendir(lab_folder);
	struct dirent *entry = NULL;
	(void)state;
	while (folder && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	return rmdir(lab_folder);
}

static inline const char *lab_write(const char *name, const void *octets, size_t len)
{
	const char *path = lab_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, len), len);
	close(fd);
	return path;
}

static inline const char *lab_write_text(const char *name, const char *text)
{
	return lab_write(name, text, strlen(text));
}

static inline int lab_listen(void)
{
	int terminal = dup(STDERR_FILENO);
	int fd = open(lab_path("said"), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	assert_true(terminal >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return terminal;
}

static inline void lab_heard(int terminal)
{
	fflush(stderr);
	ssize_t len = pread(STDERR_FILENO, lab_said, sizeof lab_said - 1, 0);
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	assert_true(len >= 0);
	lab_said[len] = '\0';
}

/* `expected` NULL: nothing may have been said. */
static inline void lab_assert_said(const char *name, const char *expected)
{
	if (expected ? strstr(lab_said, expected) == NULL : lab_said[0] != '\0')
		fail_msg("%s: expected '%s', was said '%s'", name, expected ? expected : "", lab_said);
}

/* ---- CAs ---- */

struct lab_ca {
	X509 *certificate;
	EVP_PKEY *key;
};

static inline void lab_add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(certificate, extension, -1));
	X509_EXTENSION_free(extension);
}

/* A CA with the one attribute CN as UTF8String; `key_usage` NULL: none. Takes the key. */
static inline struct lab_ca lab_ca_make(const char *cn, EVP_PKEY *key, const char *key_usage)
{
	struct lab_ca ca = {X509_new(), key};
	X509_NAME *name = X509_get_subject_name(ca.certificate);
	assert_non_null(key);
	assert_true(X509_set_version(ca.certificate, X509_VERSION_3));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(ca.certificate), 1));
	assert_true(X509_NAME_add_entry_by_txt(
		name, "CN", V_ASN1_UTF8STRING, (const unsigned char *)cn, -1, -1, 0));
	assert_true(X509_set_issuer_name(ca.certificate, name));
	assert_true(X509_set_pubkey(ca.certificate, key));
	X509_gmtime_adj(X509_getm_notBefore(ca.certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(ca.certificate), 86400);
	lab_add_extension(ca.certificate, NID_basic_constraints, "critical,CA:TRUE");
	if (key_usage)
		lab_add_extension(ca.certificate, NID_key_usage, key_usage);
	const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
	assert_true(X509_sign(ca.certificate, key, digest) > 0);
	return ca;
}

static inline void lab_ca_free(struct lab_ca *ca)
{
	X509_free(ca->certificate);
	EVP_PKEY_free(ca->key);
}

static inline const char *lab_write_certificate(const char *name, X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	assert_true(len > 0);
	const char *path = lab_write(name, der, (size_t)len);
	OPENSSL_free(der);
	return path;
}

/* ---- CRLs as text ---- */

#define LAB_CN                            "T" /* the CA whose name is LAB_NAME */
#define LAB_NAME                          "30{31{30{06{550403}0C{54}}}}"
#define LAB_ECDSA                         "30{06{2A8648CE3D040302}}"
#define LAB_TIME                          "17{3236303130323033303430355A}" /* 260102030405Z */
#define LAB_UNIX                          1767323045
#define LAB_TIME2                         "17{3439313233313233353935395A}" /* 491231235959Z */
#define LAB_UNIX2                         2524607999
#define LAB_ENTRY(s)                      "30{02{" s "}" LAB_TIME "}"
#define LAB_ENTRY_EXTENDED(s, extensions) "30{02{" s "}" LAB_TIME "30{" extensions "}}"
#define LAB_EXTENSION(ce, value)          "30{06{551D" ce "}04{" value "}}"
#define LAB_CRITICAL(ce, value)           "30{06{551D" ce "}0101FF 04{" value "}}"
#define LAB_NUMBER(n)                     LAB_EXTENSION("14", "02{" n "}")
#define LAB_SCOPE(content)                LAB_CRITICAL("1C", "30{" content "}")
#define LAB_USERS                         "8101FF"
#define LAB_CAS                           "8201FF"
#define LAB_POINT(name)                   "A0{A0{86{" name "}}}"

/* The fields of TBSCertList and the outer signatureAlgorithm; what is NULL is as a CA would write it, "" left out. */
struct lab_crl {
	const char *version, *signature, *issuer, *this_update, *next_update, *revoked, *extensions,
		*algorithm;
};

static inline const char *lab_or(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

/* Signs with the key under SHA-256 and returns the DER, in static storage. */
static inline struct slice lab_crl_make(const struct lab_crl *from, EVP_PKEY *key)
{
	static uint8_t octets[65536];
	static char text[16384];
	uint8_t tbs_octets[16384], algorithm_octets[256], signature[1024];
	size_t signature_len = sizeof signature;
	snprintf(text, sizeof text, "30{%s%s%s%s%s%s%s}", lab_or(from->version, "020101"),
		lab_or(from->signature, LAB_ECDSA), lab_or(from->issuer, LAB_NAME),
		lab_or(from->this_update, LAB_TIME), lab_or(from->next_update, LAB_TIME2),
		lab_or(from->revoked, "30{" LAB_ENTRY("05") LAB_ENTRY("7F00") "}"),
		lab_or(from->extensions, ""));
	struct slice tbs = der_text(text, tbs_octets, sizeof tbs_octets);
	struct slice algorithm =
		der_text(lab_or(from->algorithm, LAB_ECDSA), algorithm_octets, sizeof algorithm_octets);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	assert_true(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1);
	assert_true(EVP_DigestSign(context, signature, &signature_len, tbs.data, tbs.len) == 1);
	EVP_MD_CTX_free(context);

	struct der_writer w = der_writer(octets, sizeof octets);
	size_t end = der_mark(&w);
	der_put(&w, (struct slice){signature, signature_len});
	der_put(&w, SLICE("\0"));
	der_wrap(&w, DER_BIT_STRING, end);
	der_put(&w, algorithm);
	der_put(&w, tbs);
	der_wrap(&w, DER_SEQUENCE, end);
	assert_false(w.failed);
	return der_written(&w);
}

static inline const char *lab_crl_write(const char *name, const struct lab_crl *from, EVP_PKEY *key)
{
	struct slice der = lab_crl_make(from, key);
	return lab_write(name, der.data, der.len);
}

#endif
