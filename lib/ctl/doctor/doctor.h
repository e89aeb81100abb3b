/*
 * doctor: whether a deployed responder serves all of its clients. Each stage asks, or looks at what was answered, and adds
 * findings to the report; each is driven by a table of its checks.
 *   doctor_forms.c     every awkward form of GET and POST
 *   doctor_blame.c     which directive of which server is at fault where one fails
 *   doctor_http.c      other methods, types and pages
 *   doctor_response.c  whether every certificate is answered, and rightly
 *   doctor_looks.c     signature, signer, delegate, CertID, times of an answer
 *   doctor_clock.c     the responder's clock against this one, with HTTP's Date as the third witness
 *   doctor_freshness.c what an answer's headers tell caches
 *   doctor_cache.c     what caches on the way do with answers
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "doctor_answer.h"
#include "doctor_report.h"

#define DOCTOR_SERVER_MAX 128

struct doctor {
	const char *url;
	X509 *issuer;
	X509 *const *certs;
	size_t cert_count;
	struct http_client *client;
	struct doctor_report report;
	char server[DOCTOR_SERVER_MAX]; /* the Server header of the first reply; "": none */
	unsigned get_traits;            /* a form of GET that passes; 0: none does */
};

/* Sends it and reads what comes. `request->url` is whole. */
void doctor_ask(struct doctor *d, const struct http_request *request, const struct doctor_question *q,
	struct doctor_answer *out);
void doctor_ask_post(struct doctor *d, const struct doctor_question *q, struct doctor_answer *out);
/* As d->get_traits has it; `line` is one more header, or NULL. */
void doctor_ask_get(
	struct doctor *d, const struct doctor_question *q, const char *line, struct doctor_answer *out);

/* The request for certs[i], without a nonce, under SHA-1. */
bool doctor_plain_question(const struct doctor *d, size_t i, struct doctor_question *q);

/* The same with a random nonce of 16 octets. */
bool doctor_nonce_question(const struct doctor *d, struct doctor_question *q);

/* False: nothing answers at all there, so nothing can be told. */
bool doctor_forms(struct doctor *d);
void doctor_http(struct doctor *d);
void doctor_response(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_freshness(struct doctor *d);
void doctor_cache(struct doctor *d);

/* ---- the pure parts ---- */

/* A form that was sent, and what came of it. */
struct doctor_form_result {
	unsigned traits; /* of enum doctor_trait, as far as the request has what they are about */
	bool passed;
};

/* The traits, as bits, that every form with them failed by while another of the same method passed. */
unsigned doctor_guilty(const struct doctor_form_result *results, size_t count);

/* What is at fault in an answer to a form with these guilty traits; static. */
const char *doctor_blame(unsigned guilty, const struct doctor_answer *answer, const char *server);

/* Clocks as they look from here. */
struct doctor_times {
	int64_t sent, received;
	int64_t produced_at;
	int64_t date; /* the Date header, plus Age; DOCTOR_NO_TIME: none */
	bool fresh;   /* made for this very request: it has its nonce */
};
/* Seconds by which a clock is ahead of this machine's (negative: behind), beyond what the exchange took. */
int64_t doctor_clock_offset(int64_t time, int64_t sent, int64_t received);
/* DOCTOR_OK and no advice: producedAt is now, or earlier in an answer that may have been kept. Else how bad it is, and in
 * *advice, static, which clock to look at. */
enum doctor_level doctor_clock_judge(const struct doctor_times *t, const char **advice);

/* What an answer's headers say, and its own times. */
struct doctor_freshness {
	int64_t now, this_update, next_update; /* or DOCTOR_NO_TIME */
	int64_t date, expires, last_modified;  /* or DOCTOR_NO_TIME */
	int64_t age;
	int64_t max_age;   /* -1: none */
	struct slice etag; /* data NULL: none */
};
/* Fills all of *out; its etag borrows from the answer. */
void doctor_freshness_read(const struct doctor_answer *answer, struct doctor_freshness *out);
/* By how much Expires and max-age mean different times, in new memory; NULL: by nothing that matters, or one is missing. */
char *doctor_expires_disagrees(const struct doctor_freshness *f);
/* max-age of Cache-Control; -1: none. s-maxage counts before it where `shared`. */
int64_t doctor_max_age(const struct http_response *reply, bool shared);

/* Whether a cache says that it has answered: by Age, or the headers of those that have their own. Static words, or NULL. */
const char *doctor_cache_says_hit(const struct http_response *reply);

/* Whether the second answer to one request is the first one, kept. */
bool doctor_is_kept(const struct doctor_answer *first, const struct doctor_answer *second);

#endif
