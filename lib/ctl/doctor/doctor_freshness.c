#include "doctor.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/iso_time.h"
#include "ctl/memory.h"

#define ALLOWED 2 /* seconds by which two ways to say the same may differ */

/* ---- reading ---- */

/* Cache-Control = [ cache-directive *( "," cache-directive ) ]; the text behind NAME, or NULL. */
static const char *directive(struct slice value, const char *name, const char **end)
{
	const char *p = (const char *)value.data;
	const char *stop = p ? p + value.len : NULL;
	size_t len = strlen(name);
	while (p && p < stop) {
		size_t skipped = 0;
		while (p < stop && (*p == ' ' || *p == '\t' || *p == ','))
			p++;
		if ((size_t)(stop - p) >= len && strncasecmp(p, name, len) == 0) {
			*end = stop;
			return p + len;
		}
		while (p + skipped < stop && p[skipped] != ',')
			skipped++;
		p += skipped;
	}
	return NULL;
}

static int64_t seconds_of(struct slice value, const char *name)
{
	const char *end = NULL;
	const char *p = directive(value, name, &end);
	uint64_t seconds = 0;
	size_t digits = 0;
	while (p && p + digits < end && p[digits] >= '0' && p[digits] <= '9')
		digits++;
	if (!p || !bytes_decimal((struct slice){(const uint8_t *)p, digits}, INT32_MAX, &seconds))
		return -1;
	return (int64_t)seconds;
}

int64_t doctor_max_age(const struct http_response *reply, bool shared)
{
	struct slice value = http_response_header(reply, "Cache-Control");
	int64_t seconds = shared ? seconds_of(value, "s-maxage=") : -1;
	return seconds >= 0 ? seconds : seconds_of(value, "max-age=");
}

void doctor_freshness_read(const struct doctor_answer *answer, struct doctor_freshness *out)
{
	const struct http_response *reply = &answer->reply;
	out->now = answer->received;
	out->this_update = answer->this_update;
	out->next_update = answer->next_update;
	out->date = doctor_http_date(reply, "Date");
	out->expires = doctor_http_date(reply, "Expires");
	out->last_modified = doctor_http_date(reply, "Last-Modified");
	out->age = doctor_age(reply);
	out->max_age = doctor_max_age(reply, false);
	out->etag = http_response_header(reply, "ETag");
}

/* ---- checks: NULL, or what is wrong, in new memory ---- */

static char *control_problem(const struct doctor_freshness *f)
{
	return f->max_age >= 0 || f->expires != DOCTOR_NO_TIME ? NULL : memory_text("neither is there");
}

static char *max_age_problem(const struct doctor_freshness *f)
{
	if (f->max_age < 0 || f->next_update == DOCTOR_NO_TIME)
		return NULL;
	if (f->max_age - f->age <= f->next_update - f->now)
		return NULL;
	return memory_printf("fresh for %lld s, while nextUpdate is %lld s away",
		(long long)(f->max_age - f->age), (long long)(f->next_update - f->now));
}

static char *expires_problem(const struct doctor_freshness *f)
{
	char expires[ISO_TIME_SIZE];
	char next[ISO_TIME_SIZE];
	if (f->expires == DOCTOR_NO_TIME || f->next_update == DOCTOR_NO_TIME || f->expires <= f->next_update)
		return NULL;
	return memory_printf("Expires is %s, nextUpdate %s", iso_time(f->expires, expires),
		iso_time(f->next_update, next));
}

static int64_t size(int64_t seconds)
{
	return seconds < 0 ? -seconds : seconds;
}

/*
 * A cache keeps the Date of what it has (RFC 9110 6.6.1), so that Age is in it already; but Apache's sets a new one, and
 * then the answer was made Date - Age (RFC 9111 4.2.3).
 */
char *doctor_expires_disagrees(const struct doctor_freshness *f)
{
	if (f->expires == DOCTOR_NO_TIME || f->max_age < 0 || f->date == DOCTOR_NO_TIME)
		return NULL;
	const int64_t kept = f->expires - (f->date + f->max_age);
	const int64_t anew = kept + f->age;
	const int64_t difference = size(kept) <= size(anew) ? kept : anew;
	if (size(difference) <= ALLOWED)
		return NULL;
	return memory_printf("Expires is %lld s %s than %s", (long long)size(difference),
		difference > 0 ? "later" : "earlier",
		f->age > 0 ? "max-age says, Date and Age reckoned in" : "Date + max-age");
}

static char *modified_problem(const struct doctor_freshness *f)
{
	if (f->last_modified == DOCTOR_NO_TIME)
		return memory_text("there is none");
	return f->last_modified == f->this_update ? NULL : memory_text("it is another time");
}

static char *etag_problem(const struct doctor_freshness *f)
{
	const char *text = (const char *)f->etag.data;
	size_t len = f->etag.len;
	if (!text)
		return memory_text("there is none");
	if (len >= 2 && strncmp(text, "W/", 2) == 0) {
		text += 2;
		len -= 2;
	}
	return len >= 2 && text[0] == '"' && text[len - 1] == '"' ? NULL : memory_text("it lacks its quotes");
}

static const struct look {
	struct doctor_check check;
	char *(*problem)(const struct doctor_freshness *f);
} looks[] = {
	{{"cache-control", "an answer to GET has max-age or Expires", DOCTOR_WARN,
		 "no cache takes load off the responder without it: cache_headers: true, max_cache_age"},
		control_problem},
	{{"cache-max-age", "max-age ends before nextUpdate", DOCTOR_FAIL,
		 "caches would serve answers that clients refuse: something on the way sets max-age by "
		 "itself "
		 "(nginx: expires, add_header; Apache: mod_expires; a CDN's edge or browser TTL)"},
		max_age_problem},
	{{"cache-expires", "Expires is not later than nextUpdate", DOCTOR_FAIL,
		 "caches would serve answers that clients refuse: something on the way sets Expires by "
		 "itself "
		 "(nginx: expires; Apache: mod_expires)"},
		expires_problem},
	{{"cache-agreement", "Expires agrees with max-age", DOCTOR_WARN,
		 "caches differ in which of the two they follow; let one place set both"},
		doctor_expires_disagrees},
	{{"cache-modified", "Last-Modified is thisUpdate", DOCTOR_NOTE, "RFC 9919 6 has it so"},
		modified_problem},
	{{"cache-etag", "an ETag is there, in quotes", DOCTOR_WARN,
		 "caches could ask whether an answer has changed: cache_headers: true; gzip and other "
		 "filters "
		 "take ETags away"},
		etag_problem},
};

/* ---- If-None-Match ---- */

static void report_304(struct doctor *d, const struct doctor_answer *again, struct slice etag)
{
	static const struct doctor_check check = {
		"cache-304", "If-None-Match with its ETag, 304", DOCTOR_WARN, NULL};
	const struct http_response *reply = &again->reply;
	bool same = bytes_equal(http_response_header(reply, "ETag"), etag);
	if (reply->status == 304 && !same)
		doctor_report_add(&d->report, &check, check.broken, "HTTP 304 without that ETag",
			"a 304 has to carry it (RFC 9110 15.4.5)");
	else if (reply->status == 304)
		doctor_report_add(&d->report, &check, DOCTOR_OK, "HTTP 304", NULL);
	else if (again->outcome == DOCTOR_ANSWERED && !same)
		doctor_report_add(&d->report, &check, DOCTOR_NOTE, "a new answer with a new ETag",
			"each answer is signed anew; with cache_window, or a cache in front, it is 304 while "
			"nothing has changed");
	else
		doctor_report_add(&d->report, &check, check.broken, again->found,
			"the ETag has not changed, and still it is no 304: something on the way takes "
			"If-None-Match away");
}

static void try_304(struct doctor *d, const struct doctor_question *q, struct slice etag)
{
	struct doctor_answer again = {0};
	char *line = memory_printf("If-None-Match: %.*s", (int)etag.len, (const char *)etag.data);
	doctor_ask_get(d, q, line, &again);
	report_304(d, &again, etag);
	free(line);
	doctor_answer_free(&again);
}

static void examine(struct doctor *d, const struct doctor_question *q, const struct doctor_answer *a)
{
	struct doctor_freshness f;
	doctor_freshness_read(a, &f);
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		char *problem = looks[i].problem(&f);
		doctor_report_add(&d->report, &looks[i].check, problem ? looks[i].check.broken : DOCTOR_OK,
			problem ? problem : "yes", problem ? looks[i].check.advice : NULL);
		free(problem);
	}
	if (f.etag.data)
		try_304(d, q, f.etag);
}

void doctor_freshness(struct doctor *d)
{
	struct doctor_question q = {0};
	struct doctor_answer a = {0};
	if (d->get_traits != 0 && doctor_plain_question(d, 0, &q)) {
		doctor_ask_get(d, &q, NULL, &a);
		/* unknown is never to be kept, so it says nothing of what is */
		if (a.outcome == DOCTOR_ANSWERED && a.cert_status != V_OCSP_CERTSTATUS_UNKNOWN)
			examine(d, &q, &a);
	}
	doctor_question_free(&q);
	doctor_answer_free(&a);
}
