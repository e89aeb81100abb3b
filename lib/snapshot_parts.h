/*
 * snapshot_parts: what the reader's files share.
 *   snapshot.c        the header; a CA found by its hashes
 *   snapshot_map.c    a file mapped
 *   snapshot_ca.c     a CA's record: its signers, chain and requesters
 *   snapshot_parts.c  any record; those of keys, Redis and tables
 */
#ifndef SNAPSHOT_PARTS_H
#define SNAPSHOT_PARTS_H

#include "snapshot.h"

/* One region's records: where they may be, and what they must be. */
struct snapshot_region {
	uint64_t from, to;
	uint32_t kind, count;
	size_t fixed_size;
};

/* The record at `offset`, its place, kind, size and CRC checked. */
bool snapshot_record(const struct snapshot *s, const struct snapshot_region *region, uint64_t offset,
	struct slice *record, struct snapshot_fault *fault);

/* The octets of a span of this record, empty ones where its length is 0. */
bool snapshot_span(struct slice record, struct snapshot_span span, struct slice *out);

#endif
