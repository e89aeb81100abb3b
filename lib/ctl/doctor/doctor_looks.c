#include "doctor_looks.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/credentials/credentials.h"
#include "ctl/iso_time.h"
#include "ctl/memory.h"

#define SOON          (7 * 86400) /* seconds in which a new delegate should be there */
#define CLOCK_ALLOWED 5           /* seconds that clocks differ */

static char *when(const char *words, int64_t time)
{
	char text[ISO_TIME_SIZE];
	return memory_printf("%s %s", words, iso_time(time, text));
}

/* ---- the reply ---- */

static char *type_problem(const struct doctor_subject *s)
{
	struct slice type = http_response_header(&s->a->reply, "Content-Type");
	if (bytes_equal(type, SLICE("application/ocsp-response")))
		return NULL;
	return memory_printf("%.*s", (int)type.len, (const char *)type.data);
}

static char *length_problem(const struct doctor_subject *s)
{
	if (http_response_header(&s->a->reply, "Content-Length").data)
		return NULL;
	return memory_text("there is none");
}

/* ---- what it answers ---- */

static char *certid_problem(const struct doctor_subject *s)
{
	unsigned char *asked = NULL;
	unsigned char *said = NULL;
	int asked_len = i2d_OCSP_CERTID(s->q->id, &asked);
	int said_len =
		i2d_OCSP_CERTID((OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(s->a->single), &said);
	bool same = asked_len > 0 && asked_len == said_len && memcmp(asked, said, (size_t)said_len) == 0;
	OPENSSL_free(asked);
	OPENSSL_free(said);
	return same ? NULL : memory_text("it says the same in other octets");
}

static char *singles_problem(const struct doctor_subject *s)
{
	int count = OCSP_resp_count(s->a->basic);
	return count == 1 ? NULL : memory_printf("there are %d", count);
}

static char *status_problem(const struct doctor_subject *s)
{
	return s->a->cert_status == V_OCSP_CERTSTATUS_UNKNOWN ? memory_text("unknown") : NULL;
}

/* ---- who signs ---- */

static char *signer_problem(const struct doctor_subject *s)
{
	return s->signer ? NULL : memory_text("no certificate in the answer, nor the CA's, is that signer's");
}

/* Over a signer that is known. */
static char *signature_problem(const struct doctor_subject *s)
{
	bool right = false;
	STACK_OF(X509) *certs = sk_X509_new_null();
	if (certs && sk_X509_push(certs, s->signer) > 0)
		right = OCSP_basic_verify(s->a->basic, certs, NULL, OCSP_NOVERIFY) > 0;
	sk_X509_free(certs);
	ERR_clear_error();
	return right ? NULL : memory_text("it does not verify");
}

static char *digest_problem(const struct doctor_subject *s)
{
	const ASN1_OBJECT *algorithm = NULL;
	int digest = NID_undef;
	X509_ALGOR_get0(&algorithm, NULL, NULL, OCSP_resp_get0_tbs_sigalg(s->a->basic));
	if (OBJ_find_sigid_algs(OBJ_obj2nid(algorithm), &digest, NULL) != 1)
		return NULL;
	return digest == NID_sha1 || digest == NID_md5 ? memory_text(OBJ_nid2sn(digest)) : NULL;
}

static char *issued_problem(const struct doctor_subject *s)
{
	bool issued = X509_NAME_cmp(X509_get_issuer_name(s->signer), X509_get_subject_name(s->issuer)) == 0 &&
		      X509_verify(s->signer, X509_get0_pubkey(s->issuer)) == 1;
	ERR_clear_error();
	if (!s->is_delegate || issued)
		return NULL;
	char *name = credentials_name_text(X509_get_issuer_name(s->signer));
	char *text = memory_printf("by %s, and not by the key of --issuer", name);
	free(name);
	return text;
}

/* ExtKeyUsageSyntax ::= SEQUENCE OF KeyPurposeId, one of them id-kp-OCSPSigning */
static char *purpose_problem(const struct doctor_subject *s)
{
	bool has = (X509_get_extension_flags(s->signer) & EXFLAG_XKUSAGE) &&
		   (X509_get_extended_key_usage(s->signer) & XKU_OCSP_SIGN);
	return !s->is_delegate || has ? NULL : memory_text("it has not");
}

static char *usage_problem(const struct doctor_subject *s)
{
	bool may = X509_get_key_usage(s->signer) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	return !s->is_delegate || may ? NULL : memory_text("it has not");
}

static char *nocheck_problem(const struct doctor_subject *s)
{
	bool has = X509_get_ext_by_NID(s->signer, NID_id_pkix_OCSP_noCheck, -1) >= 0;
	return !s->is_delegate || has ? NULL : memory_text("it has not");
}

static char *validity_problem(const struct doctor_subject *s)
{
	if (s->not_after < s->a->received)
		return when("it expired on", s->not_after);
	if (s->not_before > s->a->received)
		return when("it is valid only from", s->not_before);
	return NULL;
}

static char *soon_problem(const struct doctor_subject *s)
{
	bool soon = s->not_after >= s->a->received && s->not_after - s->a->received < SOON;
	return soon ? when("it expires on", s->not_after) : NULL;
}

/* ---- when ---- */

static char *this_update_problem(const struct doctor_subject *s)
{
	if (s->a->this_update <= s->a->received + CLOCK_ALLOWED)
		return NULL;
	return when("it is", s->a->this_update);
}

static char *next_update_problem(const struct doctor_subject *s)
{
	if (s->a->next_update == DOCTOR_NO_TIME)
		return memory_text("there is none");
	return s->a->next_update > s->a->sent ? NULL : when("it was", s->a->next_update);
}

static char *beyond_problem(const struct doctor_subject *s)
{
	return s->a->next_update > s->not_after ? when("the signer ends on", s->not_after) : NULL;
}

/* GeneralizedTime as YYYYMMDDHHMMSSZ. */
static char *format_problem(const struct doctor_subject *s)
{
	ASN1_GENERALIZEDTIME *times[2] = {NULL, NULL};
	(void)OCSP_single_get0_status(s->a->single, NULL, NULL, &times[0], &times[1]);
	for (int i = 0; i < 2; i++)
		if (times[i] && ASN1_STRING_length(times[i]) != 15)
			return memory_printf("%.*s", ASN1_STRING_length(times[i]),
				(const char *)ASN1_STRING_get0_data(times[i]));
	return NULL;
}

void doctor_subject_make(struct doctor_subject *s, const struct doctor_question *q,
	const struct doctor_answer *a, X509 *issuer)
{
	*s = (struct doctor_subject){.q = q, .a = a, .issuer = issuer, .not_after = INT64_MAX};
	s->signer = doctor_answer_signer(a, issuer);
	s->is_delegate = s->signer && !credentials_is_ca(issuer, s->signer);
	if (s->signer)
		(void)credentials_validity(s->signer, &s->not_before, &s->not_after);
}

const struct doctor_look doctor_looks[DOCTOR_LOOKS] = {
	{{"reply-type", "Content-Type is application/ocsp-response alone", DOCTOR_WARN,
		 "small clients compare it whole: no parameter, lower case"},
		false, type_problem},
	{{"reply-length", "Content-Length is there", DOCTOR_WARN,
		 "small clients read no chunked reply; Apache: SetEnv ap_trust_cgilike_cl 1"},
		false, length_problem},
	{{"certid", "the CertID is the request's, octet for octet", DOCTOR_WARN,
		 "some clients compare octets; a responder should send back the CertID as it came"},
		false, certid_problem},
	{{"single", "one SingleResponse for one CertID", DOCTOR_WARN,
		 "RFC 9919 3.2.1 wants answers for what was asked only"},
		false, singles_problem},
	{{"known", "the certificate is known", DOCTOR_WARN,
		 "was it issued, and brought into the responder's Redis or table?"},
		false, status_problem},
	{{"this-update", "thisUpdate is not in the future", DOCTOR_FAIL,
		 "clients refuse such an answer: set the signing machine's clock, or a start skew"},
		false, this_update_problem},
	{{"next-update", "nextUpdate is there and in the future", DOCTOR_FAIL,
		 "clients refuse such an answer, or never keep it: refresh what the responder answers from "
		 "(its table, its prepared answers, a cache)"},
		false, next_update_problem},
	{{"time-format", "times without fractions of seconds", DOCTOR_WARN, "RFC 9919 3.2.4 wants none"},
		false, format_problem},
	{{"signer", "the signer's certificate is there", DOCTOR_FAIL,
		 "include_signer: true, or is it another CA's responder?"},
		false, signer_problem},
	{{"signature", "the signature verifies", DOCTOR_FAIL,
		 "key and certificate of the responder do not belong together, or something on the way "
		 "changes answers"},
		true, signature_problem},
	{{"signature-digest", "signed with SHA-256 or better", DOCTOR_WARN,
		 "clients refuse SHA-1: choose another digest"},
		true, digest_problem},
	{{"delegate-issuer", "the signer is the CA, or issued by it", DOCTOR_FAIL,
		 "clients accept no other signer (RFC 6960 4.2.2.2): have this very CA issue a delegate"},
		true, issued_problem},
	{{"delegate-purpose", "the delegate has id-kp-OCSPSigning", DOCTOR_FAIL,
		 "no client accepts it: have it issued with extendedKeyUsage=OCSPSigning"},
		true, purpose_problem},
	{{"delegate-usage", "the delegate's keyUsage allows signatures", DOCTOR_WARN,
		 "have it issued with keyUsage=digitalSignature"},
		true, usage_problem},
	{{"delegate-nocheck", "the delegate has id-pkix-ocsp-nocheck", DOCTOR_WARN,
		 "without it clients may ask for the delegate's own status: noCheck=ignored"},
		true, nocheck_problem},
	{{"signer-validity", "the signer's certificate is valid now", DOCTOR_FAIL,
		 "no client accepts its answers: have a new delegate issued, then ocspctl compile"},
		true, validity_problem},
	{{"signer-expiry", "and for a week to come", DOCTOR_WARN,
		 "have a new delegate issued, then ocspctl compile"},
		true, soon_problem},
	{{"signer-outlives", "nextUpdate is not beyond the signer's notAfter", DOCTOR_WARN,
		 "a kept answer would be refused before its time"},
		true, beyond_problem},
};
