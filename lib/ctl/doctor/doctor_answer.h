/*
 * doctor_answer: a responder's reply, taken apart as far as it goes, and when it was asked and came.
 */
#ifndef DOCTOR_ANSWER_H
#define DOCTOR_ANSWER_H

#include "doctor_question.h"
#include "ctl/client/http_client.h"

#define DOCTOR_NO_TIME INT64_MIN

enum doctor_outcome {
	DOCTOR_ANSWERED,     /* good, revoked or unknown, for the CertID that was asked for */
	DOCTOR_NO_REPLY,     /* no whole HTTP reply */
	DOCTOR_HTTP_ERROR,   /* not 200 */
	DOCTOR_OTHER_TYPE,   /* not application/ocsp-response */
	DOCTOR_NO_OCSP,      /* of that type, but no OCSPResponse */
	DOCTOR_OCSP_ERROR,   /* an OCSPResponseStatus other than successful */
	DOCTOR_OTHER_CERTID, /* an answer to another request */
	DOCTOR_OTHER_NONCE   /* the same */
};

/* Starts as {0} and may be filled again; doctor_answer_free() it in the end. Times are Unix seconds, or DOCTOR_NO_TIME. */
struct doctor_answer {
	struct http_response reply; /* .status is 0 where there is none */
	int64_t sent, received;
	enum doctor_outcome outcome;
	char found[HTTP_CLIENT_PROBLEM_MAX + 32]; /* "good", "HTTP 404", "malformedRequest" */

	int ocsp_status; /* OCSPResponseStatus; -1: none */
	OCSP_BASICRESP *basic;
	OCSP_SINGLERESP *single; /* basic's; NULL: none for this CertID */
	int cert_status;
	int64_t produced_at, this_update, next_update;
	bool nonce_echoed;
};

/* Reads out->reply, with `sent` and `received` set; `problem` is what stood in the way of one, or NULL. */
void doctor_answer_read(struct doctor_answer *out, const struct doctor_question *q, const char *problem);
void doctor_answer_free(struct doctor_answer *answer);

/* The certificate whose key or name the ResponderID names: of those in the answer, or the CA. Borrowed; NULL: none. */
X509 *doctor_answer_signer(const struct doctor_answer *answer, X509 *issuer);

/* An HTTP date in its one current form (RFC 9110 5.6.7), of a header; DOCTOR_NO_TIME: not there, or none. */
int64_t doctor_http_date(const struct http_response *reply, const char *header);

/* Seconds, of Age; 0: none. */
int64_t doctor_age(const struct http_response *reply);

#endif
