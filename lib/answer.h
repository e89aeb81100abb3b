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

/* The caller's storage; what is not needed is never touched. */
struct answer_storage {
	struct request request;
	struct cert_state states[REQUEST_CERTIDS_MAX];
	struct single_response singles[REQUEST_CERTIDS_MAX];
	struct slice certs[DELEGATE_CERTS_MAX];
	uint8_t signature[SIGN_SIGNATURE_MAX];
	uint8_t tbs[ANSWER_MAX];
	uint8_t der[ANSWER_MAX];
};

struct answer {
	enum response_status status;
	struct slice der; /* the OCSPResponse: in the caller's storage, or static */
	/* when successful: */
	bool has_nonce, has_unknown;
	bool deterministic; /* the same state gives the same octets everywhere (sign_is_deterministic()) */
	int64_t this_update, next_update;
};

/*
 * Answers `request` at `now` (Unix seconds) from the snapshot and the status sources. Whatever goes wrong comes out as an
 * OCSP error with a note in the log.
 */
void answer(const struct snapshot *snapshot, struct status *status, struct slice request, int64_t now,
	struct log *log, struct answer_storage *storage, struct answer *out);

/* An answer that says only that: an unsuccessful OCSPResponse (conformance S6). */
void answer_error(enum response_status status, struct answer *out);

#endif
