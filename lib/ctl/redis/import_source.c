#include "import_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/progress.h"
#include "ctl/table/table_write.h"

#define ERRORS_MAX    20 /* a file that is none of these would fill the screen */
#define PROGRESS_STEP (1u << 17)

/* ---- opening ---- */

static bool go_to_beginning(struct import_source *s, struct messages *m)
{
	FILE *file = s->kind == IMPORT_INDEX ? s->index.file : s->tsv;
	s->at.line = 0;
	s->index.at.line = 0;
	s->cursor = s->crl.revoked;
	if (s->kind == IMPORT_CRL || fseek(file, 0, SEEK_SET) == 0)
		return true;
	message_error(m, s->at,
		"cannot be read twice (%s): once to check it, once to write; give a regular file",
		strerror(errno));
	return false;
}

static bool open_tsv(struct import_source *s, struct messages *m)
{
	s->tsv = fopen(s->at.file, "re");
	if (!s->tsv)
		message_error(
			m, s->at, "cannot open it: %s; check the path and its permissions", strerror(errno));
	return s->tsv != NULL;
}

bool import_source_open(
	struct import_source *s, enum import_kind kind, const char *path, X509 *ca, struct messages *m)
{
	bool opened = false;
	*s = (struct import_source){.kind = kind, .at = {path, 0, 0}};
	if (kind == IMPORT_INDEX)
		opened = index_open(&s->index, path, m);
	else if (kind == IMPORT_TSV)
		opened = open_tsv(s, m);
	else
		opened = crl_open(&s->crl, path, m) && crl_verify(&s->crl, ca, m);
	return opened && go_to_beginning(s, m);
}

void import_source_close(struct import_source *s)
{
	index_close(&s->index);
	crl_close(&s->crl);
	if (s->tsv)
		fclose(s->tsv);
	free(s->line);
	*s = (struct import_source){0};
}

/* ---- rows ---- */

static enum import_step set_serial(
	struct import_source *s, struct slice magnitude, struct status_row *row, struct messages *m)
{
	if (serial_from_magnitude(magnitude, &row->serial))
		return IMPORT_ROW;
	message_error(
		m, s->at, "the serial is longer than 64 octets; such a certificate cannot be asked for");
	return IMPORT_REFUSED;
}

/* As r509-validity-redis writes it: a revoked one has a time and a reason, which is unspecified where none is given. */
static void set_status(struct status_row *row, enum cert_status status, int64_t time, int reason)
{
	const bool revoked = status == CERT_STATUS_REVOKED;
	row->status = (uint32_t)status;
	row->has_time = revoked;
	row->has_reason = revoked;
	row->time = revoked ? time : 0;
	row->reason = revoked && reason != CRL_REASON_NONE ? reason : CRL_REASON_UNSPECIFIED;
}

static enum import_step next_of_index(struct import_source *s, struct status_row *row, struct messages *m)
{
	struct index_entry entry;
	const enum index_step step = index_next(&s->index, &entry, m);
	s->at = s->index.at;
	if (step == INDEX_END)
		return IMPORT_END;
	if (step != INDEX_ENTRY)
		return step == INDEX_REFUSED ? IMPORT_REFUSED : IMPORT_FAILED;
	set_status(row, entry.status, entry.revocation_time, entry.reason);
	return set_serial(s, entry.serial, row, m);
}

static enum import_step next_of_crl(struct import_source *s, struct status_row *row, struct messages *m)
{
	struct crl_entry entry;
	const enum crl_step step = crl_next(&s->crl, &s->cursor, &entry, m);
	s->at.line++;
	if (step != CRL_ENTRY)
		return step == CRL_END ? IMPORT_END : IMPORT_FAILED;
	if (entry.revocation_date < 0) {
		message_error(m, s->at, "revocationDate lies before 1970; ask the CA for a corrected CRL");
		return IMPORT_REFUSED;
	}
	set_status(row, CERT_STATUS_REVOKED, entry.revocation_date, entry.reason);
	return set_serial(s, entry.serial_number, row, m);
}

static bool is_header(struct slice line)
{
	return bytes_equal(line, SLICE(STATUS_TSV_HEADER));
}

static enum import_step next_of_tsv(struct import_source *s, struct status_row *row, struct messages *m)
{
	const char *problem = NULL;
	errno = 0;
	ssize_t len = getline(&s->line, &s->line_size, s->tsv);
	s->at.line++;
	if (len < 0 && !ferror(s->tsv) && s->at.line > 1)
		return IMPORT_END;
	if (len < 0 && ferror(s->tsv)) {
		message_error(m, s->at, "cannot be read: %s; check the file and its disk", strerror(errno));
		return IMPORT_FAILED;
	}
	len = len < 0 ? 0 : len;
	if (len > 0 && s->line[len - 1] == '\n')
		len--;
	const struct slice line = {(const uint8_t *)s->line, (size_t)len};
	if (s->at.line == 1) {
		if (is_header(line))
			return next_of_tsv(s, row, m);
		message_error(m, s->at, "not the first line that ocspctl export writes; is it its file?");
		return IMPORT_FAILED;
	}
	problem = status_tsv_read(line, row);
	if (!problem)
		return IMPORT_ROW;
	message_error(m, s->at, "%s; correct the line", problem);
	return IMPORT_REFUSED;
}

enum import_step import_source_next(struct import_source *s, struct status_row *row, struct messages *m)
{
	static enum import_step (*const next[])(
		struct import_source *, struct status_row *, struct messages *) = {
		[IMPORT_INDEX] = next_of_index, [IMPORT_CRL] = next_of_crl, [IMPORT_TSV] = next_of_tsv};
	*row = (struct status_row){0};
	const enum import_step step = next[s->kind](s, row, m);
	row->line = s->at.line;
	return step;
}

/* As ocspctl table does: what stands twice and differs is an error with both places. */
static void check_contradictions(struct table_rows *rows, const struct import_source *s, struct messages *m)
{
	size_t size = 0;
	struct table_header header = {.kind = s->kind == IMPORT_CRL ? TABLE_CRL : TABLE_INDEX};
	uint8_t *table = rows->count > 0 ? table_build(rows, &header, &size, m) : NULL;
	free(table);
	table_rows_free(rows);
}

static void note(struct table_rows *rows, const struct import_source *s, const struct status_row *row,
	struct messages *m)
{
	const struct table_entry entry = {(enum cert_status)row->status, row->time, row->reason};
	(void)table_rows_add(rows, serial_slice(&row->serial), &entry, s->at, m);
}

bool import_source_check(struct import_source *s, bool once, uint64_t *rows, struct messages *m)
{
	struct table_rows all = {0};
	struct status_row row;
	const unsigned errors_before = m->errors;
	enum import_step step = IMPORT_ROW;
	*rows = 0;
	while (step == IMPORT_ROW || step == IMPORT_REFUSED) {
		step = import_source_next(s, &row, m);
		if (step == IMPORT_ROW && ++*rows % PROGRESS_STEP == 0)
			progress_show("checked", *rows, 0);
		if (step == IMPORT_ROW && once)
			note(&all, s, &row, m);
		if (m->errors - errors_before >= ERRORS_MAX) {
			message_error(m, s->at, "too many errors; is it the right kind of file?");
			step = IMPORT_FAILED;
		}
	}
	progress_clear();
	check_contradictions(&all, s, m);
	return m->errors == errors_before && go_to_beginning(s, m);
}
