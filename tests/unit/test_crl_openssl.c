/* crl: CRLs of OpenSSL's making, PEM and DER, in every signature algorithm, are read as OpenSSL reads them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crl_lab.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

static ASN1_INTEGER *random_serial(unsigned number)
{
	uint8_t octets[20];
	size_t len = 1 + number % sizeof octets;
	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)rand();
	octets[0] &= 0x7F;
	octets[len - 1] |= 1;
	BIGNUM *value = BN_bin2bn(octets, (int)len, NULL);
	BN_add_word(value, number * 2); /* all different, since a CRL of one octet is soon full */
	ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(value, NULL);
	BN_free(value);
	return serial;
}

static void add_revoked(X509_CRL *crl, unsigned number)
{
	static const int reasons[] = {-1, 0, 1, 2, 3, 4, 5, 6, 9, 10};
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_INTEGER *serial = random_serial(number);
	ASN1_TIME *date = ASN1_TIME_set(NULL, 1700000000 + (time_t)number * 1000003 % 900000000);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	int code = reasons[number % COUNT(reasons)];
	X509_REVOKED_set_serialNumber(revoked, serial);
	X509_REVOKED_set_revocationDate(revoked, date);
	if (code >= 0) {
		ASN1_ENUMERATED_set(reason, code);
		assert_true(X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0));
	}
	assert_true(X509_CRL_add0_revoked(crl, revoked));
	ASN1_ENUMERATED_free(reason);
	ASN1_TIME_free(date);
	ASN1_INTEGER_free(serial);
}

static X509_CRL *openssl_crl(const struct lab_ca *issuer, unsigned entries)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_set(NULL, 1700000000);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate));
	X509_CRL_set1_lastUpdate(crl, time);
	ASN1_TIME_set(time, 2600000000);
	X509_CRL_set1_nextUpdate(crl, time);
	for (unsigned i = 0; i < entries; i++)
		add_revoked(crl, i);
	ASN1_TIME_free(time);
	return crl;
}

static void sign_openssl_crl(X509_CRL *crl, EVP_PKEY *key, const EVP_MD *digest, bool pss)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *parameters = NULL;
	assert_true(EVP_DigestSignInit(context, &parameters, digest, NULL, key) == 1);
	if (pss) {
		assert_true(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1);
		assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
	}
	assert_true(X509_CRL_sign_ctx(crl, context) > 0);
	EVP_MD_CTX_free(context);
}

static const char *write_openssl_crl(const char *name, X509_CRL *crl, bool pem)
{
	const char *path = lab_path(name);
	BIO *out = BIO_new_file(path, "w");
	assert_true(pem ? PEM_write_bio_X509_CRL(out, crl) : i2d_X509_CRL_bio(out, crl));
	BIO_free(out);
	return path;
}

static void assert_same_entry(const struct crl_entry *entry, X509_REVOKED *revoked)
{
	int critical = 0;
	struct tm tm = {0};
	BIGNUM *own = BN_bin2bn(entry->serial_number.data, (int)entry->serial_number.len, NULL);
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(revoked), NULL);
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, &critical, NULL);
	assert_int_equal(BN_cmp(own, serial), 0);
	assert_true(ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(revoked), &tm));
	assert_int_equal(entry->revocation_date, timegm(&tm));
	assert_int_equal(entry->reason, reason ? ASN1_ENUMERATED_get(reason) : CRL_REASON_NONE);
	ASN1_ENUMERATED_free(reason);
	BN_free(own);
	BN_free(serial);
}

static void assert_reads_like_openssl(const char *path, X509_CRL *crl, X509 *certificate)
{
	struct crl c;
	struct messages m = {0};
	struct crl_entry entry;
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
	assert_true(crl_open(&c, path, &m) && crl_verify(&c, certificate, &m));
	struct slice cursor = c.revoked;
	for (int i = 0; i < sk_X509_REVOKED_num(revoked); i++) {
		assert_int_equal(crl_next(&c, &cursor, &entry, &m), CRL_ENTRY);
		assert_same_entry(&entry, sk_X509_REVOKED_value(revoked, i));
	}
	assert_int_equal(crl_next(&c, &cursor, &entry, &m), CRL_END);
	crl_close(&c);
}

static void each_entry_is_read_as_openssl_reads_it(void **state)
{
	X509_CRL *crl = openssl_crl(&ca, 2000);
	(void)state;
	sign_openssl_crl(crl, ca.key, EVP_sha256(), false);
	assert_reads_like_openssl(write_openssl_crl("entries.crl", crl, false), crl, ca.certificate);
	assert_reads_like_openssl(write_openssl_crl("entries.pem", crl, true), crl, ca.certificate);
	X509_CRL_free(crl);
}

static void each_signature_algorithm_verifies(void **state)
{
	static const struct {
		const char *name, *key, *digest;
		bool pss;
		const char *said, *refused;
	} algorithms[] = {
		{"ecdsa_sha256", "P-256", "SHA256", false, NULL, NULL},
		{"ecdsa_sha384", "P-384", "SHA384", false, NULL, NULL},
		{"ecdsa_sha512", "P-521", "SHA512", false, NULL, NULL},
		{"ed25519", "ED25519", NULL, false, NULL, NULL},
		{"rsa_sha256", "RSA", "SHA256", false, NULL, NULL},
		{"rsa_sha384", "RSA", "SHA384", false, NULL, NULL},
		{"rsa_sha512", "RSA", "SHA512", false, NULL, NULL},
		{"rsa_pss_sha256", "RSA", "SHA256", true, NULL, NULL},
		{"rsa_pss_sha512", "RSA", "SHA512", true, NULL, NULL},
		{"rsa_sha1", "RSA", "SHA1", false, "SHA-1", NULL},
		{"rsa_pss_sha1", "RSA", "SHA1", true, "SHA-1", NULL},
		{"ecdsa_sha1", "P-256", "SHA1", false, "SHA-1", NULL},
		{"rsa_md5", "RSA", "MD5", false, "MD5, which is broken", "yes"},
	};
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	(void)state;
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		unsigned entries = 0;
		EVP_PKEY *key = rsa;
		if (strcmp(algorithms[i].key, "RSA") == 0)
			EVP_PKEY_up_ref(rsa);
		else
			key = algorithms[i].digest ? EVP_EC_gen(algorithms[i].key)
						   : EVP_PKEY_Q_keygen(NULL, NULL, algorithms[i].key);
		struct lab_ca issuer = lab_ca_make(algorithms[i].name, key, "cRLSign");
		X509_CRL *crl = openssl_crl(&issuer, 3);
		const EVP_MD *digest =
			algorithms[i].digest ? EVP_get_digestbyname(algorithms[i].digest) : NULL;
		sign_openssl_crl(crl, key, digest, algorithms[i].pss);
		const char *path = write_openssl_crl("algorithm.crl", crl, false);
		if (read_crl(path, issuer.certificate, &entries) != (algorithms[i].refused == NULL))
			fail_msg("%s: %s", algorithms[i].name, lab_said);
		lab_assert_said(algorithms[i].name, algorithms[i].said);
		X509_CRL_free(crl);
		lab_ca_free(&issuer);
	}
	EVP_PKEY_free(rsa);
}

/* ---- files ---- */

static void pem_with_other_blocks_and_text_around_is_read(void **state)
{
	unsigned entries = 0;
	X509_CRL *crl = openssl_crl(&ca, 5);
	const char *path = lab_path("mixed.pem");
	BIO *out = BIO_new_file(path, "w");
	(void)state;
	sign_openssl_crl(crl, ca.key, EVP_sha256(), false);
	BIO_puts(out, "The CRL of a CA\n");
	PEM_write_bio_X509(out, ca.certificate);
	PEM_write_bio_X509_CRL(out, crl);
	BIO_flush(out);
	assert_true(read_crl(path, ca.certificate, &entries));
	assert_int_equal(entries, 5);
	PEM_write_bio_X509_CRL(out, crl);
	BIO_flush(out);
	assert_false(read_crl(path, ca.certificate, &entries));
	lab_assert_said("two", "holds 2 CRLs");
	BIO_free(out);
	X509_CRL_free(crl);
}

static void what_is_no_crl_is_refused(void **state)
{
	unsigned entries = 0;
	(void)state;
	assert_false(read_crl(lab_write_text("empty.crl", ""), ca.certificate, &entries));
	lab_assert_said("empty", "neither DER nor a whole PEM block");
	assert_false(read_crl(lab_write_text("text.crl", "hello\n"), ca.certificate, &entries));
	lab_assert_said("text", "neither DER nor a whole PEM block");
	assert_false(
		read_crl(lab_write_certificate("certificate.crl", ca.certificate), ca.certificate, &entries));
	assert_false(read_crl(lab_path("missing.crl"), ca.certificate, &entries));
	lab_assert_said("missing", "missing.crl");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_entry_is_read_as_openssl_reads_it),
		cmocka_unit_test(each_signature_algorithm_verifies),
		cmocka_unit_test(pem_with_other_blocks_and_text_around_is_read),
		cmocka_unit_test(what_is_no_crl_is_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
