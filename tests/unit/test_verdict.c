/* verdict: what replies say, those too that no sound responder sends. OpenSSL makes them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/client/verdict.h"

#include <openssl/x509v3.h>

#include <string.h>

#define NOW        1800000000 /* 2027-01-15T08:00:00Z */
#define REVOKED_AT 1767225600 /* 2026-01-01T00:00:00Z */

static EVP_PKEY *key, *other_key;
static X509 *ca, *delegate, *purposeless, *stranger;

/* Of other_key, named `cn`; by an issuer named "ca" that has `issuer_key`. */
static X509 *make_signer(const char *cn, EVP_PKEY *issuer_key, const char *purpose)
{
	X509 *signer = X509_new();
	X509_NAME_add_entry_by_txt(
		X509_get_subject_name(signer), "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_version(signer, X509_VERSION_3);
	X509_set_issuer_name(signer, X509_get_subject_name(ca));
	ASN1_INTEGER_set(X509_get_serialNumber(signer), 2);
	X509_gmtime_adj(X509_getm_notBefore(signer), 0);
	X509_gmtime_adj(X509_getm_notAfter(signer), 86400);
	X509_set_pubkey(signer, other_key);
	X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, purpose);
	X509_add_ext(signer, usage, -1);
	X509_EXTENSION_free(usage);
	assert_true(X509_sign(signer, issuer_key, EVP_sha256()) > 0);
	return signer;
}

static int make_ca(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	other_key = EVP_EC_gen("P-256");
	ca = X509_new();
	X509_NAME *name = X509_get_subject_name(ca);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"ca", -1, -1, 0);
	X509_set_issuer_name(ca, name);
	ASN1_INTEGER_set(X509_get_serialNumber(ca), 1);
	X509_gmtime_adj(X509_getm_notBefore(ca), 0);
	X509_gmtime_adj(X509_getm_notAfter(ca), 86400);
	X509_set_pubkey(ca, key);
	if (X509_sign(ca, key, EVP_sha256()) <= 0)
		return -1;
	delegate = make_signer("delegate", key, "OCSPSigning");
	purposeless = make_signer("purposeless", key, "serverAuth");
	stranger = make_signer("stranger", other_key, "OCSPSigning");
	return 0;
}

static int free_ca(void **state)
{
	(void)state;
	X509_free(ca);
	X509_free(delegate);
	X509_free(purposeless);
	X509_free(stranger);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	return 0;
}

/* A reply; what is 0 is as a sound responder sends it. */
struct sent {
	const char *name;
	unsigned http; /* 0: 200 */
	const char *headers;
	int ocsp_status, cert_status, reason;
	int64_t age, life; /* seconds; life 0: a day, -1: no nextUpdate */
	bool other_serial, false_signature, no_certificates;
	X509 **signer;        /* with other_key, instead of the CA */
	size_t cut, trailing; /* octets */
	enum verdict_kind kind;
	const char *text;
};

static OCSP_BASICRESP *make_basic(const struct sent *s, const struct ocsp_question *q)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	struct serial other = {2, {0x12, 0x34}};
	struct ocsp_question question = {0};
	ASN1_TIME *revoked_at = ASN1_GENERALIZEDTIME_set(NULL, REVOKED_AT);
	ASN1_TIME *this_update = ASN1_GENERALIZEDTIME_set(NULL, NOW - s->age);
	ASN1_TIME *next_update =
		ASN1_GENERALIZEDTIME_set(NULL, NOW - s->age + (s->life > 0 ? s->life : 86400));
	assert_true(ocsp_question_make(&question, ca, &other));
	assert_non_null(OCSP_basic_add1_status(basic, s->other_serial ? question.id : q->id, s->cert_status,
		s->reason, revoked_at, this_update, s->life < 0 ? NULL : next_update));
	assert_int_equal(OCSP_basic_sign(basic, s->signer ? *s->signer : ca, s->signer ? other_key : key,
				 EVP_sha256(), NULL, s->no_certificates ? OCSP_NOCERTS : 0),
		1);
	if (s->false_signature)
		((unsigned char *)(uintptr_t)ASN1_STRING_get0_data(OCSP_resp_get0_signature(basic)))[20] ^= 1;
	ocsp_question_free(&question);
	ASN1_TIME_free(revoked_at);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return basic;
}

static int make_response(const struct sent *s, const struct ocsp_question *q, uint8_t **out)
{
	OCSP_BASICRESP *basic = s->ocsp_status == 0 ? make_basic(s, q) : NULL;
	OCSP_RESPONSE *response = OCSP_response_create(s->ocsp_status, basic);
	int len = i2d_OCSP_RESPONSE(response, out);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	assert_true(len > 0);
	return len;
}

#define TYPE "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\n"

static void try_reply(const struct sent *s)
{
	const char *headers = s->headers ? s->headers : TYPE;
	struct serial serial = {2, {0x10, 0x01}};
	struct ocsp_question q = {0};
	struct verdict verdict;
	uint8_t body[4096] = {0};
	uint8_t *der = NULL;
	assert_true(ocsp_question_make(&q, ca, &serial));
	size_t len = (size_t)make_response(s, &q, &der);
	memcpy(body, der, len);
	struct http_response reply = {.status = s->http > 0 ? s->http : 200, .body = body};
	reply.body_len = len - s->cut + s->trailing;
	reply.headers = (char *)(uintptr_t)headers;
	reply.headers_len = strlen(headers);
	verdict_read(&reply, &q, ca, NOW, &verdict);
	assert_string_equal(verdict.text, s->text);
	assert_int_equal(verdict.kind, s->kind);
	OPENSSL_free(der);
	ocsp_question_free(&q);
}

static void replies(void **state)
{
	static const struct sent cases[] = {
		{.name = "good", .text = "good"},
		{.name = "unknown",
			.cert_status = V_OCSP_CERTSTATUS_UNKNOWN,
			.kind = VERDICT_UNKNOWN,
			.text = "unknown"},
		{.name = "revoked_with_a_reason",
			.cert_status = V_OCSP_CERTSTATUS_REVOKED,
			.reason = 1,
			.kind = VERDICT_REVOKED,
			.text = "revoked 2026-01-01T00:00:00Z keyCompromise"},
		{.name = "revoked_without_one",
			.cert_status = V_OCSP_CERTSTATUS_REVOKED,
			.reason = -1,
			.kind = VERDICT_REVOKED,
			.text = "revoked 2026-01-01T00:00:00Z"},
		{.name = "unspecified_says_no_more_than_none",
			.cert_status = V_OCSP_CERTSTATUS_REVOKED,
			.reason = 0,
			.kind = VERDICT_REVOKED,
			.text = "revoked 2026-01-01T00:00:00Z"},
		{.name = "a_reason_without_a_name",
			.cert_status = V_OCSP_CERTSTATUS_REVOKED,
			.reason = 7,
			.kind = VERDICT_REVOKED,
			.text = "revoked 2026-01-01T00:00:00Z 7"},
		{.name = "try_later",
			.ocsp_status = 3,
			.kind = VERDICT_OCSP_ERROR,
			.text = "OCSP error tryLater"},
		{.name = "unauthorized",
			.ocsp_status = 6,
			.kind = VERDICT_OCSP_ERROR,
			.text = "OCSP error unauthorized"},
		{.name = "without_next_update", .life = -1, .text = "good"},
		{.name = "ended_within_the_skew_of_clocks", .age = 3600, .life = 3301, .text = "good"},
		{.name = "ended", .age = 3600, .life = 3299, .text = "good, but not valid now"},
		{.name = "from_the_future", .age = -301, .text = "good, but not valid now"},
		{.name = "signature_false",
			.false_signature = true,
			.text = "good, but the signature is false"},
		{.name = "signature_of_the_ca_without_certificates", .no_certificates = true, .text = "good"},
		{.name = "signature_false_without_certificates",
			.no_certificates = true,
			.false_signature = true,
			.text = "good, but the signature is false"},
		{.name = "a_delegates", .signer = &delegate, .text = "good"},
		{.name = "a_delegates_for_another_purpose",
			.signer = &purposeless,
			.text = "good, but this CA has not entrusted the signer with it"},
		{.name = "a_strangers",
			.signer = &stranger,
			.text = "good, but this CA has not entrusted the signer with it"},
		{.name = "another_certificate",
			.other_serial = true,
			.kind = VERDICT_NONE,
			.text = "an answer for another certificate"},
		{.name = "cut", .cut = 1, .kind = VERDICT_NONE, .text = "no OCSPResponse"},
		{.name = "octets_behind_it", .trailing = 1, .kind = VERDICT_NONE, .text = "no OCSPResponse"},
		{.name = "http_500", .http = 500, .kind = VERDICT_NONE, .text = "HTTP 500"},
		{.name = "type_in_any_case",
			.headers = "HTTP/1.1 200 OK\r\nCONTENT-TYPE:application/OCSP-response;x=y\r\n\r\n",
			.text = "good"},
		{.name = "a_page",
			.headers = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
			.kind = VERDICT_NONE,
			.text = "HTTP 200, but not of type application/ocsp-response"},
		{.name = "no_type",
			.headers = "HTTP/1.1 200 OK\r\nX-Content-Type: application/ocsp-response\r\n\r\n",
			.kind = VERDICT_NONE,
			.text = "HTTP 200, but not of type application/ocsp-response"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_message("  %s\n", cases[i].name);
		try_reply(&cases[i]);
	}
}

static void an_empty_body_is_no_response(void **state)
{
	struct serial serial = {1, {5}};
	struct ocsp_question q = {0};
	struct verdict verdict;
	char headers[] = TYPE;
	struct http_response reply = {.status = 200, .headers = headers, .headers_len = sizeof headers - 1};
	(void)state;
	assert_true(ocsp_question_make(&q, ca, &serial));
	verdict_read(&reply, &q, ca, NOW, &verdict);
	assert_string_equal(verdict.text, "no OCSPResponse");
	ocsp_question_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(an_empty_body_is_no_response),
	};
	return cmocka_run_group_tests(tests, make_ca, free_ca);
}
