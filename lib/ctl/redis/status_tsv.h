/*
 * status_tsv: what `ocspctl export` writes and `ocspctl import --tsv` reads: a header line, then a line for each serial:
 * serial (0x hexadecimal), serial (decimal), status (good, revoked, unknown), revocation time (2026-01-31T23:59:59Z) and
 * reason (RFC 5280's name), tabs between them. A time or reason that a record does not have is an empty column; that of a
 * record that was unrevoked stands in it still, so that reading back makes the same Redis.
 */
#ifndef STATUS_TSV_H
#define STATUS_TSV_H

#include "ctl/serial_text.h"

#define STATUS_TSV_HEADER "serial_hex\tserial_decimal\tstatus\trevocation_time\trevocation_reason"

/* One serial's status, from whatever source. */
struct status_row {
	struct serial serial;
	uint32_t status; /* enum cert_status */
	bool has_time, has_reason;
	int64_t time;  /* 0 where there is none */
	int reason;    /* 0 where there is none */
	unsigned line; /* of its file, or the number of a CRL's entry; from 1 */
};

/* "good", "revoked" or "unknown", static; `status` is one of enum cert_status. */
const char *status_word(uint32_t status);

/* Appends the row's line, at most STATUS_TSV_LINE_MAX octets. */
#define STATUS_TSV_LINE_MAX 512
void status_tsv_append(struct buffer *out, const struct status_row *row);

/* A line without its end; row->line is not touched. NULL, or what is wrong with it. */
const char *status_tsv_read(struct slice line, struct status_row *row);

#endif
