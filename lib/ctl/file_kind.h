/*
 * file_kind: what a file is, by its content; and that ocspctl does not put what it makes in the place of what is recognisably
 * something else.
 */
#ifndef FILE_KIND_H
#define FILE_KIND_H

#include "ctl/message.h"

enum file_kind {
	FILE_KIND_NONE,     /* not there, empty, no regular file, or nobody may read it */
	FILE_KIND_SNAPSHOT, /* by its magic, whole or not */
	FILE_KIND_TABLE,    /* likewise */
	FILE_KIND_PEM,      /* "-----BEGIN " stands in its first 64 KiB */
	FILE_KIND_DER,      /* one SEQUENCE from the first octet to the last: a certificate, a CRL, a key */
	FILE_KIND_OTHER,
};

enum file_kind file_kind(const char *path); /* follows no symbolic link */

/* False after an error: it is a snapshot, a table, PEM or DER, and not `own`, which the caller makes. */
bool file_kind_replaceable(const char *path, enum file_kind own, struct messages *m);

#endif
