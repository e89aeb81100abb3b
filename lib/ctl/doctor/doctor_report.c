#include "doctor_report.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"

static char *printable(const char *text)
{
	char *copy = memory_text(text);
	for (char *p = copy; p && *p; p++)
		if (*p < 0x20 || *p > 0x7E)
			*p = '?';
	return copy;
}

void doctor_report_add(struct doctor_report *r, const struct doctor_check *check, enum doctor_level level,
	const char *found, const char *advice)
{
	struct doctor_finding *finding = NULL;
	if (!advice && level > DOCTOR_NOTE)
		advice = check->advice;
	r->findings = memory_resized(r->findings, r->count + 1, sizeof *r->findings);
	finding = &r->findings[r->count++];
	*finding = (struct doctor_finding){check, level, printable(found), printable(advice)};
	r->levels[level]++;
}

void doctor_report_free(struct doctor_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->findings[i].found);
		free(r->findings[i].advice);
	}
	free(r->findings);
	*r = (struct doctor_report){0};
}

/* ---- for people ---- */

/* The finding above that gave the same advice, or NULL. */
static const struct doctor_finding *same_advice(const struct doctor_report *r, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (r->findings[j].advice && strcmp(r->findings[j].advice, r->findings[i].advice) == 0)
			return &r->findings[j];
	return NULL;
}

void doctor_report_print(const struct doctor_report *r, const char *url, const char *server, FILE *to)
{
	static const char *const words[DOCTOR_LEVELS] = {"ok", "note", "WARN", "FAIL"};
	fprintf(to, "%s  (Server: %s)\n", url, server[0] ? server : "not said");
	for (size_t i = 0; i < r->count; i++) {
		const struct doctor_finding *f = &r->findings[i];
		const struct doctor_finding *above = f->advice ? same_advice(r, i) : NULL;
		fprintf(to, "%-4s  %-20s  %s: %s\n", words[f->level], f->check->id, f->check->what, f->found);
		if (above)
			fprintf(to, "      -> as for %s\n", above->check->id);
		else if (f->advice)
			fprintf(to, "      -> %s\n", f->advice);
	}
	fprintf(to, "%u passed, %u warnings, %u failures\n", r->levels[DOCTOR_OK] + r->levels[DOCTOR_NOTE],
		r->levels[DOCTOR_WARN], r->levels[DOCTOR_FAIL]);
}

/* ---- for programs ---- */

static void json_string(const char *text, FILE *to)
{
	fputc('"', to);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(to, "\\%c", *p);
		else if (*p < 0x20 || *p > 0x7E)
			fprintf(to, "\\u%04x", *p);
		else
			fputc(*p, to);
	}
	fputc('"', to);
}

static void json_member(const char *name, const char *text, FILE *to)
{
	fprintf(to, "\"%s\":", name);
	if (text)
		json_string(text, to);
	else
		fputs("null", to);
}

static void json_finding(const struct doctor_finding *f, FILE *to)
{
	static const char *const words[DOCTOR_LEVELS] = {"ok", "note", "warning", "failure"};
	fputc('{', to);
	json_member("id", f->check->id, to);
	fputc(',', to);
	json_member("result", words[f->level], to);
	fputc(',', to);
	json_member("what", f->check->what, to);
	fputc(',', to);
	json_member("found", f->found, to);
	fputc(',', to);
	json_member("advice", f->advice, to);
	fputc('}', to);
}

void doctor_report_json(const struct doctor_report *r, const char *url, const char *server, FILE *to)
{
	fputc('{', to);
	json_member("url", url, to);
	fputc(',', to);
	json_member("server", server[0] ? server : NULL, to);
	fprintf(to, ",\"passed\":%u,\"notes\":%u,\"warnings\":%u,\"failures\":%u,\"checks\":[",
		r->levels[DOCTOR_OK], r->levels[DOCTOR_NOTE], r->levels[DOCTOR_WARN], r->levels[DOCTOR_FAIL]);
	for (size_t i = 0; i < r->count; i++) {
		if (i > 0)
			fputc(',', to);
		json_finding(&r->findings[i], to);
	}
	fputs("]}\n", to);
}
