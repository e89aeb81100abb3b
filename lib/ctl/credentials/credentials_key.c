#include "credentials.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "ctl/file.h"
#include "ctl/memory.h"

bool credentials_password(const struct config_credential *from, char **password, struct messages *m)
{
	*password = NULL;
	if (from->password.value && from->password_file.value) {
		message_error(
			m, from->password_file.at, "password and password_file are both given; keep one");
		return false;
	}
	if (from->password_file.value)
		*password = file_read_password(from->password_file.value, m, from->password_file.at);
	else
		*password = memory_text(from->password.value);
	return *password != NULL || !from->password_file.value;
}

/* What a private key is made of: the octets of its file, and their password or NULL. */
struct sealed {
	uint8_t *octets;
	size_t len;
	char *password;
};

static bool read_sealed(const struct config_credential *from, const char *what, struct config_text path,
	struct sealed *out, struct messages *m)
{
	*out = (struct sealed){NULL, 0, NULL};
	if (!credentials_password(from, &out->password, m))
		return false;
	out->octets = file_read_secret(what, path.value, CREDENTIALS_FILE_OCTETS, &out->len, m, path.at);
	return out->octets != NULL;
}

static void wipe_sealed(struct sealed *s)
{
	file_wipe(s->octets, s->len);
	file_wipe_text(s->password);
}

struct passphrase {
	const char *password; /* or NULL */
	bool asked;           /* the key is encrypted */
};

/* OpenSSL's own callback would ask at the terminal. */
static int give_passphrase(char *buffer, int size, int writing, void *user)
{
	struct passphrase *pass = user;
	const size_t len = pass->password ? strlen(pass->password) : 0;

	(void)writing;
	pass->asked = true;
	if (pass->password == NULL || size < 0 || len > (size_t)size)
		return -1;
	memcpy(buffer, pass->password, len);
	return (int)len;
}

/* PEM in any dress, or DER: PrivateKeyInfo, EncryptedPrivateKeyInfo (RFC 5958), RSAPrivateKey, ECPrivateKey. */
static EVP_PKEY *parse_key(const uint8_t *octets, size_t len, struct passphrase *pass)
{
	BIO *bio = BIO_new_mem_buf(octets, (int)len);
	const unsigned char *p = octets;
	EVP_PKEY *key = NULL;

	if (bio == NULL)
		return NULL;
	if (memmem(octets, len, "-----BEGIN ", 11) != NULL) {
		key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, pass);
	} else {
		key = d2i_AutoPrivateKey(NULL, &p, (long)len);
		if (key == NULL)
			key = d2i_PKCS8PrivateKey_bio(bio, NULL, give_passphrase, pass);
	}
	BIO_free(bio);
	return key;
}

static void say_no_key(
	const struct config_credential *from, const struct passphrase *pass, struct messages *m)
{
	const struct config_text path = from->key;
	const char *reason = credentials_openssl_reason();

	if (pass->asked && pass->password == NULL)
		message_error(m, path.at, "the key in %s is encrypted; %s", path.value,
			from->no_password ? "give a copy that is not (openssl pkey -in KEY -out COPY)"
					  : "give password or password_file");
	else if (pass->asked)
		message_error(m, path.at,
			"the key in %s cannot be decrypted with this password (%s); check password or "
			"password_file",
			path.value, reason);
	else
		message_error(m, path.at,
			"%s holds no private key that can be read (%s); give one in PEM or DER (PKCS#8 or "
			"traditional)",
			path.value, reason);
}

EVP_PKEY *credentials_private_key(const struct config_credential *from, struct messages *m)
{
	struct sealed file;
	EVP_PKEY *key = NULL;

	ERR_clear_error();
	if (read_sealed(from, "key", from->key, &file, m)) {
		struct passphrase pass = {file.password, false};

		key = parse_key(file.octets, file.len, &pass);
		if (key == NULL)
			say_no_key(from, &pass, m);
	}
	ERR_clear_error();
	wipe_sealed(&file);
	return key;
}

/*
 * Without a key to compare with, the owner's certificate among several is the one with a localKeyID (PKCS#9), which
 * OpenSSL keeps beside the certificate.
 */
static X509 *owner_of(STACK_OF(X509) * certificates)
{
	X509 *owner = NULL;

	for (int i = 0; i < sk_X509_num(certificates); i++) {
		X509 *candidate = sk_X509_value(certificates, i);
		int len = 0;

		if (X509_keyid_get0(candidate, &len) != NULL || sk_X509_num(certificates) == 1) {
			if (owner != NULL)
				return NULL;
			owner = candidate;
		}
	}
	return owner;
}

/* A NULL place for the key makes PKCS12_parse() leave it encrypted. */
static bool parse_certificate_only(PKCS12 *p12, const char *password, struct credential *out)
{
	STACK_OF(X509) *certificates = NULL;
	X509 *owner = NULL;

	if (PKCS12_parse(p12, password, NULL, NULL, &certificates) == 1)
		owner = owner_of(certificates);
	if (owner != NULL && X509_up_ref(owner) == 1)
		out->certificate = owner;
	sk_X509_pop_free(certificates, X509_free);
	return out->certificate != NULL;
}

static void say_no_pkcs12(struct config_text path, const char *password, struct messages *m)
{
	const unsigned long error = ERR_peek_last_error();
	const bool mac =
		ERR_GET_LIB(error) == ERR_LIB_PKCS12 && ERR_GET_REASON(error) == PKCS12_R_MAC_VERIFY_FAILURE;
	const bool old = ERR_GET_REASON(error) == ERR_R_UNSUPPORTED;

	if (mac && password == NULL)
		message_error(m, path.at, "%s is encrypted; give password or password_file", path.value);
	else if (mac)
		message_error(m, path.at,
			"%s cannot be opened with this password; check password or password_file",
			path.value);
	else
		message_error(m, path.at, "%s cannot be used as PKCS#12 (%s); %s", path.value,
			credentials_openssl_reason(),
			old ? "its encryption is an old one: convert it with openssl pkcs12 -legacy -in FILE "
			      "-nodes, and "
			      "give cert and key"
			    : "it must hold one certificate and its key");
	ERR_clear_error();
}

static bool parse_pkcs12(
	const uint8_t *octets, size_t len, bool want_key, const char *password, struct credential *out)
{
	const unsigned char *p = octets;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)len);
	bool done = false;

	if (p12 != NULL && want_key)
		done = PKCS12_parse(p12, password, &out->key, &out->certificate, NULL) == 1 &&
		       out->key != NULL && out->certificate != NULL;
	else if (p12 != NULL)
		done = parse_certificate_only(p12, password, out);
	PKCS12_free(p12);
	return done;
}

bool credentials_pkcs12(
	const struct config_credential *from, bool want_key, struct credential *out, struct messages *m)
{
	struct sealed file;
	bool done = false;

	ERR_clear_error();
	if (read_sealed(from, "PKCS#12", from->pkcs12, &file, m)) {
		done = parse_pkcs12(file.octets, file.len, want_key, file.password, out);
		if (!done) {
			say_no_pkcs12(from->pkcs12, file.password, m);
			credentials_free(out);
		}
	}
	ERR_clear_error();
	wipe_sealed(&file);
	return done;
}
