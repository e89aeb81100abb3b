/*
 * request: strict DER → OCSPRequest (RFC 6960 4.1.1). Borrows from the request's octets, copies nothing.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "ocsp.h"

#define REQUEST_EXTENSIONS_MAX 32  /* of one list; comparing each with each stays cheap */
#define REQUEST_PREFERRED_MAX  16  /* preferred signature algorithms kept, the rest ignored */
#define NONCE_MAX              128 /* octets, RFC 9654 2.1 */

enum request_nonce {
	NONCE_ABSENT,
	NONCE_VALID, /* an OCTET STRING of 1 … NONCE_MAX octets */
	NONCE_INVALID, /* no encoded OCTET STRING, or its length out of bounds: matters only to who would copy it */
};

struct request {
	size_t certid_count;
	struct certid certids[REQUEST_CERTIDS_MAX];

	enum request_nonce nonce_state;
	struct slice
		nonce; /* extnValue: the encoded inner OCTET STRING, echoed as it is; set when NONCE_VALID */

	/*
	 * PreferredSignatureAlgorithms (RFC 6960 4.4.7.1) in order: each one's content, a sigIdentifier and perhaps a
	 * pubKeyAlgIdentifier, both of an AlgorithmIdentifier's form.
	 * A wish that cannot be read is none, unless it is critical: then the request is refused.
	 */
	size_t preferred_count;
	struct slice preferred[REQUEST_PREFERRED_MAX];

	/* Signature ::= SEQUENCE { signatureAlgorithm, signature, certs } over tbs (RFC 6960 4.1.1) */
	struct slice tbs; /* tbsRequest, header and content */
	bool is_signed;
	struct slice signature_algorithm; /* whole AlgorithmIdentifier; set when is_signed */
	struct slice signature; /* octets of the BIT STRING, which has no unused bits; set when is_signed */
	struct slice signer_certs; /* content of certs' SEQUENCE OF, each a SEQUENCE; empty when absent */
};

/*@
  predicate certid_within(struct certid c, struct slice whole) =
    slice_within(c.der, whole) && slice_within(c.issuer_name_hash, whole) &&
    slice_within(c.issuer_key_hash, whole) && slice_within(c.serial_number, whole) &&
    1 <= c.serial_number.len <= CERTID_SERIAL_MAX;
*/

/* Why a request was refused: for the log line. */
struct request_fault {
	const char *reason; /* static; names the field and the rule */
	struct slice oid;   /* of an unknown critical or repeated extension (content octets), else empty */
};

/*
 * Decodes exactly one OCSPRequest that fills `der`; at most certids_limit CertIDs (1 … REQUEST_CERTIDS_MAX).
 * False: malformedRequest(1), *fault says why and *out is undefined. Conformance Q1, Q2, Q5–Q7, Q9–Q11, N1, N2.
 *
 * A CertID whose hash algorithm is not known, has other parameters than NULL or none, or whose hashes are not of its
 * length is well-formed and CERTID_HASHES: no CA is found by it. Known extensions are nonce, acceptable responses (basic
 * is what every client takes) and preferred signature algorithms in requestExtensions, service locator in
 * singleRequestExtensions; in the other list they are unknown. certs are told apart but not decoded.
 */
/*@
  requires slice_readable(der) && \valid(out) && \valid(fault) && \separated(out, fault);
  assigns *out, *fault;
  ensures \result ==> 1 <= out->certid_count <= REQUEST_CERTIDS_MAX;
*/
bool request_decode(struct slice der, size_t certids_limit, struct request *out, struct request_fault *fault);

/* Appends a dotted OID ("1.3.6.1.5.5.7.48.1.2"); arcs beyond 64 bits print as "?". */
/*@
  requires slice_readable(oid) && buffer_sound(out);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures buffer_sound(out);
*/
void request_oid_text(struct slice oid, struct buffer *out);

#endif
