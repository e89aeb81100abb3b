/* credentials: C1–C6 and C10, each by what is said and where; which key signs with which algorithm; raw numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/credentials/credentials.h"
#include "pki.h"

#define HOUR 3600

static EVP_PKEY *ca_key, *other_key, *key;
static X509 *ca;

/* The credential that all messages are about. */
static const struct config_credential plain = {
	.at = {"config.yaml", 3, 5},
	.cert = {(char *)(uintptr_t) "d.pem", {"config.yaml", 4, 7}},
	.key = {(char *)(uintptr_t) "d.key", {"config.yaml", 5, 7}},
};

static int set_up(void **state)
{
	(void)state;
	ca_key = pki_p256();
	other_key = pki_p256();
	key = pki_p256();
	ca = pki_certificate(&(struct pki_spec){.name = "CA", .key = ca_key, .extensions = PKI_CA});
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(key);
	X509_free(ca);
	return 0;
}

/* ---- C1 ---- */

static void c1_a_key_that_is_not_the_certificates_is_refused(void **state)
{
	struct messages m = {0};

	(void)state;
	pki_capture();
	credentials_check_pair(&plain, &(struct credential){ca, ca_key}, &m);
	assert_string_equal(pki_said(), "");
	pki_capture();
	credentials_check_pair(&plain, &(struct credential){ca, other_key}, &m);
	pki_assert_said("c1", pki_said(),
		"config.yaml:5:7: error: the key in d.key does not match the certificate in d.pem; give the "
		"key");
	assert_int_equal(m.errors, 1);
}

/* ---- C2, C3, C4 ---- */

/* A stranger with the CA's name and another key, and one with another name. */
static X509 *stranger(const char *name)
{
	return pki_certificate(&(struct pki_spec){.name = name, .key = other_key, .extensions = PKI_CA});
}

struct delegate_case {
	const char *name;
	const char *issuer; /* NULL: the CA; else a stranger of that name */
	const char *said;   /* "": nothing */
	unsigned errors, warnings;
	const char *extensions[5][2];
};

static const struct delegate_case delegate_cases[] = {
	{"good", NULL, "", 0, 0, PKI_DELEGATE},
	{"c2_another_issuer", "Other CA",
		"config.yaml:4:7: error: the delegate in d.pem was issued by \"CN=Other CA\", not by this "
		"CA, \"CN=CA\"; have",
		1, 0, PKI_DELEGATE},
	{"c2_another_key_of_the_same_name", "CA",
		"config.yaml:4:7: error: the delegate in d.pem names this CA, \"CN=CA\", as its issuer, but "
		"its signature does "
		"not verify with the CA's key",
		1, 0, PKI_DELEGATE},
	{"c3_no_eku", NULL,
		"config.yaml:4:7: error: the delegate in d.pem lacks the extended key usage "
		"id-kp-OCSPSigning",
		1, 0, {{"noCheck", "ignored"}}},
	{"c3_another_eku", NULL,
		"config.yaml:4:7: error: the delegate in d.pem lacks the extended key usage "
		"id-kp-OCSPSigning",
		1, 0, {{"noCheck", "ignored"}, {"extendedKeyUsage", "serverAuth"}}},
	{"c3_any_eku_does_not_count", NULL,
		"config.yaml:4:7: error: the delegate in d.pem lacks the extended key usage "
		"id-kp-OCSPSigning",
		1, 0, {{"noCheck", "ignored"}, {"extendedKeyUsage", "anyExtendedKeyUsage"}}},
	{"c3_among_others", NULL, "", 0, 0,
		{{"noCheck", "ignored"}, {"extendedKeyUsage", "serverAuth,OCSPSigning"}}},
	{"c4_no_nocheck", NULL, "config.yaml:4:7: warning: the delegate in d.pem lacks id-pkix-ocsp-nocheck",
		0, 1, {{"extendedKeyUsage", "OCSPSigning"}}},
	{"key_usage_without_digital_signature", NULL,
		"config.yaml:4:7: warning: the delegate in d.pem has a keyUsage without digitalSignature", 0,
		1,
		{{"noCheck", "ignored"}, {"extendedKeyUsage", "OCSPSigning"},
			{"keyUsage", "keyEncipherment"}}},
};

static void check_delegate_case(const struct delegate_case *c)
{
	X509 *issuer = c->issuer ? stranger(c->issuer) : ca;
	struct pki_spec spec = {.name = "Delegate",
		.key = key,
		.issuer = issuer,
		.issuer_key = c->issuer ? other_key : ca_key};
	struct messages m = {0};
	X509 *delegate = NULL;

	memcpy(spec.extensions, c->extensions, sizeof spec.extensions);
	delegate = pki_certificate(&spec);
	pki_capture();
	credentials_check_delegate(&plain, delegate, ca, &m);
	pki_assert_said(c->name, pki_said(), c->said);
	if (m.errors != c->errors || m.warnings != c->warnings)
		fail_msg("%s: %u errors, %u warnings", c->name, m.errors, m.warnings);
	X509_free(delegate);
	if (issuer != ca)
		X509_free(issuer);
}

static void c2_c3_c4_delegates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof delegate_cases / sizeof *delegate_cases; i++)
		check_delegate_case(&delegate_cases[i]);
}

static void a_broken_extension_is_refused(void **state)
{
	X509 *delegate = pki_certificate(&(struct pki_spec){.name = "Twice",
		.key = key,
		.issuer = ca,
		.issuer_key = ca_key,
		.extensions = {{"extendedKeyUsage", "OCSPSigning"}, {"basicConstraints", "DER:0101FF"}}});
	struct messages m = {0};

	(void)state;
	pki_capture();
	credentials_check_delegate(&plain, delegate, ca, &m);
	pki_assert_said(
		"broken", pki_said(), "config.yaml:4:7: error: d.pem has an extension that is broken");
	X509_free(delegate);
}

static void the_ca_is_known_by_name_and_key(void **state)
{
	X509 *renewed = pki_certificate(&(struct pki_spec){.name = "CA", .key = ca_key});
	X509 *rekeyed = stranger("CA");
	X509 *renamed = pki_certificate(&(struct pki_spec){.name = "CA 2", .key = ca_key});

	(void)state;
	assert_true(credentials_is_ca(ca, ca));
	assert_true(credentials_is_ca(ca, renewed));
	assert_false(credentials_is_ca(ca, rekeyed));
	assert_false(credentials_is_ca(ca, renamed));
	X509_free(renewed);
	X509_free(rekeyed);
	X509_free(renamed);
}

/* ---- C5 ---- */

static void c5_times(void **state)
{
	static const struct {
		const char *name;
		int64_t from, until;
		bool usable;
		unsigned warnings;
		const char *said;
	} cases[] = {
		{"valid", -PKI_DAY, 100 * PKI_DAY, true, 0, ""},
		{"expired_a_second_ago", -PKI_DAY, -1, false, 1,
			"config.yaml:4:7: warning: a certificate in d.pem expired on 2027-01-15T07:59:59Z; "
			"replace it"},
		{"ends_now", -PKI_DAY, 0, true, 1, "ends on 2027-01-15T08:00:00Z"},
		{"ends_within_the_response", -PKI_DAY, 168 * HOUR - 1, true, 1,
			"before a response of now would"},
		{"ends_with_the_response", -PKI_DAY, 168 * HOUR, true, 0, ""},
		{"not_yet_valid", 1, 100 * PKI_DAY, true, 0,
			"config.yaml:4:7: a certificate in d.pem becomes valid on 2027-01-15T08:00:01Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		X509 *certificate = pki_certificate(&(struct pki_spec){
			.name = "Times", .key = key, .from = cases[i].from, .until = cases[i].until});
		struct messages m = {0};
		bool usable = false;

		pki_capture();
		usable = credentials_check_times(plain.cert, certificate, PKI_NOW, 168 * HOUR, &m);
		pki_assert_said(cases[i].name, pki_said(), cases[i].said);
		if (usable != cases[i].usable || m.warnings != cases[i].warnings || m.errors != 0)
			fail_msg("%s: usable %d, %u warnings", cases[i].name, usable, m.warnings);
		X509_free(certificate);
	}
}

/* ---- C6 ---- */

static void c6_a_ca_that_signs_without_the_bit_is_warned_of(void **state)
{
	X509 *without = pki_certificate(&(struct pki_spec){.name = "CA",
		.key = ca_key,
		.extensions = {
			{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign"}}});
	struct messages m = {0};

	(void)state;
	pki_capture();
	credentials_check_ca_signs(&plain, ca, &m);
	credentials_check_ca(&plain, ca, &m);
	assert_string_equal(pki_said(), "");
	pki_capture();
	credentials_check_ca_signs(&plain, without, &m);
	pki_assert_said(
		"c6", pki_said(), "config.yaml:4:7: warning: the CA in d.pem signs its responses itself");
	assert_int_equal(m.warnings, 1);
	X509_free(without);
}

static void a_ca_cert_that_is_no_ca_is_warned_of(void **state)
{
	X509 *leaf = pki_certificate(&(struct pki_spec){
		.name = "Leaf", .key = key, .extensions = {{"basicConstraints", "CA:FALSE"}}});
	struct messages m = {0};

	(void)state;
	pki_capture();
	credentials_check_ca(&plain, leaf, &m);
	pki_assert_said("leaf", pki_said(), "config.yaml:4:7: warning: d.pem is not the certificate of a CA");
	X509_free(leaf);
}

/* ---- C10 ---- */

static void c10_a_certificate_signed_with_sha1_is_warned_of(void **state)
{
	X509 *old = pki_certificate(&(struct pki_spec){.name = "Old", .key = key, .digest = "SHA1"});
	struct messages m = {0};

	(void)state;
	pki_capture();
	credentials_check_signature(plain.cert, ca, &m);
	assert_string_equal(pki_said(), "");
	pki_capture();
	credentials_check_signature(plain.cert, old, &m);
	pki_assert_said("c10", pki_said(),
		"config.yaml:4:7: warning: the certificate of \"CN=Old\" in d.pem was signed with SHA-1");
	assert_int_equal(m.warnings, 1);
	X509_free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c1_a_key_that_is_not_the_certificates_is_refused),
		cmocka_unit_test(c2_c3_c4_delegates),
		cmocka_unit_test(a_broken_extension_is_refused),
		cmocka_unit_test(the_ca_is_known_by_name_and_key),
		cmocka_unit_test(c5_times),
		cmocka_unit_test(c6_a_ca_that_signs_without_the_bit_is_warned_of),
		cmocka_unit_test(a_ca_cert_that_is_no_ca_is_warned_of),
		cmocka_unit_test(c10_a_certificate_signed_with_sha1_is_warned_of),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
