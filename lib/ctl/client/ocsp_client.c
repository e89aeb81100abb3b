#include "ocsp_client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/memory.h"

static ASN1_INTEGER *asn1_integer(const struct serial *serial)
{
	ASN1_INTEGER *number = NULL;
	BIGNUM *value = BN_bin2bn(serial->octets, (int)serial->len, NULL);
	if (value)
		number = BN_to_ASN1_INTEGER(value, NULL);
	BN_free(value);
	return number;
}

static OCSP_CERTID *certid(const X509 *issuer, const struct serial *serial)
{
	OCSP_CERTID *id = NULL;
	ASN1_INTEGER *number = asn1_integer(serial);
	if (number)
		id = OCSP_cert_id_new(
			EVP_sha1(), X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), number);
	ASN1_INTEGER_free(number);
	return id;
}

bool ocsp_question_make(struct ocsp_question *q, const X509 *issuer, const struct serial *serial)
{
	int len = 0;
	OCSP_CERTID *copy = NULL;
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	q->id = certid(issuer, serial);
	copy = q->id ? OCSP_CERTID_dup(q->id) : NULL;
	if (!request || !copy || !OCSP_request_add0_id(request, copy))
		goto out;
	copy = NULL; /* the request's now */
	len = i2d_OCSP_REQUEST(request, &q->der);
	q->der_len = len > 0 ? (size_t)len : 0;
out:
	OCSP_CERTID_free(copy);
	OCSP_REQUEST_free(request);
	return q->der_len > 0;
}

void ocsp_question_free(struct ocsp_question *q)
{
	OCSP_CERTID_free(q->id);
	OPENSSL_free(q->der);
	*q = (struct ocsp_question){0};
}

/* {url}/{url-encoding of base-64 encoding of the DER encoding of the OCSPRequest} */
static char *get_url(const char *url, const struct ocsp_question *q)
{
	size_t len = strlen(url);
	char *base64 = memory_zeroed(q->der_len / 3 + 1, 4 + 1);
	char *escaped = memory_zeroed(q->der_len / 3 + 1, 3 * 4 + 1);
	char *out = escaped;
	EVP_EncodeBlock((unsigned char *)base64, q->der, (int)q->der_len);
	for (const char *p = base64; *p; p++) {
		const char *code = *p == '+' ? "%2B" : *p == '/' ? "%2F" : *p == '=' ? "%3D" : NULL;
		if (code)
			out = stpcpy(out, code);
		else
			*out++ = *p;
	}
	out = memory_printf("%s%s%s", url, len > 0 && url[len - 1] == '/' ? "" : "/", escaped);
	free(base64);
	free(escaped);
	return out;
}

bool ocsp_client_ask(struct http_client *client, const char *url, enum ocsp_method method,
	const struct ocsp_question *q, struct http_response *out, char problem[HTTP_CLIENT_PROBLEM_MAX])
{
	static const char *const post_headers[] = {
		"Content-Type: application/ocsp-request", "Accept: application/ocsp-response", NULL};
	static const char *const get_headers[] = {"Accept: application/ocsp-response", NULL};
	struct http_request request = {"POST", url, {q->der, q->der_len}, post_headers, NULL};
	char *target = NULL;
	if (method == OCSP_BY_GET) {
		target = get_url(url, q);
		request = (struct http_request){"GET", target, {NULL, 0}, get_headers, NULL};
	}
	bool done = http_client_exchange(client, &request, out, problem);
	free(target);
	return done;
}

bool ocsp_client_is_typed(const struct http_response *reply)
{
	static const char expected[] = "application/ocsp-response";
	const size_t len = sizeof expected - 1;
	const struct slice type = http_response_header(reply, "Content-Type");
	return type.len >= len && strncasecmp((const char *)type.data, expected, len) == 0;
}
