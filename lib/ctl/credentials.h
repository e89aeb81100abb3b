/*
 * credentials: certificates and keys of the configuration, read by OpenSSL (PEM or DER; PKCS#8, traditional, encrypted,
 * PKCS#12) and checked one against another (conformance C1–C6, C10). What ocsp-cgi needs of them are raw numbers and
 * octets: struct write_signer.
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "config.h"
#include "snapshot_write.h"

/* The certificate of a file (PEM, the first one; or DER), or NULL after an error. The caller frees. */
X509 *credentials_certificate(struct config_text path, struct messages *m);

/* All certificates of a PEM file (ocsp_chain), at most 16; a NULL-terminated new array, or NULL after an error. */
X509 **credentials_chain(struct config_text path, size_t *count, struct messages *m);

/* A CA or delegate: its certificate and, where `want_key`, its private key. */
struct credential {
	X509 *certificate;
	EVP_PKEY *key;
};
bool credentials_load(
	const struct config_credential *from, bool want_key, struct credential *out, struct messages *m);
void credentials_free(struct credential *c);

/* The algorithm that this key signs with under `digest` and `rsa_padding`; SIGN_NONE after an error (C10, R8). */
enum sign_algorithm credentials_algorithm(
	const struct config_credential *from, const struct credential *c, struct messages *m);

/* The key's raw numbers in new memory; credentials_wipe_key() it. */
bool credentials_raw_key(const EVP_PKEY *key, enum sign_algorithm algorithm, struct sign_key *out);
void credentials_wipe_key(struct sign_key *key);

#endif
