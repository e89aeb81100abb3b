/*
 * table_replace: whether a new table may take the place of the one that is there (conformance S3a: no rollback).
 */
#ifndef TABLE_REPLACE_H
#define TABLE_REPLACE_H

#include "../status_table.h"
#include "message.h"

/*
 * False after an error: the file at `path` is another CA's table, one of another kind of source, or one with a higher
 * cRLNumber or later thisUpdate, or, of an index, with more than twice the entries; or it is no table at all. With `force` these are warnings. A broken table, or one that
 * cannot be compared, is replaced with a warning.
 */
bool table_replace_allowed(
	const char *path, const struct table_header *fresh, bool force, struct messages *m);

#endif
