#include "status_tsv.h"

#include <string.h>

#include "ctl/iso_time.h"
#include "ctl/reason.h"

static const char *const words[] = {"good", "revoked", "unknown"};

const char *status_word(uint32_t status)
{
	return words[status];
}

void status_tsv_append(struct buffer *out, const struct status_row *row)
{
	char time[ISO_TIME_SIZE];
	serial_text_append_hex(out, &row->serial);
	bytes_append_char(out, '\t');
	serial_append_decimal(out, serial_slice(&row->serial));
	bytes_append_char(out, '\t');
	bytes_append_text(out, status_word(row->status));
	bytes_append_char(out, '\t');
	bytes_append_text(out, row->has_time ? iso_time(row->time, time) : "");
	bytes_append_char(out, '\t');
	bytes_append_text(out, row->has_reason ? reason_name(row->reason) : "");
	bytes_append_char(out, '\n');
}

/* ---- reading ---- */

enum column { HEX, DECIMAL, STATUS, TIME, REASON, COLUMNS };

static bool split(struct slice line, struct slice columns[COLUMNS])
{
	size_t column = 0, start = 0;
	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.data[i] != '\t')
			continue;
		if (column == COLUMNS)
			return false;
		columns[column++] = (struct slice){line.data + start, i - start};
		start = i + 1;
	}
	return column == COLUMNS;
}

static bool read_status(struct slice text, uint32_t *status)
{
	for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (bytes_equal(text, bytes_of(words[i]))) {
			*status = i;
			return true;
		}
	}
	return false;
}

static const char *read_serials(const struct slice columns[COLUMNS], struct serial *out)
{
	struct serial again;
	const char *problem = serial_text_read(columns[HEX], out);
	if (!problem)
		problem = serial_text_read(columns[DECIMAL], &again);
	if (problem)
		return problem;
	return bytes_equal(serial_slice(out), serial_slice(&again))
		       ? NULL
		       : "the serial's two columns are two numbers";
}

const char *status_tsv_read(struct slice line, struct status_row *row)
{
	struct slice columns[COLUMNS] = {{NULL, 0}};
	const char *problem = NULL;
	*row = (struct status_row){.line = row->line};
	if (!split(line, columns))
		return "the line has not five columns with tabs between them";
	problem = read_serials(columns, &row->serial);
	if (problem)
		return problem;
	if (!read_status(columns[STATUS], &row->status))
		return "the status is none of good, revoked, unknown";
	row->has_time = columns[TIME].len > 0;
	if (row->has_time && !iso_time_read(columns[TIME], &row->time))
		return "the revocation time is none (2026-01-31T23:59:59Z)";
	row->has_reason = columns[REASON].len > 0;
	if (row->has_reason && !reason_read(columns[REASON], &row->reason))
		return "the revocation reason is none of RFC 5280 5.3.1";
	if (row->status == CERT_STATUS_REVOKED && !reason_is_of_revoked(row->reason))
		return "the revocation reason is none of a revoked certificate";
	return NULL;
}
