/*
 * response: OCSPResponse (RFC 6960 4.2.1) from precomputed parts. Pure but for the signature: time is in its arguments.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "ocsp.h"
#include "sign.h"

/* SingleResponse (RFC 6960 4.2.1); the CertID is the request's, octet for octet (conformance Q4). */
struct single_response {
	struct slice certid;
	enum cert_status status;
	int64_t revocation_time; /* when revoked */
	int reason; /* enum crl_reason; NONE and unspecified(0) are not encoded (conformance S5) */
	int64_t this_update, next_update;
	bool has_archive_cutoff;
	int64_t archive_cutoff; /* RFC 6960 4.4.4 */
};

/* ResponseData and what is around it. Everything is borrowed. */
struct response {
	struct slice responder_id; /* DER of the CHOICE */
	int64_t produced_at;
	size_t single_count;
	const struct single_response *singles;
	struct slice nonce;   /* extnValue; empty: none */
	bool extended_revoke; /* RFC 6960 4.4.8, non-critical, NULL */
	size_t cert_count;    /* certs in order: the signer's first; 0: the field is omitted */
	const struct slice *certs;
};

/*
 * tbsResponseData, written backwards into `storage`. Returns the octets; empty where they do not fit, a time is no
 * GeneralizedTime, or a reason is none of RFC 5280's.
 */
struct slice response_encode_tbs(const struct response *r, uint8_t *storage, size_t size);

/* OCSPResponse { successful, id-pkix-ocsp-basic, BasicOCSPResponse { tbs, algorithm, signature, certs } }; as above.
 * `storage` overlaps nothing that it is made from. */
struct slice response_encode(const struct response *r, struct slice tbs, enum sign_algorithm algorithm,
	struct slice signature, uint8_t *storage, size_t size);

/* An unsuccessful OCSPResponse: five static octets, no responseBytes (conformance S6). */
struct slice response_error(enum response_status status);

/* "successful", "malformedRequest", …: RFC 6960's words. */
const char *response_status_name(enum response_status status);

#endif
