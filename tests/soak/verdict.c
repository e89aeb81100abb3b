#include "verdict.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

#define SKEW 2 /* seconds: the clock is the same, but it goes on while a reply travels */

static bool same_certid(OCSP_ONEREQ *asked, const OCSP_SINGLERESP *single)
{
	uint8_t *a = NULL, *b = NULL;
	int a_length = i2d_OCSP_CERTID(OCSP_onereq_get0_id(asked), &a);
	int b_length = i2d_OCSP_CERTID(OCSP_SINGLERESP_get0_id(single), &b);
	bool same = a_length > 0 && a_length == b_length && memcmp(a, b, (size_t)a_length) == 0;
	OPENSSL_free(a);
	OPENSSL_free(b);
	return same;
}

/* Whatever is revoked here is so for keyCompromise. */
static bool status_is(char expected, int status, int reason)
{
	switch (expected) {
	case 'g':
		return status == V_OCSP_CERTSTATUS_GOOD;
	case 'r':
		return status == V_OCSP_CERTSTATUS_REVOKED && reason == OCSP_REVOKED_STATUS_KEYCOMPROMISE;
	case 'u':
		return status == V_OCSP_CERTSTATUS_UNKNOWN;
	default:
		return false;
	}
}

static const char *fault_of_singles(const struct question *question, OCSP_BASICRESP *basic)
{
	int count = OCSP_resp_count(basic);
	if (count != OCSP_request_onereq_count(question->request) ||
		(size_t)count != strlen(question->statuses))
		return "another number of SingleResponses";
	for (int i = 0; i < count; i++) {
		ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
		int reason = -1;
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
		int status = OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update);
		if (!same_certid(OCSP_request_onereq_get0(question->request, i), single))
			return "another CertID";
		if (!status_is(question->statuses[i], status, reason))
			return "another certStatus";
		if (!next_update || !OCSP_check_validity(this_update, next_update, SKEW, -1))
			return "thisUpdate or nextUpdate";
	}
	return NULL;
}

static const char *fault_of_response(
	const struct question *question, OCSP_BASICRESP *basic, X509_STORE *trusted, time_t asked, time_t now)
{
	const ASN1_GENERALIZEDTIME *produced = OCSP_resp_get0_produced_at(basic);
	int nonce = OCSP_check_nonce(question->request, basic);
	if (OCSP_basic_verify(basic, NULL, trusted, 0) != 1)
		return "signature or signer";
	if (nonce != 1 && nonce != 2) /* equal, or absent from both */
		return "nonce";
	if (ASN1_TIME_cmp_time_t(produced, asked - SKEW) < 0 ||
		ASN1_TIME_cmp_time_t(produced, now + SKEW) > 0)
		return "producedAt";
	return fault_of_singles(question, basic);
}

enum verdict verdict_of(const struct question *question, const char *body, size_t length, X509_STORE *trusted,
	time_t asked, time_t now, const char **why)
{
	const uint8_t *cursor = (const uint8_t *)body;
	enum verdict verdict = VERDICT_WRONG;
	OCSP_BASICRESP *basic = NULL;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &cursor, (long)length);
	*why = "not DER, or octets behind it";
	if (!response || cursor != (const uint8_t *)body + length)
		goto out;
	*why = OCSP_response_status_str(OCSP_response_status(response));
	if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		verdict = VERDICT_ERROR;
		goto out;
	}
	basic = OCSP_response_get1_basic(response);
	*why = basic ? fault_of_response(question, basic, trusted, asked, now) : "not a BasicOCSPResponse";
	verdict = *why ? VERDICT_WRONG : VERDICT_RIGHT;
out:
	ERR_clear_error();
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return verdict;
}
