#include "doctor.h"

#include <stdlib.h>

#include "ctl/memory.h"

#define ALLOWED 5  /* seconds that clocks may differ */
#define REFUSED 30 /* from here on clients take no answer from the future */

int64_t doctor_clock_offset(int64_t time, int64_t sent, int64_t received)
{
	if (time > received)
		return time - received;
	return time < sent ? time - sent : 0;
}

static bool differs(int64_t offset)
{
	return offset > ALLOWED || offset < -ALLOWED;
}

enum doctor_level doctor_clock_judge(const struct doctor_times *t, const char **advice)
{
	int64_t produced = doctor_clock_offset(t->produced_at, t->sent, t->received);
	int64_t date = t->date == DOCTOR_NO_TIME ? 0 : doctor_clock_offset(t->date, t->sent, t->received);
	*advice = NULL;
	if (produced < 0 && !t->fresh)
		produced = 0; /* prepared, or kept by a cache */
	if (!differs(produced))
		return DOCTOR_OK;
	if (t->date == DOCTOR_NO_TIME)
		*advice =
			"either the responder's clock or this machine's is wrong; there is no Date header to "
			"tell which";
	else if (!differs(date))
		*advice = "the Date header agrees with this machine's clock: the clock of the machine that "
			  "signs is wrong; have chrony or ntpd set it";
	else if (!differs(produced - date))
		*advice = "the Date header says the same: the clock of the web server's machine, which "
			  "signs, is wrong, or this one's; have chrony or ntpd set it";
	else
		*advice = "the Date header says something else again: look at the clocks of the machine that "
			  "signs, of the web server's, and at this one's";
	if (produced < 0 && !differs(date)) {
		*advice = "answers are prepared, or cache_window rounds their times down; if neither is so, "
			  "the "
			  "clock of the machine that signs is slow";
		return DOCTOR_NOTE;
	}
	return produced >= REFUSED ? DOCTOR_FAIL : DOCTOR_WARN;
}

static char *offset_words(int64_t offset)
{
	if (offset == 0)
		return memory_text("0 s");
	return memory_printf("%lld s %s", (long long)(offset > 0 ? offset : -offset),
		offset > 0 ? "ahead of this machine's clock" : "behind this machine's clock");
}

static void report_produced_at(struct doctor *d, const struct doctor_times *t)
{
	static const struct doctor_check check = {
		"clock-produced-at", "producedAt is now, and not later", DOCTOR_FAIL, NULL};
	const char *advice = NULL;
	enum doctor_level level = doctor_clock_judge(t, &advice);
	char *found = offset_words(doctor_clock_offset(t->produced_at, t->sent, t->received));
	doctor_report_add(&d->report, &check, level, found, advice);
	free(found);
}

static void report_date(struct doctor *d, const struct doctor_times *t)
{
	static const struct doctor_check check = {"clock-date", "the Date header is now", DOCTOR_WARN,
		"caches reckon with it: set the web server's clock, or this machine's"};
	if (t->date == DOCTOR_NO_TIME) {
		doctor_report_add(&d->report, &check, DOCTOR_WARN, "there is none",
			"a server that has a clock sends it (RFC 9110 6.6.1)");
		return;
	}
	int64_t offset = doctor_clock_offset(t->date, t->sent, t->received);
	char *found = offset_words(offset);
	doctor_report_add(&d->report, &check, differs(offset) ? check.broken : DOCTOR_OK, found, NULL);
	free(found);
}

void doctor_clock(struct doctor *d)
{
	struct doctor_question q = {0};
	struct doctor_answer a = {0};
	if (doctor_nonce_question(d, &q))
		doctor_ask_post(d, &q, &a);
	if (q.base64 && a.outcome == DOCTOR_OCSP_ERROR) { /* some refuse all extensions */
		doctor_question_free(&q);
		if (doctor_plain_question(d, 0, &q))
			doctor_ask_post(d, &q, &a);
	}
	if (q.base64 && a.outcome == DOCTOR_ANSWERED) {
		struct doctor_times t = {a.sent, a.received, a.produced_at,
			doctor_http_date(&a.reply, "Date"), a.nonce_echoed};
		if (t.date != DOCTOR_NO_TIME)
			t.date += doctor_age(&a.reply);
		report_produced_at(d, &t);
		report_date(d, &t);
	}
	doctor_question_free(&q);
	doctor_answer_free(&a);
}
