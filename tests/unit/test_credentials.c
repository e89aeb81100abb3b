/* credentials: every format of certificate, key and chain is read; what is not is refused with its place and a way out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "credentials_lab.h"

/* ---- keys ---- */

static int write_pkcs8(BIO *out, EVP_PKEY *key)
{
	return PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
}

static int write_pkcs8_encrypted(BIO *out, EVP_PKEY *key)
{
	return PEM_write_bio_PKCS8PrivateKey(
		out, key, EVP_aes_256_cbc(), NULL, 0, NULL, (void *)(uintptr_t)PASSWORD);
}

static int write_traditional(BIO *out, EVP_PKEY *key)
{
	return PEM_write_bio_PrivateKey_traditional(out, key, NULL, NULL, 0, NULL, NULL);
}

static int write_traditional_encrypted(BIO *out, EVP_PKEY *key)
{
	return PEM_write_bio_PrivateKey_traditional(out, key, EVP_aes_128_cbc(),
		(const unsigned char *)PASSWORD, sizeof PASSWORD - 1, NULL, NULL);
}

static int write_der_pkcs8(BIO *out, EVP_PKEY *key)
{
	return i2d_PKCS8PrivateKeyInfo_bio(out, key);
}

static int write_der_traditional(BIO *out, EVP_PKEY *key)
{
	return i2d_PrivateKey_bio(out, key);
}

static int write_der_encrypted(BIO *out, EVP_PKEY *key)
{
	return i2d_PKCS8PrivateKey_bio(
		out, key, EVP_aes_256_cbc(), NULL, 0, NULL, (void *)(uintptr_t)PASSWORD);
}

/* What `openssl ecparam -genkey` writes. */
static int write_behind_parameters(BIO *out, EVP_PKEY *key)
{
	BIO_puts(out, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
	return write_traditional(out, key);
}

static int write_behind_certificate(BIO *out, EVP_PKEY *key)
{
	BIO_puts(out, "0 text that begins like DER\n");
	return PEM_write_bio_X509(out, leaf) && write_pkcs8(out, key);
}

static const struct key_format {
	const char *name;
	int (*write)(BIO *out, EVP_PKEY *key);
	bool encrypted, only_ec, not_ed;
} key_formats[] = {
	{"pkcs8", write_pkcs8, false, false, false},
	{"pkcs8_encrypted", write_pkcs8_encrypted, true, false, false},
	{"traditional", write_traditional, false, false, true},
	{"traditional_encrypted", write_traditional_encrypted, true, false, true},
	{"der_pkcs8", write_der_pkcs8, false, false, false},
	{"der_traditional", write_der_traditional, false, false, true},
	{"der_encrypted", write_der_encrypted, true, false, false},
	{"ec_parameters_first", write_behind_parameters, false, true, false},
	{"text_and_certificate_first", write_behind_certificate, false, false, false},
};
#define KEY_FORMATS (sizeof key_formats / sizeof *key_formats)

static const char *write_key_file(const struct key_format *format, EVP_PKEY *key)
{
	const char *path = pki_path(folder, "key");
	BIO *out = BIO_new_file(path, "wb");

	assert_non_null(out);
	assert_int_equal(chmod(path, 0600), 0);
	if (!format->write(out, key))
		fail_msg("%s: not written", format->name);
	BIO_free(out);
	return path;
}

/* Loads the key file under this password and file, and returns what was said; *key is the key or NULL. */
static const char *load_key(const char *path, const char *password, const char *password_file, EVP_PKEY **key)
{
	const struct config_credential from = {
		.key = text(path, 1), .password = text(password, 2), .password_file = text(password_file, 3)};
	struct messages m = {0};

	pki_capture();
	*key = credentials_private_key(&from, &m);
	assert_int_equal(*key == NULL, m.errors > 0);
	return pki_said();
}

static void check_key_is(const char *name, EVP_PKEY *key, const EVP_PKEY *expected, const char *said)
{
	if (key == NULL || EVP_PKEY_eq(key, expected) != 1)
		fail_msg("%s: not this key: %s", name, said);
	assert_string_equal(said, "");
	EVP_PKEY_free(key);
}

static void check_format(const struct key_format *format, EVP_PKEY *key)
{
	const char *path = write_key_file(format, key), *said = NULL;
	EVP_PKEY *loaded = NULL;

	said = load_key(path, format->encrypted ? PASSWORD : NULL, NULL, &loaded);
	check_key_is(format->name, loaded, key, said);
	if (!format->encrypted)
		return;
	pki_write_text(pki_path(folder, "password"), PASSWORD "\n");
	said = load_key(path, NULL, pki_path(folder, "password"), &loaded);
	check_key_is(format->name, loaded, key, said);
	said = load_key(path, NULL, NULL, &loaded);
	pki_assert_said(format->name, said, "config.yaml:1:7: error: ");
	pki_assert_said(format->name, said, "is encrypted; give password or password_file\n");
	said = load_key(path, "wrong", NULL, &loaded);
	pki_assert_said(format->name, said, "cannot be decrypted with this password");
}

static void every_key_format_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_FORMATS; i++) {
		check_format(&key_formats[i], ec_key);
		if (!key_formats[i].only_ec)
			check_format(&key_formats[i], rsa_key);
		if (!key_formats[i].only_ec && !key_formats[i].not_ed)
			check_format(&key_formats[i], ed_key);
	}
}

static void a_password_may_stand_beside_a_plain_key(void **state)
{
	EVP_PKEY *loaded = NULL;
	const char *said = load_key(write_key_file(&key_formats[0], ec_key), "needless", NULL, &loaded);

	(void)state;
	check_key_is("plain", loaded, ec_key, said);
}

static void a_file_without_a_key_says_so(void **state)
{
	EVP_PKEY *loaded = NULL;

	(void)state;
	pki_assert_said("certificate", load_key(pki_path(folder, "leaf.pem"), NULL, NULL, &loaded),
		"holds no private key that can be read");
	pki_write_text(pki_path(folder, "empty"), "");
	pki_assert_said("empty", load_key(pki_path(folder, "empty"), NULL, NULL, &loaded),
		"holds no private key that can be read");
	pki_assert_said("missing", load_key(pki_path(folder, "missing"), NULL, NULL, &loaded),
		"config.yaml:1:7: error: cannot open");
}

static void files_that_everybody_reads_are_warned_of(void **state)
{
	const char *path = write_key_file(&key_formats[1], ec_key), *said = NULL;
	const char *password = pki_path(folder, "password");
	EVP_PKEY *loaded = NULL;

	(void)state;
	pki_write_text(password, PASSWORD "\r\n");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(password, 0604), 0);
	said = load_key(path, NULL, password, &loaded);
	pki_assert_said("key", said, "config.yaml:1:7: warning: the key file ");
	pki_assert_said("key", said, "(mode 0644); chmod o-rwx it");
	pki_assert_said("password", said, "config.yaml:3:7: warning: the password file ");
	assert_non_null(loaded);
	EVP_PKEY_free(loaded);
}

/* ---- PKCS#12 ---- */

/* With a second certificate, so that the right one has to be found. */
static const char *write_pkcs12(const char *password)
{
	const char *path = pki_path(folder, "bundle.p12");
	STACK_OF(X509) *others = sk_X509_new_null();
	PKCS12 *bundle = NULL;
	FILE *file = pki_open(path);

	assert_true(sk_X509_push(others, ca) > 0);
	bundle = PKCS12_create(password, "friendly", rsa_key, leaf, others, 0, 0, 2048, 2048, 0);
	assert_non_null(bundle);
	assert_int_equal(i2d_PKCS12_fp(file, bundle), 1);
	assert_int_equal(fclose(file), 0);
	sk_X509_free(others);
	PKCS12_free(bundle);
	return path;
}

static const char *load_pkcs12(const char *path, const char *password, bool want_key, struct credential *out)
{
	const struct config_credential from = {.pkcs12 = text(path, 1), .password = text(password, 2)};
	struct messages m = {0};
	bool loaded = false;

	pki_capture();
	loaded = credentials_load(&from, want_key, out, &m);
	assert_int_equal(loaded, m.errors == 0);
	return pki_said();
}

static void pkcs12_gives_certificate_and_key(void **state)
{
	static const char *const passwords[] = {PASSWORD, ""};
	struct credential c = {NULL, NULL};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(load_pkcs12(write_pkcs12(passwords[i]), passwords[i], true, &c), "");
		assert_int_equal(X509_cmp(c.certificate, leaf), 0);
		assert_int_equal(EVP_PKEY_eq(c.key, rsa_key), 1);
		credentials_free(&c);
	}
}

static void pkcs12_without_its_key_gives_the_owners_certificate(void **state)
{
	struct credential c = {NULL, NULL};

	(void)state;
	assert_string_equal(load_pkcs12(write_pkcs12(PASSWORD), PASSWORD, false, &c), "");
	assert_int_equal(X509_cmp(c.certificate, leaf), 0);
	assert_null(c.key);
	credentials_free(&c);
}

static void pkcs12_that_does_not_open_says_why(void **state)
{
	struct credential c = {NULL, NULL};
	const char *path = write_pkcs12(PASSWORD);

	(void)state;
	pki_assert_said(
		"none", load_pkcs12(path, NULL, true, &c), "is encrypted; give password or password_file");
	pki_assert_said("wrong", load_pkcs12(path, "wrong", true, &c), "cannot be opened with this password");
	pki_assert_said("pem", load_pkcs12(pki_path(folder, "leaf.pem"), NULL, true, &c),
		"cannot be used as PKCS#12");
	pki_assert_said("missing", load_pkcs12(pki_path(folder, "none"), NULL, true, &c),
		"config.yaml:1:7: error: cannot");
}

/* ---- a credential as a whole ---- */

static void what_is_missing_or_too_much_is_said(void **state)
{
	const char *pem = pki_path(folder, "leaf.pem");
	const struct place at = {"config.yaml", 9, 3};
	const struct {
		struct config_credential from;
		const char *said;
	} cases[] = {
		{{.at = at}, "config.yaml:9:3: error: no certificate is given; add cert: or pkcs12:"},
		{{.at = at, .cert = text(pem, 10)},
			"config.yaml:9:3: error: no private key to sign with is given"},
		{{.at = at, .cert = text(pem, 10), .pkcs12 = text(pem, 11)},
			"config.yaml:11:7: error: pkcs12 stands beside cert or key"},
		{{.at = at,
			 .pkcs12 = text(pem, 10),
			 .password = text("a", 11),
			 .password_file = text("b", 12)},
			"config.yaml:12:7: error: password and password_file are both given"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct credential c = {NULL, NULL};
		struct messages m = {0};

		pki_capture();
		assert_false(credentials_load(&cases[i].from, true, &c, &m));
		pki_assert_said("credential", pki_said(), cases[i].said);
		assert_null(c.certificate);
		assert_null(c.key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_format_is_read),
		cmocka_unit_test(a_password_may_stand_beside_a_plain_key),
		cmocka_unit_test(a_file_without_a_key_says_so),
		cmocka_unit_test(files_that_everybody_reads_are_warned_of),
		cmocka_unit_test(pkcs12_gives_certificate_and_key),
		cmocka_unit_test(pkcs12_without_its_key_gives_the_owners_certificate),
		cmocka_unit_test(pkcs12_that_does_not_open_says_why),
		cmocka_unit_test(what_is_missing_or_too_much_is_said),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
