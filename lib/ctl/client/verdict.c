#include "verdict.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "response.h"
#include "ctl/credentials/credentials.h"
#include "ctl/iso_time.h"
#include "ctl/reason.h"

#define CLOCK_SKEW 300 /* seconds that clocks may disagree */

/* False: no GeneralizedTime. */
static bool unix_time(const ASN1_GENERALIZEDTIME *time, int64_t *out)
{
	struct tm parts = {0};
	if (!time || !ASN1_TIME_to_tm(time, &parts))
		return false;
	*out = (int64_t)timegm(&parts);
	return true;
}

static bool is_current(
	const ASN1_GENERALIZEDTIME *this_update, const ASN1_GENERALIZEDTIME *next_update, int64_t now)
{
	int64_t begin = 0;
	int64_t end = 0;
	if (!unix_time(this_update, &begin) || begin > now + CLOCK_SKEW)
		return false;
	return !next_update || (unix_time(next_update, &end) && end >= now - CLOCK_SKEW);
}

/* The CA itself, or whom it has entrusted with it by a certificate (RFC 6960 4.2.2.2). */
static bool is_entrusted(X509 *signer, X509 *issuer)
{
	if (credentials_is_ca(issuer, signer))
		return true;
	return X509_NAME_cmp(X509_get_issuer_name(signer), X509_get_subject_name(issuer)) == 0 &&
	       X509_verify(signer, X509_get0_pubkey(issuer)) == 1 &&
	       (X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) != 0 &&
	       (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) != 0;
}

/*
 * What is wrong with the signature, or NULL: over a signer that is in the answer, or the CA; without its certificate there is
 * nothing to verify it with.
 */
static const char *signature_fault(OCSP_BASICRESP *basic, X509 *issuer)
{
	const char *fault = NULL;
	X509 *signer = NULL;
	STACK_OF(X509) *certs = sk_X509_new_null();
	if (certs && sk_X509_push(certs, issuer) > 0 && OCSP_resp_get0_signer(basic, &signer, certs) == 1)
		fault = OCSP_basic_verify(basic, certs, NULL, OCSP_NOVERIFY) <= 0
				? ", but the signature is false"
			: is_entrusted(signer, issuer) ? NULL
						       : ", but this CA has not entrusted the signer with it";
	sk_X509_free(certs);
	return fault;
}

/* CertStatus ::= CHOICE { good [0] NULL, revoked [1] RevokedInfo, unknown [2] UnknownInfo } */
static enum verdict_kind append_status(OCSP_SINGLERESP *single, int64_t now, struct buffer *out)
{
	static const char *const words[] = {"good", "revoked ", "unknown"};
	char date[ISO_TIME_SIZE];
	int reason = CRL_REASON_NONE;
	int64_t revoked_at = 0;
	ASN1_GENERALIZEDTIME *revocation_time = NULL;
	ASN1_GENERALIZEDTIME *this_update = NULL;
	ASN1_GENERALIZEDTIME *next_update = NULL;
	int status = OCSP_single_get0_status(single, &reason, &revocation_time, &this_update, &next_update);
	enum verdict_kind kind = status == V_OCSP_CERTSTATUS_GOOD      ? VERDICT_GOOD
				 : status == V_OCSP_CERTSTATUS_REVOKED ? VERDICT_REVOKED
								       : VERDICT_UNKNOWN;
	bytes_append_text(out, words[kind]);
	if (kind == VERDICT_REVOKED)
		bytes_append_text(out,
			unix_time(revocation_time, &revoked_at) ? iso_time(revoked_at, date) : "at no time");
	if (kind == VERDICT_REVOKED && reason > CRL_REASON_UNSPECIFIED) {
		bytes_append_char(out, ' ');
		bytes_append_text(out, reason_name(reason));
	}
	if (!is_current(this_update, next_update, now))
		bytes_append_text(out, ", but not valid now");
	return kind;
}

static enum verdict_kind append_basic(
	OCSP_BASICRESP *basic, const struct ocsp_question *q, X509 *issuer, int64_t now, struct buffer *out)
{
	int i = OCSP_resp_find(basic, q->id, -1);
	if (i < 0) {
		bytes_append_text(out, "an answer for another certificate");
		return VERDICT_NONE;
	}
	enum verdict_kind kind = append_status(OCSP_resp_get0(basic, i), now, out);
	const char *fault = signature_fault(basic, issuer);
	if (fault)
		bytes_append_text(out, fault);
	return kind;
}

/* OCSPResponse ::= SEQUENCE { responseStatus OCSPResponseStatus, responseBytes [0] EXPLICIT ResponseBytes OPTIONAL } */
static enum verdict_kind append_ocsp(const struct http_response *reply, const struct ocsp_question *q,
	X509 *issuer, int64_t now, struct buffer *out)
{
	const unsigned char *p = reply->body;
	enum verdict_kind kind = VERDICT_NONE;
	OCSP_BASICRESP *basic = NULL;
	OCSP_RESPONSE *response = p ? d2i_OCSP_RESPONSE(NULL, &p, (long)reply->body_len) : NULL;
	if (!response || p != reply->body + reply->body_len) {
		bytes_append_text(out, "no OCSPResponse");
		goto out;
	}
	int status = OCSP_response_status(response);
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		bytes_append_text(out, "OCSP error ");
		bytes_append_text(out, response_status_name((enum response_status)status));
		kind = VERDICT_OCSP_ERROR;
		goto out;
	}
	basic = OCSP_response_get1_basic(response);
	if (basic)
		kind = append_basic(basic, q, issuer, now, out);
	else
		bytes_append_text(out, "no BasicOCSPResponse");
out:
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error(); /* what was wrong has been said in fewer words */
	return kind;
}

void verdict_read(const struct http_response *reply, const struct ocsp_question *q, X509 *issuer, int64_t now,
	struct verdict *out)
{
	struct buffer text = bytes_buffer((uint8_t *)out->text, sizeof out->text - 1);
	out->kind = VERDICT_NONE;
	if (reply->status != 200) {
		bytes_append_text(&text, "HTTP ");
		bytes_append_decimal(&text, reply->status);
	} else if (!ocsp_client_is_typed(reply)) {
		bytes_append_text(&text, "HTTP 200, but not of type application/ocsp-response");
	} else {
		out->kind = append_ocsp(reply, q, issuer, now, &text);
	}
	out->text[text.len] = '\0';
}
