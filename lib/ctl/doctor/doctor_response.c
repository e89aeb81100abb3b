#include "doctor.h"

#include <stdlib.h>

#include "doctor_looks.h"
#include "ctl/memory.h"

/* ---- all answers, one finding for each check ---- */

/* The first problem of each check, with the answer that has it. */
struct examination {
	struct doctor *d;
	size_t answers, signed_answers;
	char *problems[DOCTOR_LOOKS];
};

static void look_at(struct examination *e, const struct doctor_subject *s, const char *name)
{
	e->answers++;
	e->signed_answers += s->signer ? 1 : 0;
	for (size_t i = 0; i < DOCTOR_LOOKS; i++) {
		if (e->problems[i] || (doctor_looks[i].needs_signer && !s->signer))
			continue;
		char *problem = doctor_looks[i].problem(s);
		if (problem)
			e->problems[i] = memory_printf("%s (%s)", problem, name);
		free(problem);
	}
}

static void look_at_answer(struct examination *e, const struct doctor_question *q,
	const struct doctor_answer *a, const char *method, size_t certificate)
{
	if (a->outcome != DOCTOR_ANSWERED)
		return;
	struct doctor_subject s;
	doctor_subject_make(&s, q, a, e->d->issuer);
	char *name = memory_printf("%s, certificate %zu", method, certificate + 1);
	look_at(e, &s, name);
	free(name);
}

/* What the forms have not shown: that other certificates are answered, too. */
static void report_answer(struct doctor *d, const struct doctor_answer *a, size_t certificate)
{
	static const struct doctor_check check = {
		"answer", "each certificate is answered", DOCTOR_FAIL, NULL};
	char *found = memory_printf("certificate %zu is %s", certificate + 1, a->found);
	bool answered = a->outcome == DOCTOR_ANSWERED;
	doctor_report_add(&d->report, &check, answered ? DOCTOR_OK : check.broken, found,
		answered ? NULL : doctor_blame(0, a, d->server));
	free(found);
}

static void examine(struct examination *e, size_t certificate)
{
	struct doctor *d = e->d;
	struct doctor_question q = {0};
	struct doctor_answer a = {0};
	if (doctor_plain_question(d, certificate, &q)) {
		doctor_ask_post(d, &q, &a);
		report_answer(d, &a, certificate);
		look_at_answer(e, &q, &a, "POST", certificate);
		if (d->get_traits != 0) {
			doctor_ask_get(d, &q, NULL, &a);
			look_at_answer(e, &q, &a, "GET", certificate);
		}
	}
	doctor_question_free(&q);
	doctor_answer_free(&a);
}

static void report_nonce(struct doctor *d)
{
	static const struct doctor_check check = {
		"nonce", "the request's nonce, or none, comes back", DOCTOR_FAIL, NULL};
	struct doctor_question q = {0};
	struct doctor_answer a = {0};
	if (doctor_nonce_question(d, &q)) {
		doctor_ask_post(d, &q, &a);
		if (a.outcome == DOCTOR_ANSWERED)
			doctor_report_add(&d->report, &check, DOCTOR_OK,
				a.nonce_echoed ? "echoed" : "none: requests with a nonce are cached, too",
				NULL);
		else
			doctor_report_add(
				&d->report, &check, check.broken, a.found, doctor_blame(0, &a, d->server));
	}
	doctor_question_free(&q);
	doctor_answer_free(&a);
}

void doctor_response(struct doctor *d)
{
	struct examination e = {.d = d};
	for (size_t i = 0; i < d->cert_count; i++)
		examine(&e, i);
	report_nonce(d);
	for (size_t i = 0; e.answers > 0 && i < DOCTOR_LOOKS; i++) {
		const struct doctor_check *check = &doctor_looks[i].check;
		if (!doctor_looks[i].needs_signer || e.signed_answers > 0)
			doctor_report_add(&d->report, check, e.problems[i] ? check->broken : DOCTOR_OK,
				e.problems[i] ? e.problems[i] : "yes", NULL);
		free(e.problems[i]);
	}
}
