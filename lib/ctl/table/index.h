/*
 * index: the index.txt of OpenSSL's `ca`, line by line. A line has six fields, tabs between them: status (V, E or R),
 * expiry date, revocation date[,reason[,extra]], serial in hexadecimal, file name, subject. Lines beginning with # are
 * comments. Strict: a line that is not understood is an error with its number, never skipped.
 */
#ifndef INDEX_H
#define INDEX_H

#include <stdio.h>

#include "ocsp.h"
#include "ctl/message.h"

struct index {
	FILE *file;
	char *line; /* getline()'s */
	size_t line_size;
	struct place at; /* the line that was read last */
	uint8_t serial[CERTID_SERIAL_MAX];
};

/* False after an error. index_close() in any case. */
bool index_open(struct index *x, const char *path, struct messages *m);
void index_close(struct index *x);

/* V and E are good, R is revoked (conformance S3b). */
struct index_entry {
	enum cert_status status;
	int64_t revocation_time; /* Unix seconds, when revoked */
	int reason;              /* enum crl_reason */
	struct slice serial; /* big-endian, not negative, without leading zeros; valid until the next line */
};

enum index_step { INDEX_ENTRY, INDEX_END, INDEX_REFUSED, INDEX_FAILED };

/*
 * The next line. INDEX_REFUSED after an error: the line counts for nothing, the one behind it can still be asked for.
 * INDEX_FAILED after an error that ends it: the file cannot be read on.
 */
enum index_step index_next(struct index *x, struct index_entry *out, struct messages *m);

#endif
