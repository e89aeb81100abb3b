/*
 * credentials: certificates and keys of the configuration, read by OpenSSL (PEM or DER; PKCS#8, traditional, encrypted,
 * PKCS#12) and checked one against another (conformance C1–C6, C10). What ocsp-cgi needs of them are raw numbers and
 * octets: struct write_signer. Nothing here ever asks at the terminal.
 *   credentials.c         certificates, chains, a credential as a whole
 *   credentials_key.c     private keys, their passwords, PKCS#12
 *   credentials_algorithm.c  which algorithm a key signs with
 *   credentials_raw.c     its raw numbers
 *   credentials_public.c  those of a certificate's public key
 *   credentials_checks.c  what is refused or warned of
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ctl/config/config.h"
#include "ctl/snapshot/snapshot_write.h"

#define CREDENTIALS_CHAIN_MAX   16
#define CREDENTIALS_FILE_OCTETS (1024 * 1024) /* of a certificate, key or PKCS#12 file */

/* The certificate of a file (PEM, the first one; or DER), or NULL after an error. The caller frees. */
X509 *credentials_certificate(struct config_text path, struct messages *m);

/* All certificates of a PEM file (ocsp_chain), at most CREDENTIALS_CHAIN_MAX; a NULL-terminated new array, or NULL after
 * an error. credentials_free_chain() it. */
X509 **credentials_chain(struct config_text path, size_t *count, struct messages *m);
void credentials_free_chain(X509 **chain);

/* A CA or delegate: its certificate and, where `want_key`, its private key. */
struct credential {
	X509 *certificate;
	EVP_PKEY *key;
};
/* Without `want_key` no key file is opened, and a PKCS#12's key stays encrypted. False after an error. */
bool credentials_load(
	const struct config_credential *from, bool want_key, struct credential *out, struct messages *m);
void credentials_free(struct credential *c);

/* Where a message about the certificate, or the key, of a credential belongs. */
struct config_text credentials_certificate_source(const struct config_credential *from);
struct config_text credentials_key_source(const struct config_credential *from);

/* The parts of credentials_load() that know private keys. `password` is NULL or wiped by the caller. */
bool credentials_password(const struct config_credential *from, char **password, struct messages *m);
EVP_PKEY *credentials_private_key(const struct config_credential *from, struct messages *m);
bool credentials_pkcs12(
	const struct config_credential *from, bool want_key, struct credential *out, struct messages *m);

/* Why OpenSSL failed last, in its words (static); its queue of errors is empty afterwards. */
const char *credentials_openssl_reason(void);

/* notBefore and notAfter in Unix seconds; false where they are no dates. */
bool credentials_validity(const X509 *certificate, int64_t *not_before, int64_t *not_after);

/* "CN = x, O = y" (RFC 2253, UTF-8) of a Name; new memory. */
char *credentials_name_text(const X509_NAME *name);

/* The algorithm that this key signs with under `digest` and `rsa_padding`; SIGN_NONE after an error (C10, R8). */
enum sign_algorithm credentials_algorithm(
	const struct config_credential *from, const struct credential *c, struct messages *m);

/* The key's raw numbers in new memory; credentials_wipe_key() it. False: it is no whole key of this algorithm. */
bool credentials_raw_key(const EVP_PKEY *key, enum sign_algorithm algorithm, struct sign_key *out);
void credentials_wipe_key(struct sign_key *key);

/* The raw numbers of a requester's public key in new memory; credentials_free_public_key() it in either case. False after an
 * error: a kind, curve or size that ocsp-cgi does not verify by. */
bool credentials_public_key(
	struct config_text source, const X509 *certificate, struct verify_key *out, struct messages *m);
void credentials_free_public_key(struct verify_key *key);

/* ---- the checks: each says what it finds; an error is counted in `m` ---- */

/* Whether this is the CA itself: its subject and its key. */
bool credentials_is_ca(const X509 *ca, const X509 *signer);

/* C1: the key is the certificate's. */
void credentials_check_pair(
	const struct config_credential *from, const struct credential *c, struct messages *m);

/* C2, C3, C4, and keyUsage: a delegate of this CA. */
void credentials_check_delegate(
	const struct config_credential *from, const X509 *delegate, const X509 *ca, struct messages *m);

/* C10, and whether it is a CA's certificate at all. */
void credentials_check_ca(const struct config_credential *from, const X509 *ca, struct messages *m);

/* C6: a CA that signs its responses itself. */
void credentials_check_ca_signs(const struct config_credential *from, const X509 *ca, struct messages *m);

/* C10: a certificate that was signed with SHA-1 or less. */
void credentials_check_signature(struct config_text source, const X509 *certificate, struct messages *m);

/*
 * C5, of one certificate at `now`: expired or ending within `validity_seconds` is a warning, not yet valid a notice.
 * True while it is, or will be, valid.
 */
bool credentials_check_times(struct config_text source, const X509 *certificate, int64_t now,
	int64_t validity_seconds, struct messages *m);

#endif
