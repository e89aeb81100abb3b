/*
 * table_source: what a status table is made of: one index.txt, or one CA's CRLs → rows, and the kind and times of the
 * table's header (conformance S3, S3a, S3b).
 */
#ifndef TABLE_SOURCE_H
#define TABLE_SOURCE_H

#include <openssl/x509.h>

#include "table_write.h"

/* All lines of an index. False after errors. `path` is borrowed by the rows. */
bool table_source_index(const char *path, struct table_rows *rows, struct messages *m);

/*
 * All entries of one CRL, or of the parts of a partitioned one. Each is checked against the CA first. thisUpdate is the
 * oldest part's, nextUpdate the earliest, cRLNumber the lowest (none where a part has none).
 *
 * Whether a serial that is in no part is good depends on whether all parts are there. That is known of a CRL without a
 * restricting issuingDistributionPoint, and of onlyContainsUserCerts and onlyContainsCACerts together; the number of
 * distributionPoints is written nowhere, so there it is the operator's word, `complete`. Otherwise the table is
 * TABLE_CRL_PARTIAL, with a warning. False after errors.
 */
bool table_source_crls(const char *const *paths, size_t count, bool complete, X509 *ca,
	struct table_rows *rows, struct table_header *header, struct messages *m);

#endif
