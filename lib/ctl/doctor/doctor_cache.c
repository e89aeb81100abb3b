#include "doctor.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/memory.h"

/* ---- what a reply says, and what it shows ---- */

/* Headers by which caches tell that they have answered, and the word for it. */
static const struct {
	const char *header, *word, *said;
} signs[] = {
	{"Cache-Status", "; hit", "Cache-Status: hit"}, /* RFC 9211 */
	{"X-Cache-Status", "HIT", "X-Cache-Status: HIT"},
	{"X-Cache", "HIT", "X-Cache: HIT"},
	{"X-Proxy-Cache", "HIT", "X-Proxy-Cache: HIT"},
	{"CF-Cache-Status", "HIT", "CF-Cache-Status: HIT"},
	{"X-Cache-Hits", NULL, "X-Cache-Hits"},
};

static bool holds(struct slice value, const char *word)
{
	char *text = memory_printf("%.*s", (int)value.len, value.data ? (const char *)value.data : "");
	bool found = word ? strcasestr(text, word) != NULL : strtol(text, NULL, 10) > 0;
	free(text);
	return found;
}

const char *doctor_cache_says_hit(const struct http_response *reply)
{
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (holds(http_response_header(reply, signs[i].header), signs[i].word))
			return signs[i].said;
	return doctor_age(reply) > 0 ? "an Age header" : NULL;
}

/* Whether signing the same twice gives other octets: ECDSA and PSS, not PKCS#1 and EdDSA. */
static bool is_randomised(const OCSP_BASICRESP *basic)
{
	const ASN1_OBJECT *algorithm = NULL;
	int key = NID_undef;
	X509_ALGOR_get0(&algorithm, NULL, NULL, OCSP_resp_get0_tbs_sigalg(basic));
	if (OBJ_find_sigid_algs(OBJ_obj2nid(algorithm), NULL, &key) != 1)
		return false;
	return key == NID_X9_62_id_ecPublicKey || key == NID_rsassaPss;
}

/* A responder that rounds its times may give the same octets again by itself: then producedAt was not the first's now. */
bool doctor_is_kept(const struct doctor_answer *first, const struct doctor_answer *second)
{
	struct slice a = {first->reply.body, first->reply.body_len};
	struct slice b = {second->reply.body, second->reply.body_len};
	if (!first->basic || !second->basic || !bytes_equal(a, b))
		return false;
	return is_randomised(first->basic) ||
	       (first->produced_at >= first->sent && second->sent > first->received);
}

/* ---- answers that no cache may keep (RFC 9919 7.2) ---- */

enum kept { KEPT_ERROR, KEPT_UNKNOWN, KEPT_NONCE, KEPT };

#define ADVICE                                                                                               \
	"a cache keeps what it may not: let it follow the responder's Cache-Control (nginx: no "             \
	"proxy_ignore_headers, no proxy_cache_valid for any; Apache: no CacheIgnoreCacheControl, "           \
	"CacheStoreNoStore; Varnish: no fixed beresp.ttl; a CDN: no edge TTL of its own)"

static const struct doctor_check checks[KEPT] = {
	[KEPT_ERROR] = {"cache-error", "no cache keeps an error", DOCTOR_FAIL, ADVICE},
	[KEPT_UNKNOWN] = {"cache-unknown", "no cache keeps \"unknown\"", DOCTOR_FAIL, ADVICE},
	[KEPT_NONCE] = {"cache-nonce", "no cache keeps an answer with a nonce", DOCTOR_FAIL, ADVICE},
};

/* SEQUENCE { OCTET STRING }: no OCSPRequest, and one that nobody has sent before. */
static bool make_malformed(struct doctor_question *q)
{
	q->der_len = 2 + 2 + 14;
	q->der = OPENSSL_malloc(q->der_len);
	q->base64 = memory_zeroed(q->der_len / 3 + 1, 4 + 1);
	q->id = OCSP_CERTID_new();
	if (!q->der || !q->id || RAND_bytes(q->der, (int)q->der_len) != 1)
		return false;
	q->der[0] = 0x30;
	q->der[1] = 2 + 14;
	q->der[2] = 0x04;
	q->der[3] = 14;
	EVP_EncodeBlock((unsigned char *)q->base64, q->der, (int)q->der_len);
	return true;
}

static bool make_unknown(const struct doctor *d, struct doctor_question *q)
{
	BIGNUM *number = BN_new();
	ASN1_INTEGER *serial = NULL;
	bool made = false;
	if (number && BN_rand(number, 120, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1)
		serial = BN_to_ASN1_INTEGER(number, NULL);
	if (serial)
		made = doctor_question_make(q, d->issuer, serial, EVP_sha1(), (struct slice){NULL, 0});
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return made;
}

static bool make_question(const struct doctor *d, enum kept which, struct doctor_question *q)
{
	switch (which) {
	case KEPT_ERROR:
		return make_malformed(q);
	case KEPT_UNKNOWN:
		return make_unknown(d, q);
	default:
		return doctor_nonce_question(d, q);
	}
}

/* Whether this came of it that must not be kept; else NULL-terminated words why not. */
static const char *why_not_tested(enum kept which, const struct doctor_answer *a)
{
	if (a->outcome == DOCTOR_NO_REPLY)
		return "not tested: no reply";
	if (which == KEPT_ERROR && a->outcome == DOCTOR_ANSWERED)
		return "not tested: what is no request was answered";
	if (which == KEPT_UNKNOWN &&
		(a->outcome != DOCTOR_ANSWERED || a->cert_status != V_OCSP_CERTSTATUS_UNKNOWN))
		return "not tested: a serial that nobody has is not \"unknown\" here";
	if (which == KEPT_NONCE && !a->nonce_echoed)
		return "not tested: no nonce comes back";
	return NULL;
}

static bool says_keep(const struct doctor_answer *a)
{
	int64_t expires = doctor_http_date(&a->reply, "Expires");
	int64_t max_age = doctor_max_age(&a->reply, true);
	return max_age > 0 || (max_age < 0 && expires != DOCTOR_NO_TIME && expires > a->received);
}

static void report(struct doctor *d, enum kept which, const struct doctor_answer *first,
	const struct doctor_answer *second)
{
	const struct doctor_check *check = &checks[which];
	const char *untested = why_not_tested(which, first);
	const char *hit = doctor_cache_says_hit(&second->reply);
	char *found = NULL;
	if (untested) {
		doctor_report_add(&d->report, check, DOCTOR_NOTE, untested, NULL);
		return;
	}
	if (hit || doctor_is_kept(first, second)) {
		found = memory_printf("%s, asked for twice, was kept: %s", first->found,
			hit ? hit : "the second is the first, octet for octet");
		doctor_report_add(&d->report, check, check->broken, found, NULL);
	} else if (says_keep(second)) {
		found = memory_printf("%s has headers that tell caches to keep it", first->found);
		doctor_report_add(&d->report, check, check->broken, found, NULL);
	} else {
		doctor_report_add(&d->report, check, DOCTOR_OK, first->found, NULL);
	}
	free(found);
}

void doctor_cache(struct doctor *d)
{
	static const struct timespec pause = {1, 200000000}; /* so that Age and producedAt show it */
	struct doctor_question questions[KEPT] = {0};
	struct doctor_answer first[KEPT] = {0};
	struct doctor_answer second[KEPT] = {0};
	bool made[KEPT] = {false};
	if (d->get_traits == 0)
		return;
	for (int i = 0; i < KEPT; i++)
		made[i] = make_question(d, (enum kept)i, &questions[i]);
	for (int i = 0; i < KEPT; i++)
		if (made[i])
			doctor_ask_get(d, &questions[i], NULL, &first[i]);
	(void)nanosleep(&pause, NULL);
	for (int i = 0; i < KEPT; i++) {
		if (made[i]) {
			doctor_ask_get(d, &questions[i], NULL, &second[i]);
			report(d, (enum kept)i, &first[i], &second[i]);
		}
		doctor_question_free(&questions[i]);
		doctor_answer_free(&first[i]);
		doctor_answer_free(&second[i]);
	}
}
