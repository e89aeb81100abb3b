/*
 * ocsp_client: asks a responder of one certificate, as a relying party does (RFC 6960 A.1).
 */
#ifndef OCSP_CLIENT_H
#define OCSP_CLIENT_H

#include "http_client.h"
#include "ctl/serial_text.h"

#include <openssl/ocsp.h>

/* One CertID under SHA-1, which every responder knows, and the OCSPRequest that asks for it, without a nonce. */
struct ocsp_question {
	OCSP_CERTID *id;
	uint8_t *der;
	size_t der_len;
};

/* False: OpenSSL makes none of it. ocsp_question_free() in any case; *q starts as {0}. */
bool ocsp_question_make(struct ocsp_question *q, const X509 *issuer, const struct serial *serial);
void ocsp_question_free(struct ocsp_question *q);

enum ocsp_method { OCSP_BY_POST, OCSP_BY_GET };

/* As http_client_exchange(): whatever comes back is a reply. */
bool ocsp_client_ask(struct http_client *client, const char *url, enum ocsp_method method,
	const struct ocsp_question *q, struct http_response *out, char problem[HTTP_CLIENT_PROBLEM_MAX]);

/* Whether its Content-Type says that an OCSPResponse is in it: in upper or lower case, whatever follows. */
bool ocsp_client_is_typed(const struct http_response *reply);

#endif
