/*
 * requester: who may ask a CA that answers signed requests only (RFC 6960 4.1.2, require_signed_requests).
 *
 * A request names no key: its certs are optional and could be anybody's. So they are not looked at; every configured key of
 * the signature algorithm's kind is tried, at most SNAPSHOT_REQUESTERS_MAX, and the one that verifies tells who asks. No
 * chain is built and no certificate parsed; requestorName proves nothing and is not read. A signature says who made the
 * request, not when: whoever has seen one can send it again, and gets the status of the same certificates.
 *
 * What a stranger costs is bounded: measured, 16 keys take 1 to 2 ms (P-256, Ed25519, RSA-2048) or 10 ms (P-384, P-521).
 */
#ifndef REQUESTER_H
#define REQUESTER_H

#include "log.h"
#include "request.h"
#include "snapshot.h"

/*
 * successful: the CA asks for no signature, or one of its requesters made it whose certificate is valid at `now`.
 * sigRequired(5): there is none. unauthorized(6): its algorithm is not known (SHA-1 among them), it is false, a stranger's,
 * or of a certificate that is not valid now. internalError(2): the CA's record is broken. All but the first leave a note.
 */
enum response_status requester_check(const struct snapshot *s, const struct ca *ca,
	const struct request *request, int64_t now, struct log *log);

#endif
