/*
 * table_write: statuses of serials, in any order → the octets of a NAME.table (format: lib/status_table.h). 10 million
 * serials of 16 octets need about 700 MB and a few seconds: one array of rows, a counting sort into buckets.
 */
#ifndef TABLE_WRITE_H
#define TABLE_WRITE_H

#include "status_table.h"
#include "ctl/message.h"

/* The rows as they come. Starts as {0}; table_rows_free() it. */
struct table_rows {
	uint8_t *octets; /* packed: see table_write.c */
	size_t len, size;
	uint64_t count;
	uint32_t serial_size; /* octets of the longest serial so far */
	const char **files;   /* that the rows' places are in */
	size_t file_count;
	struct table_part *parts; /* of CRLs; new memory */
	size_t part_count;
};

/*
 * Adds one: `serial` is a non-negative integer, big-endian, of any width. place.file is borrowed until table_rows_free(),
 * place.line is the line of an index.txt or the number of an entry in a CRL, from 1. False after an error: a serial
 * longer than CERTID_SERIAL_MAX, too many rows.
 */
bool table_rows_add(struct table_rows *rows, struct slice serial, const struct table_entry *entry,
	struct place place, struct messages *m);
void table_rows_free(struct table_rows *rows);

/*
 * The whole file in one allocation that the caller frees, *size its octets. Of `header` the caller has set kind, times,
 * hashes and CRL number; the rest is filled in. Equal rows become one, with a notice; rows that contradict each other are
 * errors that name both places, and the result is NULL. The rows are used up.
 */
uint8_t *table_build(struct table_rows *rows, struct table_header *header, size_t *size, struct messages *m);

#endif
