#include "doctor_question.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"

#define ATTEMPTS 20000 /* one nonce in about a hundred has a "//" */

/* ---- requests ---- */

unsigned doctor_features(const char *base64)
{
	unsigned features = 0;
	for (const char *p = base64; *p; p++) {
		if (*p == '+')
			features |= DOCTOR_PLUS;
		else if (*p == '=')
			features |= DOCTOR_PADDING;
		else if (*p == '/' && p[1] == '/')
			features |= DOCTOR_DOUBLE;
		else if (*p == '/' && (p == base64 || p[-1] != '/'))
			features |= DOCTOR_SLASH;
	}
	return features;
}

static char *base64_of(const uint8_t *octets, size_t len)
{
	char *text = memory_zeroed(len / 3 + 1, 4 + 1);
	EVP_EncodeBlock((unsigned char *)text, octets, (int)len);
	return text;
}

/* Nonce ::= OCTET STRING; OpenSSL takes what is in it, and copies that. */
static bool add_nonce(OCSP_REQUEST *request, struct slice nonce)
{
	return nonce.len == 0 ||
	       OCSP_request_add1_nonce(request, (unsigned char *)(uintptr_t)nonce.data, (int)nonce.len) == 1;
}

/* TBSRequest ::= SEQUENCE { …, requestList SEQUENCE OF Request, requestExtensions [2] EXPLICIT Extensions OPTIONAL } */
bool doctor_question_make(struct doctor_question *q, const X509 *issuer, const ASN1_INTEGER *serial,
	const EVP_MD *hash, struct slice nonce)
{
	int len = 0;
	OCSP_CERTID *copy = NULL;
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	q->id = OCSP_cert_id_new(
		hash, X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), serial);
	copy = q->id ? OCSP_CERTID_dup(q->id) : NULL;
	if (!request || !copy || nonce.len > sizeof q->nonce || !OCSP_request_add0_id(request, copy))
		goto out;
	copy = NULL; /* the request's now */
	if (!add_nonce(request, nonce))
		goto out;
	if (nonce.len > 0)
		memcpy(q->nonce, nonce.data, nonce.len);
	q->nonce_len = nonce.len;
	len = i2d_OCSP_REQUEST(request, &q->der);
	q->der_len = len > 0 ? (size_t)len : 0;
	if (q->der_len > 0)
		q->base64 = base64_of(q->der, q->der_len);
out:
	OCSP_CERTID_free(copy);
	OCSP_REQUEST_free(request);
	return q->base64 != NULL;
}

void doctor_question_free(struct doctor_question *q)
{
	OCSP_CERTID_free(q->id);
	OPENSSL_free(q->der);
	free(q->base64);
	*q = (struct doctor_question){0};
}

bool doctor_question_awkward(struct doctor_question *q, const X509 *issuer, const ASN1_INTEGER *serial,
	unsigned wanted, unsigned unwanted)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		uint8_t octets[DOCTOR_NONCE_MAX];
		/* three lengths, so that one of them ends in padding; the last attempts take what comes */
		struct slice nonce = {octets, sizeof octets - i % 3};
		unsigned avoided = i < ATTEMPTS / 2 ? unwanted : 0;
		struct doctor_question made = {0};
		if (RAND_bytes(octets, (int)nonce.len) != 1 ||
			!doctor_question_make(&made, issuer, serial, EVP_sha1(), nonce)) {
			doctor_question_free(&made);
			return false;
		}
		unsigned features = doctor_features(made.base64);
		bool fits = (features & wanted) == wanted && (features & avoided) == 0;
		if (fits || i + 1 == ATTEMPTS) {
			*q = made;
			return fits;
		}
		doctor_question_free(&made);
	}
	return false;
}

/* ---- targets ---- */

/* What stands for a slash; `place` counts the slashes of a run from 0. */
static const char *slash(unsigned traits, size_t place, size_t run)
{
	bool escaped = traits & DOCTOR_SLASH_ESCAPED;
	if (traits & DOCTOR_URL_ALPHABET)
		return "_";
	if (run > 1 && (traits & (DOCTOR_DOUBLE_RAW | DOCTOR_DOUBLE_MIXED | DOCTOR_DOUBLE_ESCAPED)))
		escaped = (traits & DOCTOR_DOUBLE_RAW)     ? false
			  : (traits & DOCTOR_DOUBLE_MIXED) ? place % 2 == 1
							   : true;
	return !escaped ? "/" : (traits & DOCTOR_LOWER) ? "%2f" : "%2F";
}

static const char *plus(unsigned traits)
{
	if (traits & DOCTOR_URL_ALPHABET)
		return "-";
	return !(traits & DOCTOR_PLUS_ESCAPED) ? "+" : (traits & DOCTOR_LOWER) ? "%2b" : "%2B";
}

static const char *padding(unsigned traits)
{
	if (traits & DOCTOR_PAD_NONE)
		return "";
	return !(traits & DOCTOR_PAD_ESCAPED) ? "=" : (traits & DOCTOR_LOWER) ? "%3d" : "%3D";
}

static char *append_slashes(char *out, size_t run, unsigned traits)
{
	for (size_t i = 0; i < run; i++)
		out = stpcpy(out, slash(traits, i, run));
	return out;
}

char *doctor_target(const char *base64, unsigned traits)
{
	char *target = memory_zeroed(3 * strlen(base64) + 16, 1);
	char *out = stpcpy(target, (traits & DOCTOR_LEADING) ? "//" : "/");
	for (const char *p = base64; *p; p++) {
		size_t run = strspn(p, "/");
		if (run > 0) {
			out = append_slashes(out, run, traits);
			p += run - 1;
		} else if (*p == '+') {
			out = stpcpy(out, plus(traits));
		} else if (*p == '=') {
			out = stpcpy(out, padding(traits));
		} else {
			*out++ = *p;
		}
	}
	if (traits & DOCTOR_QUERY)
		stpcpy(out, "?x=1");
	return target;
}

char *doctor_url(const char *url, const char *target)
{
	size_t len = strlen(url);
	while (len > 0 && url[len - 1] == '/')
		len--;
	return memory_printf("%.*s%s", (int)len, url, target);
}
