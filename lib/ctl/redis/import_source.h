/*
 * import_source: what `ocspctl import` reads: an OpenSSL index.txt, a CA's CRL, or what `ocspctl export` wrote. Read twice:
 * once to find every error before anything is written, once to write.
 */
#ifndef IMPORT_SOURCE_H
#define IMPORT_SOURCE_H

#include <openssl/x509.h>

#include "ctl/table/crl.h"
#include "ctl/table/index.h"
#include "status_tsv.h"

enum import_kind { IMPORT_INDEX, IMPORT_CRL, IMPORT_TSV };

struct import_source {
	enum import_kind kind;
	struct place at; /* the line, or the entry, that was read last */
	struct index index;
	struct crl crl;
	struct slice cursor; /* in the CRL's entries */
	FILE *tsv;
	char *line;
	size_t line_size;
};

/* Opens it; a CRL is verified against `ca` (of the others NULL will do). False after an error. import_source_close() in any
 * case. */
bool import_source_open(
	struct import_source *s, enum import_kind kind, const char *path, X509 *ca, struct messages *m);
void import_source_close(struct import_source *s);

enum import_step { IMPORT_ROW, IMPORT_END, IMPORT_REFUSED, IMPORT_FAILED };

/* The next row. IMPORT_REFUSED after an error: the next can still be asked for. IMPORT_FAILED: none can. */
enum import_step import_source_next(struct import_source *s, struct status_row *row, struct messages *m);

/* Reads all of it, says what is wrong, counts the rows, and goes back to the beginning. `once`: a serial that stands there
 * twice, and differs, is wrong. False after errors. */
bool import_source_check(struct import_source *s, bool once, uint64_t *rows, struct messages *m);

#endif
