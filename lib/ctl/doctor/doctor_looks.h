/*
 * doctor_looks: what is to be right in every answer, as a table of checks; pure.
 */
#ifndef DOCTOR_LOOKS_H
#define DOCTOR_LOOKS_H

#include "doctor_answer.h"
#include "doctor_report.h"

/* An answer to look at, and what the checks need to know of it. */
struct doctor_subject {
	const struct doctor_question *q;
	const struct doctor_answer *a;
	X509 *issuer;
	X509 *signer;     /* NULL: not found */
	bool is_delegate; /* the signer is not the CA itself */
	int64_t not_before, not_after;
};

/* `a` is DOCTOR_ANSWERED. Everything is borrowed. */
void doctor_subject_make(struct doctor_subject *s, const struct doctor_question *q,
	const struct doctor_answer *a, X509 *issuer);

struct doctor_look {
	struct doctor_check check;
	bool needs_signer;
	char *(*problem)(const struct doctor_subject *s); /* NULL, or what is wrong, in new memory */
};

#define DOCTOR_LOOKS 18
extern const struct doctor_look doctor_looks[DOCTOR_LOOKS];

#endif
