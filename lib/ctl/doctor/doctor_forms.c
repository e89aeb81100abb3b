#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"

/* How + / = are written; what is tried beside that is tried on a way of writing them that passes. */
#define ALL_RAW     (DOCTOR_PLUS_RAW | DOCTOR_SLASH_RAW | DOCTOR_PAD_RAW)
#define ALL_ESCAPED (DOCTOR_PLUS_ESCAPED | DOCTOR_SLASH_ESCAPED | DOCTOR_PAD_ESCAPED)
#define PLUS_ONLY   (DOCTOR_PLUS_ESCAPED | DOCTOR_SLASH_RAW | DOCTOR_PAD_RAW)
#define SLASH_ONLY  (DOCTOR_PLUS_RAW | DOCTOR_SLASH_ESCAPED | DOCTOR_PAD_RAW)
#define TYPE        "Content-Type: application/ocsp-request"

enum question {
	SINGLE, /* its base64 has "+", "/" and "=", but no "//" */
	DOUBLE, /* "//", too */
	QUESTIONS
};

/* The method is that of the table. */
struct form {
	struct doctor_check check;
	enum question question;
	unsigned traits;
};

/* The first one says whether a request with a nonce is answered at all. */
static const struct form posts[] = {
	{{"post", "POST", DOCTOR_FAIL, NULL}, SINGLE, 0},
	{{"post-chunked", "POST in chunks", DOCTOR_WARN, NULL}, SINGLE, DOCTOR_CHUNKED},
	{{"post-no-type", "POST without a Content-Type", DOCTOR_WARN, NULL}, SINGLE, DOCTOR_NO_TYPE},
	{{"post-type-parameter", "POST, Content-Type with a parameter", DOCTOR_WARN, NULL}, SINGLE,
		DOCTOR_TYPE_PARAMETER},
	{{"post-type-case", "POST, Content-Type in capitals", DOCTOR_WARN, NULL}, SINGLE, DOCTOR_TYPE_UPPER},
};

static const struct form gets[] = {
	{{"get-escaped", "GET, + / = escaped", DOCTOR_FAIL, NULL}, SINGLE, ALL_ESCAPED},
	{{"get-raw", "GET, + / = raw", DOCTOR_FAIL, NULL}, SINGLE, ALL_RAW},
	{{"get-escaped-plus", "GET, only + escaped", DOCTOR_FAIL, NULL}, SINGLE, PLUS_ONLY},
	{{"get-escaped-slash", "GET, only / escaped", DOCTOR_FAIL, NULL}, SINGLE, SLASH_ONLY},
	{{"get-lower-case", "GET, escaped as %2b %2f %3d", DOCTOR_FAIL, NULL}, SINGLE,
		ALL_ESCAPED | DOCTOR_LOWER},
	{{"get-double-raw", "GET with // in the base64", DOCTOR_FAIL, NULL}, DOUBLE,
		PLUS_ONLY | DOCTOR_DOUBLE_RAW},
	{{"get-double-mixed", "GET with /%2F", DOCTOR_FAIL, NULL}, DOUBLE, PLUS_ONLY | DOCTOR_DOUBLE_MIXED},
	{{"get-double-escaped", "GET with %2F%2F", DOCTOR_FAIL, NULL}, DOUBLE,
		ALL_ESCAPED | DOCTOR_DOUBLE_ESCAPED},
};

static const struct form more_gets[] = {
	{{"get-no-padding", "GET without the = at the end", DOCTOR_WARN, NULL}, SINGLE, DOCTOR_PAD_NONE},
	{{"get-base64url", "GET in base64url", DOCTOR_NOTE, NULL}, SINGLE, DOCTOR_URL_ALPHABET},
	{{"get-leading-slash", "GET of URL//base64", DOCTOR_WARN, NULL}, SINGLE, DOCTOR_LEADING},
	{{"get-query", "GET with ?x=1 behind it", DOCTOR_WARN, NULL}, SINGLE, DOCTOR_QUERY},
	{{"get-absolute", "GET http://host/path", DOCTOR_WARN, NULL}, SINGLE, DOCTOR_ABSOLUTE},
};

#define COUNT(table) (sizeof table / sizeof *table)
#define FORMS_MAX    (COUNT(posts) + COUNT(gets) + COUNT(more_gets))

/* What was sent so far; the report waits until all is known that says what is to blame. */
struct examination {
	struct doctor *d;
	struct doctor_question questions[QUESTIONS];
	unsigned features[QUESTIONS];
	const struct form *forms[FORMS_MAX];
	struct doctor_form_result results[FORMS_MAX];
	struct doctor_answer answers[FORMS_MAX];
	size_t count;
};

/* ---- sending ---- */

static void send_post(
	struct doctor *d, const struct doctor_question *q, unsigned traits, struct doctor_answer *out)
{
	const char *type = (traits & DOCTOR_NO_TYPE)          ? "Content-Type:"
			   : (traits & DOCTOR_TYPE_PARAMETER) ? TYPE "; charset=utf-8"
			   : (traits & DOCTOR_TYPE_UPPER)     ? "CONTENT-TYPE: APPLICATION/OCSP-REQUEST"
							      : TYPE;
	const char *const headers[] = {
		type, (traits & DOCTOR_CHUNKED) ? "Transfer-Encoding: chunked" : NULL, NULL};
	struct http_request request = {"POST", d->url, {q->der, q->der_len}, headers, NULL};
	doctor_ask(d, &request, q, out);
}

static void send_get(
	struct doctor *d, const struct doctor_question *q, unsigned traits, struct doctor_answer *out)
{
	static const char *const none[] = {NULL};
	char *target = doctor_target(q->base64, traits);
	char *url = doctor_url(d->url, target);
	struct http_request request = {"GET", url, {NULL, 0}, none, NULL};
	if (traits & DOCTOR_ABSOLUTE)
		request.target = url;
	doctor_ask(d, &request, q, out);
	free(target);
	free(url);
}

/* Of the traits those that this base64 shows, and what follows from them. */
static unsigned shown_traits(unsigned traits, unsigned features)
{
	if (!(features & DOCTOR_PLUS))
		traits &= ~(unsigned)(DOCTOR_PLUS_RAW | DOCTOR_PLUS_ESCAPED);
	if (!(features & DOCTOR_SLASH))
		traits &= ~(unsigned)(DOCTOR_SLASH_RAW | DOCTOR_SLASH_ESCAPED);
	if (!(features & DOCTOR_PADDING))
		traits &= ~(unsigned)(DOCTOR_PAD_RAW | DOCTOR_PAD_ESCAPED | DOCTOR_PAD_NONE);
	if (features & DOCTOR_DOUBLE)
		traits |= DOCTOR_TRAIT_DOUBLE;
	if ((features & DOCTOR_DOUBLE) && (traits & (DOCTOR_DOUBLE_MIXED | DOCTOR_DOUBLE_ESCAPED)))
		traits |= DOCTOR_SLASH_ESCAPED;
	return traits | DOCTOR_TRAIT_GET;
}

static void try_form(struct examination *e, const struct form *form, bool get, unsigned writing)
{
	size_t i = e->count++;
	const struct doctor_question *q = &e->questions[form->question];
	unsigned traits = form->traits | writing;
	if (traits & DOCTOR_PAD_NONE)
		traits &= ~(unsigned)(DOCTOR_PAD_RAW | DOCTOR_PAD_ESCAPED);
	e->forms[i] = form;
	if (get)
		send_get(e->d, q, traits, &e->answers[i]);
	else
		send_post(e->d, q, traits, &e->answers[i]);
	e->results[i].traits = get ? shown_traits(traits, e->features[form->question]) : traits;
	e->results[i].passed = e->answers[i].outcome == DOCTOR_ANSWERED;
	if (get && e->results[i].passed && e->d->get_traits == 0)
		e->d->get_traits = traits & (ALL_RAW | ALL_ESCAPED);
}

/* ---- what to send ---- */

static void use_question(struct examination *e, enum question which, unsigned wanted, unsigned unwanted)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(e->d->certs[0]);
	struct doctor_question *q = &e->questions[which];
	(void)doctor_question_awkward(q, e->d->issuer, serial, wanted, unwanted); /* else without all of it */
	e->features[which] = q->base64 ? doctor_features(q->base64) : 0;
}

/* Some responders refuse whatever has an extension: then it is the plain request, with what its base64 happens to have. */
static bool use_plain_questions(struct examination *e)
{
	for (int which = 0; which < QUESTIONS; which++) {
		struct doctor_question *q = &e->questions[which];
		doctor_question_free(q);
		if (!doctor_plain_question(e->d, 0, q))
			return false;
		e->features[which] = doctor_features(q->base64);
	}
	return true;
}

static void try_posts(struct examination *e)
{
	try_form(e, &posts[0], false, 0);
	if (!e->results[0].passed && e->answers[0].outcome == DOCTOR_OCSP_ERROR && use_plain_questions(e)) {
		doctor_answer_free(&e->answers[0]);
		e->count = 0;
		try_form(e, &posts[0], false, 0);
	}
	for (size_t i = 1; e->results[0].passed && i < COUNT(posts); i++)
		try_form(e, &posts[i], false, 0);
}

static bool anything_came(const struct examination *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->answers[i].outcome != DOCTOR_NO_REPLY)
			return true;
	return false;
}

/* Not all of them where even the first has no reply, as POST had none: each may take the whole timeout. */
static void try_gets(struct examination *e)
{
	try_form(e, &gets[0], true, 0);
	for (size_t i = 1; anything_came(e) && i < COUNT(gets); i++)
		try_form(e, &gets[i], true, 0);
	for (size_t i = 0; e->d->get_traits != 0 && i < COUNT(more_gets); i++)
		try_form(e, &more_gets[i], true, e->d->get_traits);
}

/* ---- reporting ---- */

/* Whether the request had what the form is about. */
static bool is_tested(const struct examination *e, const struct form *form)
{
	unsigned features = e->features[form->question];
	if (form->question == DOUBLE && !(features & DOCTOR_DOUBLE))
		return false;
	return !(form->traits & DOCTOR_PAD_NONE) || (features & DOCTOR_PADDING);
}

static void report(struct examination *e)
{
	unsigned guilty = doctor_guilty(e->results, e->count);
	for (size_t i = 0; i < e->count; i++) {
		const struct form *form = e->forms[i];
		struct doctor_report *r = &e->d->report;
		if (!is_tested(e, form))
			doctor_report_add(r, &form->check, DOCTOR_NOTE,
				"not tested: this certificate's request has none", NULL);
		else if (e->results[i].passed)
			doctor_report_add(r, &form->check, DOCTOR_OK, e->answers[i].found, NULL);
		else
			doctor_report_add(r, &form->check, form->check.broken, e->answers[i].found,
				doctor_blame(guilty & e->results[i].traits, &e->answers[i], e->d->server));
	}
}

bool doctor_forms(struct doctor *d)
{
	struct examination *e = memory_zeroed(1, sizeof *e);
	bool reached = false;
	const unsigned all = DOCTOR_PLUS | DOCTOR_SLASH | DOCTOR_PADDING;
	e->d = d;
	use_question(e, SINGLE, all, DOCTOR_DOUBLE);
	use_question(e, DOUBLE, all | DOCTOR_DOUBLE, 0);
	if ((!e->questions[SINGLE].base64 || !e->questions[DOUBLE].base64) && !use_plain_questions(e))
		goto out;
	try_posts(e);
	try_gets(e);
	report(e);
	reached = anything_came(e);
out:
	for (size_t i = 0; i < e->count; i++)
		doctor_answer_free(&e->answers[i]);
	for (int which = 0; which < QUESTIONS; which++)
		doctor_question_free(&e->questions[which]);
	free(e);
	return reached;
}
