/*
 * ocsp: the types of RFC 6960 that several modules speak of. No code: constants and plain structs that borrow.
 */
#ifndef OCSP_H
#define OCSP_H

#include "bytes.h"

/* OCSPResponseStatus ::= ENUMERATED (RFC 6960 4.2.1); 4 is not used. */
enum response_status {
	RESPONSE_SUCCESSFUL = 0,
	RESPONSE_MALFORMED_REQUEST = 1,
	RESPONSE_INTERNAL_ERROR = 2,
	RESPONSE_TRY_LATER = 3,
	RESPONSE_SIG_REQUIRED = 5,
	RESPONSE_UNAUTHORIZED = 6,
};

/* The hash of a CertID. The numbers are the snapshot's format (struct snapshot_slot). */
enum certid_hash {
	CERTID_SHA1 = 0,
	CERTID_SHA256 = 1,
	CERTID_SHA384 = 2,
	CERTID_SHA512 = 3,
	CERTID_HASHES = 4, /* how many are known; as a value: any other algorithm */
};

#define CERTID_HASH_MAX     64    /* octets of the longest hash, SHA-512 */
#define REQUEST_DER_MAX     65536 /* octets of an OCSPRequest; limits.request_bytes is at most this */
#define REQUEST_CERTIDS_MAX 256   /* CertIDs of one request: storage; limits.certids is at most this */

#define CERTID_SERIAL_MAX 64 /* octets of serialNumber's content that are tolerated (RFC 5280 says 20) */

/*
 * CertID ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, issuerNameHash OCTET STRING,
 *                       issuerKeyHash OCTET STRING, serialNumber CertificateSerialNumber }   (RFC 6960 4.1.1)
 */
struct certid {
	struct slice der; /* the whole element as sent: the response repeats it octet for octet */
	enum certid_hash hash;
	struct slice issuer_name_hash, issuer_key_hash;
	struct slice serial_number; /* INTEGER's content octets, minimal, 1 … CERTID_SERIAL_MAX */
};

/* CertStatus (RFC 6960 4.2.1) */
enum cert_status { CERT_STATUS_GOOD = 0, CERT_STATUS_REVOKED = 1, CERT_STATUS_UNKNOWN = 2 };

/* CRLReason ::= ENUMERATED (RFC 5280 5.3.1); 7 is not used. */
enum crl_reason {
	CRL_REASON_NONE = -1, /* the source gives none */
	CRL_REASON_UNSPECIFIED = 0,
	CRL_REASON_KEY_COMPROMISE = 1,
	CRL_REASON_CA_COMPROMISE = 2,
	CRL_REASON_AFFILIATION_CHANGED = 3,
	CRL_REASON_SUPERSEDED = 4,
	CRL_REASON_CESSATION_OF_OPERATION = 5,
	CRL_REASON_CERTIFICATE_HOLD = 6,
	CRL_REASON_REMOVE_FROM_CRL = 8,
	CRL_REASON_PRIVILEGE_WITHDRAWN = 9,
	CRL_REASON_AA_COMPROMISE = 10,
};

#endif
