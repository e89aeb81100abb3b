/*
 * snapshot_kind: whether a file is a snapshot at all. Asked before its owner and mode are judged, so that nobody is told to
 * change the mode of what is a table, or something else.
 */
#ifndef SNAPSHOT_KIND_H
#define SNAPSHOT_KIND_H

#include "snapshot.h"

/* NULL where it begins as a snapshot does, or cannot be read, which snapshot_open() says better; else what it is. */
const char *snapshot_kind_objection(const char *path);

/* snapshot_open() for an operator's eyes: what it is comes first, and who may not read it learns that as ocspctl's user. */
bool snapshot_kind_open(struct snapshot *s, const char *path, struct snapshot_fault *fault);

#endif
