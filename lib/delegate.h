/*
 * delegate: which of a CA's signers signs a response now (RFC 6960 4.2.2.2, 4.4.7; conformance R9, R11), and which of its
 * certificates go with it (R4, R6). Time is an argument.
 */
#ifndef DELEGATE_H
#define DELEGATE_H

#include "request.h"
#include "snapshot.h"

#define DELEGATE_CERTS_MAX 17 /* the signer's own and 16 of ocsp_chain */

enum delegate_result {
	DELEGATE_CHOSEN,
	DELEGATE_NONE_VALID, /* all expired or not yet valid: tryLater(3) */
	DELEGATE_BROKEN,     /* *fault says where: internalError(2) */
};

/*
 * Of the signers valid at `now`: the algorithm is the request's first preferred one (of the kind of key that it wants, too) that any of them has, else that of the
 * first listed; of those of one algorithm the latest notBefore signs once notBefore + start skew has passed (a relying
 * party whose clock is behind accepts it then), else the earliest.
 */
enum delegate_result delegate_choose(const struct snapshot *s, const struct ca *ca,
	const struct request *request, int64_t now, struct signer *out, struct snapshot_fault *fault);

/* Whether any signer of the CA is valid at `now`, and so anything can be signed. */
enum delegate_result delegate_any(
	const struct snapshot *s, const struct ca *ca, int64_t now, struct snapshot_fault *fault);

/*
 * The certificates of the response, the signer's first, expired ones of ocsp_chain left out. *not_after is lowered to
 * the earliest end of the signer's and theirs.
 */
enum delegate_result delegate_certificates(const struct snapshot *s, const struct ca *ca,
	const struct signer *signer, int64_t now, struct slice certs[DELEGATE_CERTS_MAX], size_t *count,
	int64_t *not_after, struct snapshot_fault *fault);

#endif
