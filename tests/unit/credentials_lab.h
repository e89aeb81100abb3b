/* A folder with keys and certificates of every kind, for the tests of credentials. Included after cmocka.h. */

#include <sys/stat.h>

#include <openssl/pkcs12.h>

#include "ctl/credentials/credentials.h"
#include "pki.h"

#define PASSWORD "correct horse"

static char folder[] = "/tmp/test_credentials.XXXXXX";
static EVP_PKEY *rsa_key, *ec_key, *ed_key, *other_key;
static X509 *ca, *leaf;

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	rsa_key = pki_rsa("RSA", 2048);
	ec_key = pki_p256();
	ed_key = pki_ed25519();
	other_key = pki_p256();
	ca = pki_certificate(&(struct pki_spec){.name = "CA", .key = ec_key, .extensions = PKI_CA});
	leaf = pki_certificate(&(struct pki_spec){.name = "Leaf",
		.key = rsa_key,
		.issuer = ca,
		.issuer_key = ec_key,
		.extensions = PKI_DELEGATE});
	pki_write_certificate(pki_path(folder, "leaf.pem"), leaf);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(rsa_key);
	EVP_PKEY_free(ec_key);
	EVP_PKEY_free(ed_key);
	EVP_PKEY_free(other_key);
	X509_free(ca);
	X509_free(leaf);
	pki_remove_folder(folder);
	return 0;
}

static struct config_text text(const char *value, unsigned line)
{
	return (struct config_text){(char *)(uintptr_t)value, {"config.yaml", line, 7}};
}
