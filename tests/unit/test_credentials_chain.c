/* credentials: certificates and chains, PEM and DER; what is neither is refused with its place and a way out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "credentials_lab.h"

/* ---- certificates and chains ---- */

static const char *load_certificate(const char *path, X509 **out)
{
	struct messages m = {0};

	pki_capture();
	*out = credentials_certificate(text(path, 4), &m);
	assert_int_equal(*out == NULL, m.errors > 0);
	return pki_said();
}

static void a_certificate_is_read_from_pem_and_der(void **state)
{
	const char *pem = pki_path(folder, "mixed.pem"), *der = pki_path(folder, "leaf.der");
	FILE *file = pki_open(pem);
	X509 *read = NULL;

	(void)state;
	assert_true(fputs("0 text before it\n", file) >= 0 && PEM_write_X509(file, leaf) &&
		    PEM_write_X509(file, ca));
	assert_int_equal(fclose(file), 0);
	file = pki_open(der);
	assert_int_equal(i2d_X509_fp(file, leaf), 1);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(load_certificate(pem, &read), "");
	assert_int_equal(X509_cmp(read, leaf), 0);
	X509_free(read);
	assert_string_equal(load_certificate(der, &read), "");
	assert_int_equal(X509_cmp(read, leaf), 0);
	X509_free(read);
}

static void what_is_no_certificate_is_refused(void **state)
{
	static const char *const broken[] = {"", "nothing",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"};
	const char *path = pki_path(folder, "broken");
	X509 *read = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		pki_write_text(path, broken[i]);
		pki_assert_said(broken[i], load_certificate(path, &read), "config.yaml:4:7: error: ");
	}
}

static void der_with_octets_behind_it_is_refused(void **state)
{
	const char *path = pki_path(folder, "trailing.der");
	FILE *file = pki_open(path);
	X509 *read = NULL;

	(void)state;
	assert_true(i2d_X509_fp(file, leaf) == 1 && fputc(0, file) == 0);
	assert_int_equal(fclose(file), 0);
	pki_assert_said("trailing", load_certificate(path, &read), "error: ");
}

static X509 **load_chain(size_t certificates, const char *tail, size_t *count, const char **said)
{
	const char *path = pki_path(folder, "chain.pem");
	FILE *file = pki_open(path);
	struct messages m = {0};
	X509 **chain = NULL;

	for (size_t i = 0; i < certificates; i++)
		assert_int_equal(PEM_write_X509(file, i % 2 ? ca : leaf), 1);
	assert_true(fputs(tail, file) >= 0);
	assert_int_equal(fclose(file), 0);
	pki_capture();
	chain = credentials_chain(text(path, 5), count, &m);
	*said = pki_said();
	return chain;
}

static void a_chain_holds_1_to_16_certificates(void **state)
{
	static const size_t good[] = {1, 2, 16}, bad[] = {0, 17, 40};
	const char *said = NULL;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		X509 **chain = load_chain(good[i], "", &count, &said);

		assert_string_equal(said, "");
		assert_int_equal(count, good[i]);
		assert_int_equal(X509_cmp(chain[0], leaf), 0);
		credentials_free_chain(chain);
		assert_null(load_chain(bad[i], "", &count, &said));
		pki_assert_said("chain", said, "config.yaml:5:7: error: ");
	}
}

static void a_chain_with_a_broken_block_is_refused(void **state)
{
	const char *said = NULL;
	size_t count = 0;

	(void)state;
	assert_null(load_chain(1, "-----BEGIN CERTIFICATE-----\nMIIB\n", &count, &said));
	pki_assert_said("broken", said, "cannot be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_read_from_pem_and_der),
		cmocka_unit_test(what_is_no_certificate_is_refused),
		cmocka_unit_test(der_with_octets_behind_it_is_refused),
		cmocka_unit_test(a_chain_holds_1_to_16_certificates),
		cmocka_unit_test(a_chain_with_a_broken_block_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
