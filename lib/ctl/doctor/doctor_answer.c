#include "doctor_answer.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "response.h"
#include "ctl/client/ocsp_client.h"
#include "ctl/iso_time.h"
#include "ctl/memory.h"
#include "ctl/reason.h"

static int64_t unix_time(const ASN1_GENERALIZEDTIME *time)
{
	struct tm parts = {0};
	if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
		return DOCTOR_NO_TIME;
	return (int64_t)timegm(&parts);
}

static void say(struct doctor_answer *out, enum doctor_outcome outcome, const char *words)
{
	out->outcome = outcome;
	snprintf(out->found, sizeof out->found, "%s", words);
}

/* CertStatus ::= CHOICE { good [0] NULL, revoked [1] RevokedInfo, unknown [2] UnknownInfo } */
static void read_single(struct doctor_answer *out)
{
	static const char *const words[] = {"good", "revoked", "unknown"};
	int reason = CRL_REASON_NONE;
	char date[ISO_TIME_SIZE];
	ASN1_GENERALIZEDTIME *revoked_at = NULL;
	ASN1_GENERALIZEDTIME *this_update = NULL;
	ASN1_GENERALIZEDTIME *next_update = NULL;
	out->cert_status =
		OCSP_single_get0_status(out->single, &reason, &revoked_at, &this_update, &next_update);
	out->this_update = unix_time(this_update);
	out->next_update = unix_time(next_update);
	say(out, DOCTOR_ANSWERED,
		out->cert_status >= 0 && out->cert_status <= 2 ? words[out->cert_status] : "no certStatus");
	if (out->cert_status == V_OCSP_CERTSTATUS_REVOKED)
		snprintf(out->found, sizeof out->found, "revoked %s %s",
			iso_time(unix_time(revoked_at), date), reason < 0 ? "" : reason_name(reason));
}

/* Nonce ::= OCTET STRING, of which some responders leave out the inner tag. */
static bool has_nonce(OCSP_BASICRESP *basic, const struct doctor_question *q, bool *same)
{
	int i = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
	if (i < 0)
		return false;
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, i));
	size_t len = (size_t)ASN1_STRING_length(value);
	const uint8_t *octets = ASN1_STRING_get0_data(value);
	*same = q->nonce_len > 0 && len >= q->nonce_len &&
		memcmp(octets + (len - q->nonce_len), q->nonce, q->nonce_len) == 0;
	return true;
}

static void read_basic(struct doctor_answer *out, const struct doctor_question *q)
{
	int i = OCSP_resp_find(out->basic, q->id, -1);
	bool same_nonce = false;
	bool nonce = has_nonce(out->basic, q, &same_nonce);
	out->produced_at = unix_time(OCSP_resp_get0_produced_at(out->basic));
	if (i < 0) {
		say(out, DOCTOR_OTHER_CERTID, "an answer for another certificate");
		return;
	}
	out->single = OCSP_resp_get0(out->basic, i);
	read_single(out);
	out->nonce_echoed = nonce && same_nonce;
	if (nonce && !same_nonce)
		say(out, DOCTOR_OTHER_NONCE, "an answer with another request's nonce");
}

/* OCSPResponse ::= SEQUENCE { responseStatus OCSPResponseStatus, responseBytes [0] EXPLICIT ResponseBytes OPTIONAL } */
static void read_ocsp(struct doctor_answer *out, const struct doctor_question *q)
{
	const unsigned char *p = out->reply.body;
	OCSP_RESPONSE *response = p ? d2i_OCSP_RESPONSE(NULL, &p, (long)out->reply.body_len) : NULL;
	if (!response || p != out->reply.body + out->reply.body_len) {
		say(out, DOCTOR_NO_OCSP, "no OCSPResponse");
		goto out;
	}
	out->ocsp_status = OCSP_response_status(response);
	if (out->ocsp_status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		say(out, DOCTOR_OCSP_ERROR, response_status_name((enum response_status)out->ocsp_status));
		goto out;
	}
	out->basic = OCSP_response_get1_basic(response);
	if (out->basic)
		read_basic(out, q);
	else
		say(out, DOCTOR_NO_OCSP, "no BasicOCSPResponse");
out:
	OCSP_RESPONSE_free(response);
	ERR_clear_error(); /* what was wrong has been said in fewer words */
}

static void forget(struct doctor_answer *a)
{
	OCSP_BASICRESP_free(a->basic);
	a->basic = NULL;
	a->single = NULL;
	a->ocsp_status = -1;
	a->cert_status = -1;
	a->produced_at = a->this_update = a->next_update = DOCTOR_NO_TIME;
	a->nonce_echoed = false;
}

void doctor_answer_read(struct doctor_answer *out, const struct doctor_question *q, const char *problem)
{
	char words[64];
	forget(out);
	if (problem) {
		out->reply.status = 0;
		say(out, DOCTOR_NO_REPLY, problem);
	} else if (out->reply.status != 200) {
		snprintf(words, sizeof words, "HTTP %u", out->reply.status);
		say(out, DOCTOR_HTTP_ERROR, words);
	} else if (!ocsp_client_is_typed(&out->reply)) {
		say(out, DOCTOR_OTHER_TYPE, "HTTP 200, but not of type application/ocsp-response");
	} else {
		read_ocsp(out, q);
	}
}

void doctor_answer_free(struct doctor_answer *answer)
{
	forget(answer);
	http_response_free(&answer->reply);
}

/* ResponderID ::= CHOICE { byName [1] Name, byKey [2] KeyHash } */
X509 *doctor_answer_signer(const struct doctor_answer *answer, X509 *issuer)
{
	X509 *signer = NULL;
	STACK_OF(X509) *certs = sk_X509_new_null();
	if (!certs || sk_X509_push(certs, issuer) <= 0 ||
		OCSP_resp_get0_signer(answer->basic, &signer, certs) != 1)
		signer = NULL;
	sk_X509_free(certs);
	ERR_clear_error();
	return signer;
}

int64_t doctor_http_date(const struct http_response *reply, const char *header)
{
	struct slice value = http_response_header(reply, header);
	struct tm parts = {0};
	int64_t time = DOCTOR_NO_TIME;
	char *text = memory_printf("%.*s", (int)value.len, value.data ? (const char *)value.data : "");
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
	if (end && *end == '\0')
		time = (int64_t)timegm(&parts);
	free(text);
	return time;
}

int64_t doctor_age(const struct http_response *reply)
{
	uint64_t seconds = 0;
	(void)bytes_decimal(http_response_header(reply, "Age"), INT32_MAX, &seconds);
	return (int64_t)seconds;
}
