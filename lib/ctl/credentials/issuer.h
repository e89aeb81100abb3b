/*
 * issuer: everything that is said of a CA by its certificate alone: issuerNameHash and issuerKeyHash in the four
 * algorithms (RFC 6960 4.1.1), ResponderID (4.2.1), and the subject as it stands in a Redis key (design "The key in
 * Redis"). No key file is opened.
 */
#ifndef ISSUER_H
#define ISSUER_H

#include <openssl/x509.h>

#include "ocsp.h"

struct issuer_hashes {
	uint8_t name[CERTID_HASHES][CERTID_HASH_MAX], key[CERTID_HASHES][CERTID_HASH_MAX];
};
extern const size_t issuer_hash_octets[CERTID_HASHES]; /* 20, 32, 48, 64 */

/* Of its subject and its key, each hash at the start of its row. False: it has none of either, or libcrypto fails. */
bool issuer_hashes(const X509 *certificate, struct issuer_hashes *out);

/* DER of ResponderID for a signer: [1] its Name, or [2] SHA-1 of its key. New memory, the caller frees. */
uint8_t *issuer_responder_id(const X509 *signer, bool by_name, size_t *len);

/* The <subject> of a Redis key: new memory, NUL-terminated; NULL where the Name is not readable. */
char *issuer_redis_subject(const X509_NAME *name);

#endif
