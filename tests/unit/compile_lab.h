/*
 * compile_lab: a folder with a CA, its delegates and strangers, and configurations compiled in it. Include it behind
 * <cmocka.h>.
 *   ca      a CA, P-256              twin     another CA of the same name       large    a stranger with a large certificate
 *   p256, p384, p521, rsa, pss, ed   delegates of ca by their keys
 *   expired, next, ending            delegates of ca by their times: ended yesterday, from tomorrow on, until tomorrow
 */
#ifndef COMPILE_LAB_H
#define COMPILE_LAB_H

#include "ctl/compile/compile.h"
#include "ctl/file.h"
#include "pki.h"

static char folder[] = "/tmp/test_ocspctl.XXXXXX";

/* Files NAME.pem and NAME.key in the folder. */
static inline X509 *make(const char *file, const struct pki_spec *spec)
{
	char name[64];
	X509 *certificate = pki_certificate(spec);

	(void)snprintf(name, sizeof name, "%s.pem", file);
	pki_write_certificate(pki_path(folder, name), certificate);
	(void)snprintf(name, sizeof name, "%s.key", file);
	pki_write_key(pki_path(folder, name), spec->key);
	return certificate;
}

static inline void make_delegate(
	const char *file, EVP_PKEY *key, const X509 *ca, EVP_PKEY *ca_key, int64_t from, int64_t until)
{
	X509_free(make(file, &(struct pki_spec){.name = file,
				     .key = key,
				     .issuer = ca,
				     .issuer_key = ca_key,
				     .from = from,
				     .until = until,
				     .extensions = PKI_DELEGATE}));
	EVP_PKEY_free(key);
}

/* A delegate of each kind of key that is supported. */
static inline void make_delegates(const X509 *ca, EVP_PKEY *ca_key)
{
	make_delegate("p256", pki_p256(), ca, ca_key, 0, 0);
	make_delegate("p384", pki_ec("P-384", "named_curve"), ca, ca_key, 0, 0);
	make_delegate("p521", pki_ec("P-521", "named_curve"), ca, ca_key, 0, 0);
	make_delegate("rsa", pki_rsa("RSA", 2048), ca, ca_key, 0, 0);
	make_delegate("pss", pki_rsa("RSA-PSS", 2048), ca, ca_key, 0, 0);
	make_delegate("ed", pki_ed25519(), ca, ca_key, 0, 0);
	make_delegate("expired", pki_p256(), ca, ca_key, -2 * PKI_DAY, -PKI_DAY);
	make_delegate("next", pki_p256(), ca, ca_key, PKI_DAY, 300 * PKI_DAY);
	make_delegate("ending", pki_p256(), ca, ca_key, -PKI_DAY, PKI_DAY);
}

static inline int lab_set_up(void **state)
{
	EVP_PKEY *ca_key = pki_p256(), *rekeyed = pki_p256(), *other = pki_p256();
	X509 *ca = NULL, *twin = NULL, *large = NULL;
	static char comment[16000];

	(void)state;
	memset(comment, 'x', sizeof comment - 1);
	assert_non_null(mkdtemp(folder));
	ca = make("ca", &(struct pki_spec){.name = "CA", .key = ca_key, .extensions = PKI_CA});
	twin = make("twin", &(struct pki_spec){.name = "CA", .key = rekeyed, .extensions = PKI_CA});
	large = make("large",
		&(struct pki_spec){.name = "Large", .key = other, .extensions = {{"nsComment", comment}}});
	make_delegates(ca, ca_key);
	X509_free(ca);
	X509_free(twin);
	X509_free(large);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(rekeyed);
	EVP_PKEY_free(other);
	return 0;
}

static inline int lab_tear_down(void **state)
{
	(void)state;
	pki_remove_folder(folder);
	return 0;
}

/* Compiles this text as config.yaml; returns what was said. */
static inline const char *compile_text(
	const char *yaml, int64_t now, struct compiled *out, struct messages *m)
{
	const char *path = pki_path(folder, "config.yaml");
	struct config *config = NULL;
	const char *said = NULL;
	bool done = false;

	pki_write_text(path, yaml);
	*m = (struct messages){0};
	*out = (struct compiled){0};
	pki_capture();
	config = config_load(path, m);
	if (config != NULL)
		done = compile(config, now, out, m);
	config_free(config);
	said = pki_said();
	assert_int_equal(done, m->errors == 0);
	assert_int_equal(done, out->octets != NULL);
	return said;
}

#define CAS   "certificate_authorities:\n"
#define ONE   CAS "  A:\n    ca_cert: {cert: ca.pem}\n    status: {table: a.table}\n"
#define GOOD  ONE "    ocsp_cert: {cert: p256.pem, key: p256.key}\n"
#define REDIS CAS "  A:\n    ca_cert: {cert: ca.pem, key: ca.key}\n"

#define SIGNER(name, rest) "      - {cert: " name ".pem, key: " name ".key" rest "}\n"
#define EVERY_ALGORITHM                                                                                      \
	CAS "  A:\n    ca_cert: {cert: ca.pem}\n    ocsp_validity_hours: 10\n    ocsp_chain: ca.pem\n"       \
	    "    ocsp_certs:\n" SIGNER("rsa", "") SIGNER("rsa", ", digest: sha384") SIGNER(                  \
		    "rsa", ", digest: sha512") SIGNER("pss", "") SIGNER("pss",                               \
		    ", digest: sha384") SIGNER("rsa", ", digest: sha512, rsa_padding: pss") SIGNER("p256",   \
		    "") SIGNER("p384", "") SIGNER("p521", "") SIGNER("ed",                                   \
		    "") "  B:\n    ca_cert: {cert: twin.pem, key: twin.key}\n    redis_subject: /CN=B\n"

#endif
