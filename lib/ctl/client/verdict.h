/*
 * verdict: what a responder's reply says of a certificate, as one line for people: "good", "revoked 2026-01-01T00:00:00Z
 * keyCompromise", "unknown", "OCSP error tryLater", "HTTP 500". Two responders agree where these lines are equal.
 *
 * Not in it, because they differ between responders that agree: who signs and how, ResponderID, certificates, producedAt,
 * thisUpdate, nextUpdate, nonce and headers; and a reason of unspecified(0), which says no more than none (RFC 5280 5.3.1).
 * In it, because no client believes such an answer: a signature that is false, times that do not include now, a CertID that
 * was not asked for.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "ocsp_client.h"

#define VERDICT_SIZE 128

enum verdict_kind {
	VERDICT_GOOD,
	VERDICT_REVOKED,
	VERDICT_UNKNOWN,
	VERDICT_OCSP_ERROR,
	VERDICT_NONE, /* nothing that an OCSP client can use: an HTTP error, a web page, another certificate's answer */
	VERDICT_KINDS
};

struct verdict {
	enum verdict_kind kind;
	char text[VERDICT_SIZE];
};

/* `now` is Unix seconds. */
void verdict_read(const struct http_response *reply, const struct ocsp_question *q, X509 *issuer, int64_t now,
	struct verdict *out);

#endif
