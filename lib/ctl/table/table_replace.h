/*
 * table_replace: whether a new table may take the place of the one that is there (conformance S3a: no rollback).
 */
#ifndef TABLE_REPLACE_H
#define TABLE_REPLACE_H

#include "status_table.h"
#include "ctl/message.h"

/*
 * False after an error: the file at `path` is another CA's table, one of another kind of source, or one with a higher
 * cRLNumber or later thisUpdate, as a whole or of one of its parts; or it has entries, and the new one is of an
 * index without any, or it is an index's with 1,000 entries or more and more than twice the new one's; or it is no table at
 * all, or cannot be read. With `force` these are warnings. A table that is broken
 * or empty is replaced with a warning. `file`: the new table's octets.
 */
bool table_replace_allowed(const char *path, struct slice file, bool force, struct messages *m);

#endif
