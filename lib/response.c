#include "response.h"

#include "der.h"

/* id-pkix-ocsp-basic, -archive-cutoff, -extended-revoke: 1.3.6.1.5.5.7.48.1.{1,6,9}; -nonce is .2 (RFC 6960 B.1) */
#define OID_BASIC           SLICE("\x2B\x06\x01\x05\x05\x07\x30\x01\x01")
#define OID_NONCE           SLICE("\x2B\x06\x01\x05\x05\x07\x30\x01\x02")
#define OID_ARCHIVE_CUTOFF  SLICE("\x2B\x06\x01\x05\x05\x07\x30\x01\x06")
#define OID_EXTENDED_REVOKE SLICE("\x2B\x06\x01\x05\x05\x07\x30\x01\x09")

#define DER_NULL_ELEMENT SLICE("\x05\x00")

/* What may not be empty: a caller's mistake ends in no response, never in one that lacks a field. */
static void put_present(struct der_writer *w, struct slice element)
{
	if (element.len == 0)
		w->failed = true;
	der_put(w, element);
}

static struct slice finished(const struct der_writer *w)
{
	return w->failed ? (struct slice){NULL, 0} : der_written(w);
}

/*
 * Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
 */
static void put_extension(struct der_writer *w, struct slice oid, struct slice value)
{
	size_t end = der_mark(w);
	der_put_element(w, DER_OCTET_STRING, value);
	der_put_element(w, DER_OID, oid);
	der_wrap(w, DER_SEQUENCE, end);
}

/*
 * ArchiveCutoff ::= GeneralizedTime, in singleExtensions [1] EXPLICIT Extensions OPTIONAL   (RFC 6960 4.4.4)
 */
static void put_single_extensions(struct der_writer *w, const struct single_response *single)
{
	uint8_t storage[sizeof "\x18\x0FYYYYMMDDHHMMSSZ"];
	if (!single->has_archive_cutoff)
		return;
	struct der_writer value = der_writer(storage, sizeof storage);
	der_put_time(&value, single->archive_cutoff);
	if (value.failed)
		w->failed = true;
	size_t end = der_mark(w);
	put_extension(w, OID_ARCHIVE_CUTOFF, der_written(&value));
	der_wrap(w, DER_SEQUENCE, end);
	der_wrap(w, DER_CONTEXT_CONSTRUCTED(1), end);
}

/* RFC 5280 5.3.1: 7 is not used, and removeFromCRL(8) belongs into delta CRLs. */
static bool reason_is_valid(int reason)
{
	return reason >= CRL_REASON_UNSPECIFIED && reason <= CRL_REASON_AA_COMPROMISE && reason != 7 &&
	       reason != CRL_REASON_REMOVE_FROM_CRL;
}

/*
 * RevokedInfo ::= SEQUENCE { revocationTime GeneralizedTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL }
 */
static void put_revoked_info(struct der_writer *w, const struct single_response *single)
{
	size_t end = der_mark(w);
	if (single->reason != CRL_REASON_NONE && !reason_is_valid(single->reason)) {
		w->failed = true;
		return;
	}
	if (single->reason > CRL_REASON_UNSPECIFIED) {
		der_put_small(w, DER_ENUMERATED, (uint8_t)single->reason);
		der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), end);
	}
	der_put_time(w, single->revocation_time);
	der_wrap(w, DER_CONTEXT_CONSTRUCTED(1), end);
}

/*
 * CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
 */
static void put_cert_status(struct der_writer *w, const struct single_response *single)
{
	const struct slice nothing = {NULL, 0};
	switch (single->status) {
	case CERT_STATUS_GOOD:
		der_put_element(w, DER_CONTEXT(0), nothing);
		return;
	case CERT_STATUS_REVOKED:
		put_revoked_info(w, single);
		return;
	case CERT_STATUS_UNKNOWN:
		der_put_element(w, DER_CONTEXT(2), nothing);
		return;
	}
	w->failed = true;
}

/*
 * SingleResponse ::= SEQUENCE { certID CertID, certStatus CertStatus, thisUpdate GeneralizedTime,
 *     nextUpdate [0] EXPLICIT GeneralizedTime OPTIONAL, singleExtensions [1] EXPLICIT Extensions OPTIONAL }
 */
static void put_single_response(struct der_writer *w, const struct single_response *single)
{
	size_t end = der_mark(w);
	put_single_extensions(w, single);
	size_t next_update = der_mark(w);
	der_put_time(w, single->next_update);
	der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), next_update);
	der_put_time(w, single->this_update);
	put_cert_status(w, single);
	put_present(w, single->certid);
	der_wrap(w, DER_SEQUENCE, end);
}

/*
 * responseExtensions [1] EXPLICIT Extensions OPTIONAL: the nonce, then extended-revoke (conformance R7)
 */
static void put_response_extensions(struct der_writer *w, const struct response *r)
{
	size_t end = der_mark(w);
	if (r->nonce.len == 0 && !r->extended_revoke)
		return;
	if (r->extended_revoke)
		put_extension(w, OID_EXTENDED_REVOKE, DER_NULL_ELEMENT);
	if (r->nonce.len > 0)
		put_extension(w, OID_NONCE, r->nonce);
	der_wrap(w, DER_SEQUENCE, end);
	der_wrap(w, DER_CONTEXT_CONSTRUCTED(1), end);
}

/*
 * ResponseData ::= SEQUENCE { version [0] EXPLICIT Version DEFAULT v1, responderID ResponderID,
 *     producedAt GeneralizedTime, responses SEQUENCE OF SingleResponse, responseExtensions [1] … OPTIONAL }
 */
struct slice response_encode_tbs(const struct response *r, uint8_t *storage, size_t size)
{
	struct der_writer w = der_writer(storage, size);
	if (r->single_count == 0)
		w.failed = true;
	put_response_extensions(&w, r);
	size_t responses = der_mark(&w);
	for (size_t i = r->single_count; i > 0; i--)
		put_single_response(&w, &r->singles[i - 1]);
	der_wrap(&w, DER_SEQUENCE, responses);
	der_put_time(&w, r->produced_at);
	put_present(&w, r->responder_id);
	der_wrap(&w, DER_SEQUENCE, size);
	return finished(&w);
}

/*
 * certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL
 */
static void put_certs(struct der_writer *w, const struct response *r)
{
	size_t end = der_mark(w);
	if (r->cert_count == 0)
		return;
	for (size_t i = r->cert_count; i > 0; i--)
		put_present(w, r->certs[i - 1]);
	der_wrap(w, DER_SEQUENCE, end);
	der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), end);
}

/*
 * BasicOCSPResponse ::= SEQUENCE { tbsResponseData ResponseData, signatureAlgorithm AlgorithmIdentifier,
 *     signature BIT STRING, certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
 */
static void put_basic_response(struct der_writer *w, const struct response *r, struct slice tbs,
	enum sign_algorithm algorithm, struct slice signature)
{
	size_t end = der_mark(w);
	put_certs(w, r);
	size_t bits = der_mark(w);
	put_present(w, signature);
	der_put(w, SLICE("\x00")); /* no unused bits */
	der_wrap(w, DER_BIT_STRING, bits);
	put_present(w, sign_algorithm_identifier(algorithm));
	put_present(w, tbs);
	der_wrap(w, DER_SEQUENCE, end);
}

/*
 * OCSPResponse ::= SEQUENCE { responseStatus OCSPResponseStatus, responseBytes [0] EXPLICIT ResponseBytes OPTIONAL }
 * ResponseBytes ::= SEQUENCE { responseType OBJECT IDENTIFIER, response OCTET STRING }
 */
struct slice response_encode(const struct response *r, struct slice tbs, enum sign_algorithm algorithm,
	struct slice signature, uint8_t *storage, size_t size)
{
	struct der_writer w = der_writer(storage, size);
	put_basic_response(&w, r, tbs, algorithm, signature);
	der_wrap(&w, DER_OCTET_STRING, size);
	der_put_element(&w, DER_OID, OID_BASIC);
	der_wrap(&w, DER_SEQUENCE, size);
	der_wrap(&w, DER_CONTEXT_CONSTRUCTED(0), size);
	der_put_small(&w, DER_ENUMERATED, RESPONSE_SUCCESSFUL);
	der_wrap(&w, DER_SEQUENCE, size);
	return finished(&w);
}

struct slice response_error(enum response_status status)
{
	switch (status) {
	case RESPONSE_MALFORMED_REQUEST:
		return SLICE("\x30\x03\x0A\x01\x01");
	case RESPONSE_TRY_LATER:
		return SLICE("\x30\x03\x0A\x01\x03");
	case RESPONSE_SIG_REQUIRED:
		return SLICE("\x30\x03\x0A\x01\x05");
	case RESPONSE_UNAUTHORIZED:
		return SLICE("\x30\x03\x0A\x01\x06");
	case RESPONSE_INTERNAL_ERROR:
	case RESPONSE_SUCCESSFUL: /* without responseBytes it would be none */
		break;
	}
	return SLICE("\x30\x03\x0A\x01\x02");
}

const char *response_status_name(enum response_status status)
{
	static const char *const names[] = {
		[RESPONSE_SUCCESSFUL] = "successful",
		[RESPONSE_MALFORMED_REQUEST] = "malformedRequest",
		[RESPONSE_INTERNAL_ERROR] = "internalError",
		[RESPONSE_TRY_LATER] = "tryLater",
		[RESPONSE_SIG_REQUIRED] = "sigRequired",
		[RESPONSE_UNAUTHORIZED] = "unauthorized",
	};
	size_t number = (size_t)status;
	bool known = number < sizeof names / sizeof names[0] && names[number];
	return known ? names[number] : "unknown";
}
