/* compile: whole configurations, as files, compile or are refused, with the place and the words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "compile_lab.h"

static const struct compile_case {
	const char *name, *yaml;
	bool compiles;
	const char *said;
} compile_cases[] = {
	{"good_but_for_the_table", GOOD, true, "config.yaml:4:21: warning: table "},
	{"c1", ONE "    ocsp_cert: {cert: p256.pem, key: p384.key}\n", false,
		"config.yaml:5:38: error: the key in "},
	{"c1_of_one_kind", ONE "    ocsp_cert: {cert: p256.pem, key: next.key}\n", false,
		"config.yaml:5:38: error: the key in "},
	{"c2", ONE "    ocsp_cert: {cert: large.pem, key: large.key}\n", false,
		"config.yaml:5:23: error: the delegate in "},
	{"c2_of_the_twin",
		CAS "  A:\n    ca_cert: {cert: twin.pem}\n    ocsp_cert: {cert: p256.pem, key: p256.key}\n",
		false, "its signature does not verify with the CA's key"},
	{"c5_expired", ONE "    ocsp_cert: {cert: expired.pem, key: expired.key}\n", false,
		"config.yaml:2:3: error: A has no signer whose certificate is valid now or later"},
	{"c5_one_expired",
		ONE
		"    ocsp_certs: [{cert: expired.pem, key: expired.key}, {cert: p256.pem, key: p256.key}]\n",
		true, "config.yaml:5:25: warning: a certificate in "},
	{"c5_only_later", ONE "    ocsp_cert: {cert: next.pem, key: next.key}\n", true,
		"until 2027-01-16T08:00:00Z its requests are answered tryLater"},
	{"c5_ending", ONE "    ocsp_cert: {cert: ending.pem, key: ending.key}\n", true,
		"config.yaml:5:23: warning: a certificate in "},
	{"c7_same_ca", GOOD "  B:\n    ca_cert: {cert: ca.pem, key: ca.key}\n", false,
		"config.yaml:6:3: error: B is the same CA as A (line 2): equal subject and key"},
	{"c7_same_subject_in_redis", REDIS "  B:\n    ca_cert: {cert: twin.pem, key: twin.key}\n", true,
		"config.yaml:4:3: warning: B and A (line 2) have one subject and two keys, and share their "
		"serials"},
	{"no_key_at_all", CAS "  A:\n    ca_cert: {cert: ca.pem}\n", false,
		"config.yaml:2:3: error: the CA \"A\" has nothing to sign with"},
	{"the_cas_key_is_not_opened",
		CAS "  A:\n    ca_cert: {cert: ca.pem, key: nowhere.key}\n"
		    "    ocsp_cert: {cert: p256.pem, key: p256.key}\n",
		true, "config.yaml:3:34: the CA's own key is not read, because a delegate is given"},
	{"a_delegate_that_is_the_ca", ONE "    ocsp_cert: {cert: ca.pem, key: ca.key}\n", true,
		"warning: table "},
	{"redis", REDIS, true, ""},
	{"cache_window_as_long_as_the_validity", "cache_window: 3600\n" GOOD "    ocsp_validity_hours: 1\n",
		false, "error: cache_window 3600 is not shorter than the validity"},
	{"cache_window_shorter_than_the_validity", "cache_window: 3599\n" GOOD "    ocsp_validity_hours: 1\n",
		true, "is not there yet"},
	{"chain_with_the_signer", GOOD "    ocsp_chain: p256.pem\n", true,
		"config.yaml:6:17: certificate 1 of "},
	{"chain_expired", GOOD "    ocsp_chain: expired.pem\n", true,
		"config.yaml:6:17: warning: a certificate in "},
	{"chain_too_large_for_proxies", GOOD "    ocsp_chain: large.pem\n", false,
		"config.yaml:6:17: error: a reply of A for one certificate has up to 17"},
	{"signer_too_large_for_proxies", CAS "  A:\n    ca_cert: {cert: large.pem, key: large.key}\n", false,
		"config.yaml:2:3: error: a reply of A for one certificate has up to 16"},
	{"signer_too_large_but_left_out",
		CAS "  A:\n    ca_cert: {cert: large.pem, key: large.key}\n    include_signer: false\n", true,
		"is not the certificate of a CA"},
	{"missing_certificate", CAS "  A:\n    ca_cert: {cert: none.pem, key: ca.key}\n", false,
		"config.yaml:3:21: error: cannot open "},
	{"a_table_whose_folder_is_there", GOOD, true,
		"is not there yet, and requests are answered tryLater until it is; make it by"},
	{"a_table_whose_folder_is_not_there",
		CAS "  A:\n    ca_cert: {cert: ca.pem, key: ca.key}\n    status: {table: no/such/A.table}\n",
		true,
		"no/such/A.table is not there yet, nor is its folder, and requests are answered "
		"tryLater until it is; make the folder, and the table by ocspctl table"},
	{"unreadable_table",
		CAS "  A:\n    ca_cert: {cert: ca.pem, key: ca.key}\n    status: {table: ca.pem}\n", true,
		"config.yaml:4:21: warning: table "},
};

static void configurations_compile_or_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof compile_cases / sizeof *compile_cases; i++) {
		const struct compile_case *c = &compile_cases[i];
		struct compiled compiled = {0};
		struct messages m = {0};
		const char *said = compile_text(c->yaml, PKI_NOW, &compiled, &m);

		pki_assert_said(c->name, said, c->said);
		if (c->compiles != (compiled.octets != NULL))
			fail_msg("%s: %s: %s", c->name, compiled.octets ? "compiled" : "refused", said);
		compile_free(&compiled);
	}
}

static void all_errors_are_said_at_once(void **state)
{
	struct compiled compiled = {0};
	struct messages m = {0};
	const char *said = compile_text(CAS "  A:\n    ca_cert: {cert: none.pem, key: ca.key}\n"
					    "  B:\n    ca_cert: {cert: twin.pem}\n"
					    "    ocsp_cert: {cert: p256.pem, key: p384.key}\n",
		PKI_NOW, &compiled, &m);

	(void)state;
	assert_int_equal(m.errors, 3);
	pki_assert_said("A", said, "config.yaml:3:21: error: ");
	pki_assert_said("B", said, "config.yaml:6:23: error: ");
	pki_assert_said("B", said, "config.yaml:6:38: error: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations_compile_or_are_refused),
		cmocka_unit_test(all_errors_are_said_at_once),
	};

	return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
