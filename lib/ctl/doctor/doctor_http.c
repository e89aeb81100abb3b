#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#define STATUSES_MAX 6

/* What is no question, and which HTTP statuses are right for it. */
struct page {
	struct doctor_check check;
	const char *method;
	const char *below;  /* the URL; NULL: a GET's target */
	const char *header; /* NULL: none */
	bool body;          /* a request */
	unsigned statuses[STATUSES_MAX];
	bool is_text; /* and no OCSPResponse */
};

#define REFUSED                                                                                              \
	{                                                                                                    \
		400, 403, 404, 405, 501                                                                      \
	}
#define METHOD_ADVICE "a method that is not GET, HEAD or POST should be answered 405 or 501"

static const struct page pages[] = {
	{{"head", "HEAD of a GET's target, 200", DOCTOR_WARN,
		 "HEAD should be answered as GET is, without a body (RFC 9110 9.3.2)"},
		"HEAD", NULL, NULL, false, {200}, false},
	{{"method-put", "PUT, refused", DOCTOR_WARN, METHOD_ADVICE}, "PUT", "", "Content-Length: 0", false,
		REFUSED, false},
	{{"method-delete", "DELETE, refused", DOCTOR_WARN, METHOD_ADVICE}, "DELETE", "", NULL, false, REFUSED,
		false},
	{{"method-options", "OPTIONS, refused", DOCTOR_NOTE, METHOD_ADVICE}, "OPTIONS", "", NULL, false,
		REFUSED, false},
	{{"post-wrong-type", "POST of text/plain, 415", DOCTOR_NOTE,
		 "whoever sends another Content-Type learns of his mistake sooner by a 415"},
		"POST", "", "Content-Type: text/plain", true, {415, 400, 403, 406}, false},
	{{"status", "GET of URL/status, for load balancers", DOCTOR_NOTE,
		 "ocsp-cgi says there whether it can answer at all; 503: it cannot"},
		"GET", "/status", NULL, false, {200}, true},
};

static bool is_right(const struct page *page, const struct doctor_answer *answer)
{
	if (page->is_text && answer->reply.status == 200 && answer->outcome != DOCTOR_OTHER_TYPE)
		return false;
	for (size_t i = 0; i < STATUSES_MAX && page->statuses[i] != 0; i++)
		if (page->statuses[i] == answer->reply.status)
			return true;
	return false;
}

static char *url_of(const struct doctor *d, const struct page *page, const struct doctor_question *q)
{
	if (page->below)
		return doctor_url(d->url, page->below[0] ? page->below : "/");
	char *target = doctor_target(q->base64, d->get_traits);
	char *url = doctor_url(d->url, target);
	free(target);
	return url;
}

static void try_page(struct doctor *d, const struct page *page, const struct doctor_question *q)
{
	const char *const headers[] = {page->header, NULL};
	struct doctor_answer answer = {0};
	char *url = url_of(d, page, q);
	const char *asked = page->below && !page->below[0] ? d->url : url; /* as it was given */
	struct http_request request = {page->method, asked, {NULL, 0}, headers, NULL};
	if (page->body)
		request.body = (struct slice){q->der, q->der_len};
	doctor_ask(d, &request, q, &answer);
	bool right = is_right(page, &answer);
	char words[sizeof "HTTP 4294967295"];
	(void)snprintf(words, sizeof words, "HTTP %u", answer.reply.status);
	doctor_report_add(&d->report, &page->check, right ? DOCTOR_OK : page->check.broken,
		answer.outcome == DOCTOR_NO_REPLY ? answer.found : words, right ? NULL : page->check.advice);
	free(url);
	doctor_answer_free(&answer);
}

void doctor_http(struct doctor *d)
{
	struct doctor_question q = {0};
	if (doctor_plain_question(d, 0, &q))
		for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
			if (pages[i].below || d->get_traits != 0)
				try_page(d, &pages[i], &q);
	doctor_question_free(&q);
}
