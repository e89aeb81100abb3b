/*
 * doctor_question: requests whose base64 is awkward on purpose, and the ways in which clients write one into the target of
 * a GET (RFC 6960 A.1). All pure but for the random nonce.
 */
#ifndef DOCTOR_QUESTION_H
#define DOCTOR_QUESTION_H

#include "ocsp.h" /* before OpenSSL, which has a macro CRL_REASON_NONE */

#include <openssl/ocsp.h>

#define DOCTOR_NONCE_MAX 32

/* What a request's base64 has in it, as bits. */
enum doctor_feature {
	DOCTOR_PLUS = 1,
	DOCTOR_SLASH = 2,  /* one that stands alone */
	DOCTOR_DOUBLE = 4, /* "//" */
	DOCTOR_PADDING = 8
};

/* Which of them this text has, as bits. */
unsigned doctor_features(const char *base64);

/* One CertID, the OCSPRequest for it, and that in base64. Starts as {0}; doctor_question_free() in any case. */
struct doctor_question {
	OCSP_CERTID *id;
	uint8_t nonce[DOCTOR_NONCE_MAX];
	size_t nonce_len; /* 0: none */
	uint8_t *der;
	size_t der_len;
	char *base64;
};

/* `nonce` may be empty. False: OpenSSL makes none of it. */
bool doctor_question_make(struct doctor_question *q, const X509 *issuer, const ASN1_INTEGER *serial,
	const EVP_MD *hash, struct slice nonce);

/* With a nonce that gives the base64 what is `wanted` and, if the CertID's own part allows it, not what is `unwanted`.
 * False: not all of it; where *q has a request nevertheless, it has some. */
bool doctor_question_awkward(struct doctor_question *q, const X509 *issuer, const ASN1_INTEGER *serial,
	unsigned wanted, unsigned unwanted);

void doctor_question_free(struct doctor_question *q);

/* How a target is written, as bits; of each group the first that is given counts. */
enum doctor_trait {
	DOCTOR_PLUS_RAW = 1 << 0,
	DOCTOR_PLUS_ESCAPED = 1 << 1,
	DOCTOR_SLASH_RAW = 1 << 2,
	DOCTOR_SLASH_ESCAPED = 1 << 3,
	DOCTOR_DOUBLE_RAW = 1 << 4,
	DOCTOR_DOUBLE_MIXED = 1 << 5, /* "/%2F" */
	DOCTOR_DOUBLE_ESCAPED = 1 << 6,
	DOCTOR_PAD_RAW = 1 << 7,
	DOCTOR_PAD_ESCAPED = 1 << 8,
	DOCTOR_PAD_NONE = 1 << 9,
	DOCTOR_LOWER = 1 << 10,        /* %2b, %2f, %3d */
	DOCTOR_URL_ALPHABET = 1 << 11, /* "-" and "_" */
	DOCTOR_LEADING = 1 << 12,      /* URL + "//" + base64 */
	DOCTOR_QUERY = 1 << 13,        /* "?x=1" behind it */
	DOCTOR_ABSOLUTE = 1 << 14,     /* the whole URL as the target */
	DOCTOR_TRAIT_GET = 1 << 15,    /* for doctor_blame: any GET at all */
	DOCTOR_TRAIT_DOUBLE = 1 << 16, /* any "//", however written */
	DOCTOR_CHUNKED = 1 << 17,      /* these are of a POST */
	DOCTOR_NO_TYPE = 1 << 18,
	DOCTOR_TYPE_PARAMETER = 1 << 19,
	DOCTOR_TYPE_UPPER = 1 << 20
};

/* "/" + the base64 as `traits` have it; new memory. */
char *doctor_target(const char *base64, unsigned traits);

/* The URL, without a slash at its end, and the target behind it; new memory. */
char *doctor_url(const char *url, const char *target);

#endif
