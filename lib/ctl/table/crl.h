/*
 * crl: a CertificateList (RFC 5280 5) read by der's cursor: nothing is built in memory but the file's octets, so that a CRL
 * of a million entries needs its own size (OpenSSL's parser: 473 MB). The octets are a private copy: what was verified is
 * what is read. Refused, each with a message that names the file: whatever would make "not listed" mean something else
 * than "good" (conformance S3a): delta and indirect CRLs, onlySomeReasons, onlyContainsAttributeCerts, unknown critical
 * extensions, removeFromCRL, no nextUpdate.
 *   crl.c             the file, TBSCertList, entries
 *   crl_extensions.c  what the extensions say
 *   crl_verify.c      issuer and signature
 */
#ifndef CRL_H
#define CRL_H

#include <openssl/x509.h>

#include "ocsp.h"
#include "status_table.h"
#include "ctl/message.h"

/* What the issuingDistributionPoint (RFC 5280 5.2.5) says about the certificates that the CRL speaks of. */
struct crl_scope {
	struct slice distribution_point; /* DER of DistributionPointName; empty: none */
	bool only_user_certs, only_ca_certs;
};

/* All slices point into `octets`. */
struct crl {
	const char *path; /* the caller's */
	uint8_t *octets;
	struct slice tbs;       /* tbsCertList with its header: what is signed */
	struct slice algorithm; /* signatureAlgorithm with its header */
	struct slice signature;
	bool v2;
	struct slice issuer; /* Name with its header */
	int64_t this_update, next_update;
	struct slice revoked; /* revokedCertificates' content: crl_next()'s cursor starts as a copy of it */
	bool has_number;
	uint8_t number[TABLE_CRL_NUMBER_MAX]; /* cRLNumber, big-endian, left-padded */
	struct crl_scope scope;
};

/* Reads a file (PEM or DER, one CRL) and everything of it but the entries. False after an error. crl_close() in any case. */
bool crl_open(struct crl *c, const char *path, struct messages *m);
void crl_close(struct crl *c);

/* Whether this CA issued it: issuer, keyUsage cRLSign, signature (conformance C8, S3a). False after an error. */
bool crl_verify(const struct crl *c, X509 *ca, struct messages *m);

struct crl_entry {
	struct slice serial_number; /* INTEGER content, not negative */
	int64_t revocation_date;
	int reason; /* enum crl_reason */
};

enum crl_step { CRL_ENTRY, CRL_END, CRL_REFUSED };

/* The next entry; CRL_REFUSED after an error. */
enum crl_step crl_next(const struct crl *c, struct slice *cursor, struct crl_entry *out, struct messages *m);

#endif
