#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "calendar.h"
#include "ctl/file.h"
#include "ctl/memory.h"

const char *credentials_openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return reason ? reason : "not understood";
}

/* A certificate's DER never holds this text by accident, while text before PEM may begin like DER. */
static bool is_pem(const uint8_t *octets, size_t len)
{
	return memmem(octets, len, "-----BEGIN ", 11) != NULL;
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }, with nothing behind it. */
static X509 *certificate_from_der(const uint8_t *octets, size_t len)
{
	const unsigned char *p = octets;
	X509 *certificate = d2i_X509(NULL, &p, (long)len);

	if (certificate != NULL && p != octets + len) {
		X509_free(certificate);
		certificate = NULL;
	}
	return certificate;
}

/* Up to `max` certificates of a file, one more than that to show that there are more. */
static size_t certificates_from(const uint8_t *octets, size_t len, X509 **out, size_t max)
{
	BIO *bio = NULL;
	size_t count = 0;

	ERR_clear_error();
	if (!is_pem(octets, len)) {
		out[0] = certificate_from_der(octets, len);
		return out[0] ? 1 : 0;
	}
	bio = BIO_new_mem_buf(octets, (int)len);
	while (bio != NULL && count < max) {
		out[count] = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (out[count] == NULL)
			break;
		count++;
	}
	BIO_free(bio);
	return count;
}

/* A PEM file ends by "no start line"; anything else is a block that is broken. */
static bool ended_well(void)
{
	const unsigned long error = ERR_peek_last_error();

	return error == 0 ||
	       (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE);
}

static void say_no_certificate(struct config_text path, struct messages *m)
{
	if (ended_well())
		message_error(m, path.at,
			"%s holds no certificate; give a file with a CERTIFICATE block (PEM) or DER",
			path.value);
	else
		message_error(m, path.at,
			"%s holds a certificate that cannot be read (%s); export it again as PEM or DER",
			path.value, credentials_openssl_reason());
	ERR_clear_error();
}

X509 *credentials_certificate(struct config_text path, struct messages *m)
{
	X509 *certificate = NULL;
	size_t len = 0;
	uint8_t *octets = file_read(path.value, CREDENTIALS_FILE_OCTETS, &len, m, path.at);

	if (octets == NULL)
		return NULL;
	if (certificates_from(octets, len, &certificate, 1) == 0)
		say_no_certificate(path, m);
	memory_wipe(octets, len); /* a key may stand in the same file */
	free(octets);
	return certificate;
}

X509 **credentials_chain(struct config_text path, size_t *count, struct messages *m)
{
	X509 **chain = NULL;
	size_t len = 0;
	const unsigned errors = m->errors;
	uint8_t *octets = file_read(path.value, CREDENTIALS_FILE_OCTETS, &len, m, path.at);

	*count = 0;
	if (octets == NULL)
		return NULL;
	chain = memory_zeroed(CREDENTIALS_CHAIN_MAX + 2, sizeof *chain);
	*count = certificates_from(octets, len, chain, CREDENTIALS_CHAIN_MAX + 1);
	if (*count == 0 || (*count <= CREDENTIALS_CHAIN_MAX && !ended_well()))
		say_no_certificate(path, m);
	else if (*count > CREDENTIALS_CHAIN_MAX)
		message_error(m, path.at,
			"%s holds more than %d certificates; leave only those between the signer and the "
			"root",
			path.value, CREDENTIALS_CHAIN_MAX);
	ERR_clear_error();
	if (m->errors != errors) {
		credentials_free_chain(chain);
		chain = NULL;
		*count = 0;
	}
	memory_wipe(octets, len);
	free(octets);
	return chain;
}

void credentials_free_chain(X509 **chain)
{
	for (size_t i = 0; chain != NULL && chain[i] != NULL; i++)
		X509_free(chain[i]);
	free(chain);
}

struct config_text credentials_certificate_source(const struct config_credential *from)
{
	return from->cert.value ? from->cert : from->pkcs12;
}

struct config_text credentials_key_source(const struct config_credential *from)
{
	return from->key.value ? from->key : from->pkcs12.value ? from->pkcs12 : from->cert;
}

/* What is given, and what is missing, before any file is opened. */
static bool is_complete(const struct config_credential *from, bool want_key, struct messages *m)
{
	if (from->pkcs12.value && (from->cert.value || from->key.value)) {
		message_error(m, from->pkcs12.at, "pkcs12 stands beside cert or key; give one or the other");
		return false;
	}
	if (!from->pkcs12.value && !from->cert.value) {
		message_error(m, from->at, "no certificate is given; add cert: or pkcs12:");
		return false;
	}
	if (want_key && !from->pkcs12.value && !from->key.value) {
		message_error(m, from->at, "no private key to sign with is given; add key: (or pkcs12:)");
		return false;
	}
	return true;
}

bool credentials_load(
	const struct config_credential *from, bool want_key, struct credential *out, struct messages *m)
{
	*out = (struct credential){NULL, NULL};
	if (!is_complete(from, want_key, m))
		return false;
	if (from->pkcs12.value)
		return credentials_pkcs12(from, want_key, out, m);
	out->certificate = credentials_certificate(from->cert, m);
	if (want_key)
		out->key = credentials_private_key(from, m);
	if (out->certificate != NULL && (out->key != NULL || !want_key))
		return true;
	credentials_free(out);
	return false;
}

void credentials_free(struct credential *c)
{
	X509_free(c->certificate);
	EVP_PKEY_free(c->key); /* OpenSSL cleanses a key's numbers */
	*c = (struct credential){NULL, NULL};
}

static bool seconds_of(const ASN1_TIME *time, int64_t *out)
{
	struct tm tm = {0};
	struct calendar c = {0};

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	c = (struct calendar){
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 0};
	return calendar_to_unix(&c, out);
}

bool credentials_validity(const X509 *certificate, int64_t *not_before, int64_t *not_after)
{
	return seconds_of(X509_get0_notBefore(certificate), not_before) &&
	       seconds_of(X509_get0_notAfter(certificate), not_after);
}

char *credentials_name_text(const X509_NAME *name)
{
	const unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL, *text = NULL;
	long len = 0;

	if (bio == NULL || X509_NAME_print_ex(bio, name, 0, flags) < 0) {
		BIO_free(bio);
		return memory_text("(a name that cannot be printed)");
	}
	len = BIO_get_mem_data(bio, &data);
	text = memory_printf("%.*s", (int)len, data ? data : "");
	BIO_free(bio);
	return text;
}
