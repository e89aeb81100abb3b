/*
 * export_rows: all of a CA's records in Redis, decoded, each once, in the order of their serials: SCAN gives them in none,
 * and some twice. A million records of 20 octets need about 60 MB.
 */
#ifndef EXPORT_ROWS_H
#define EXPORT_ROWS_H

#include "redis_ca.h"
#include "status_tsv.h"

struct export_row;

struct export_rows {
	struct export_row *rows;
	size_t count, size;
	uint8_t *octets; /* the serials' */
	size_t octets_len, octets_size;
	uint64_t unreadable; /* records and keys that were left out: said, the first of them */
};

/* Reads them all. False after an error that leaves it incomplete. export_rows_free() in any case; *r starts as {0}. */
bool export_rows_read(struct export_rows *r, struct redis_ca *ca, struct messages *m);
void export_rows_free(struct export_rows *r);

/* i < count. */
void export_rows_get(const struct export_rows *r, size_t i, struct status_row *out);

#endif
