/*
 * answer: one OCSPRequest's octets → one OCSPResponse's: the decisions of conformance.md between decoding and encoding.
 * Which CA, which policy, which delegate, which times. No HTTP here.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "log.h"
#include "response.h"
#include "snapshot.h"
#include "status.h"

#define ANSWER_MAX                                                                                           \
	(192 * 1024) /* octets of a response: REQUEST_CERTIDS_MAX SingleResponses and 64 KiB of certificates */

struct answer {
	enum response_status status;
	struct slice der; /* the OCSPResponse: in the caller's storage, or static */
	/* when successful: */
	bool has_nonce, has_unknown;
	int64_t this_update, next_update; /* the earliest of its SingleResponses' */
};

/*
 * Answers `request` at `now` (Unix seconds) from the snapshot and the status sources. Whatever goes wrong comes out as an
 * OCSP error with a note in the log. `storage` has ANSWER_MAX octets.
 */
void answer(const struct snapshot *snapshot, struct status *status, struct slice request, int64_t now,
	struct log *log, uint8_t *storage, struct answer *out);

/* The answer that says only that: an unsuccessful OCSPResponse (conformance S6). */
void answer_error(enum response_status status, struct answer *out);

#endif
