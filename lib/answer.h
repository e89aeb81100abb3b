/*
 * answer: one OCSPRequest's octets → one OCSPResponse's: the decisions of RFC 6960 between decoding and encoding. Which CA,
 * which policies, which times. No HTTP here.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "delegate.h"
#include "log.h"
#include "request.h"
#include "response.h"
#include "snapshot.h"
#include "status.h"

/* Octets of a response: REQUEST_CERTIDS_MAX SingleResponses (CertIDs of a request of 64 KiB) and 64 KiB of certificates. */
#define ANSWER_MAX (192 * 1024)

/* What is decided of one request, step by step; the caller's storage, filled by answer_decide(). */
struct decision {
	const struct snapshot *snapshot;
	struct log *log;
	int64_t now;
	struct request request;
	struct ca ca;
	struct signer signer;
	struct status_times times;
	struct response response;
	struct cert_state states[REQUEST_CERTIDS_MAX];
	struct single_response singles[REQUEST_CERTIDS_MAX];
	struct slice certs[DELEGATE_CERTS_MAX];
	struct slice tbs;
	uint8_t signature[SIGN_SIGNATURE_MAX];
	uint8_t tbs_octets[ANSWER_MAX];
	uint8_t der_octets[ANSWER_MAX];
};

#define ANSWER_VALIDATOR SIGN_SHA256_OCTETS

struct answer {
	enum response_status status;
	struct slice
		der; /* the OCSPResponse: in the decision, or static; empty while a signature is wanting */
	/* when successful: */
	bool has_nonce;
	bool has_unknown;   /* a serial that its source does not know, also where it is answered as revoked */
	bool is_private;    /* of a CA that answers certain requesters only: no cache may hand it to others */
	bool deterministic; /* the same state gives the same octets everywhere (sign_is_deterministic()) */
	int64_t this_update, next_update;
	bool has_validator; /* cache_window is on */
	uint8_t validator
		[ANSWER_VALIDATOR]; /* of CertIDs, statuses, all times and the signer: one for all nodes (H9a) */
};

/*
 * Decides on `request` at `now` (Unix seconds) from the snapshot and the status sources: everything but the signature.
 * Whatever goes wrong comes out as an OCSP error, whole, with a note in the log.
 */
void answer_decide(const struct snapshot *snapshot, struct status *status, struct slice request, int64_t now,
	struct log *log, struct decision *d, struct answer *out);

/* Signs what was decided; does nothing where that was an error. */
void answer_sign(struct decision *d, struct answer *out);

/* An answer that says only that: an unsuccessful OCSPResponse (conformance S6). */
void answer_error(enum response_status status, struct answer *out);

#endif
