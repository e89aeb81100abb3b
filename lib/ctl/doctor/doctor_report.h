/*
 * doctor_report: what `ocspctl doctor` has found, one finding for each check, in the order in which they were made; for
 * people and as one JSON object.
 */
#ifndef DOCTOR_REPORT_H
#define DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE, /* worth knowing, or a check that could not be made: counts as passed */
	DOCTOR_WARN,
	DOCTOR_FAIL,
	DOCTOR_LEVELS
};

/* A row of a table of checks. */
struct doctor_check {
	const char *id;           /* stable, for monitoring: "get-escaped" */
	const char *what;         /* what is sent or looked at, and what is expected */
	enum doctor_level broken; /* what it is where that does not hold */
	const char *advice;       /* and what to do then; NULL: the finding says it */
};

struct doctor_finding {
	const struct doctor_check *check;
	enum doctor_level level;
	char *found, *advice; /* its own; advice may be NULL */
};

struct doctor_report {
	struct doctor_finding *findings;
	size_t count;
	unsigned levels[DOCTOR_LEVELS]; /* how many of each */
};

/* `found` is what was seen; `advice` NULL: none where the check holds, else the check's own. Both are copied, and what is
 * not printable in them becomes '?': servers have a say in them. */
void doctor_report_add(struct doctor_report *r, const struct doctor_check *check, enum doctor_level level,
	const char *found, const char *advice);

/* A line for each finding, advice below it, and a sum. */
void doctor_report_print(const struct doctor_report *r, const char *url, const char *server, FILE *to);
void doctor_report_json(const struct doctor_report *r, const char *url, const char *server, FILE *to);
void doctor_report_free(struct doctor_report *r);

#endif
