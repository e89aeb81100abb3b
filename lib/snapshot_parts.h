/*
 * snapshot_parts: what the reader's files share.
 *   snapshot.c        the header; a CA found by its hashes
 *   snapshot_map.c    a file mapped; snapshot_beneath.c: one that has to lie beneath a folder
 *   snapshot_ca.c     a CA's record: its signers, chain and requesters
 *   snapshot_parts.c  any record; those of keys, Redis and tables
 *   snapshot_copy.c   structures copied out of the file's octets
 */
#ifndef SNAPSHOT_PARTS_H
#define SNAPSHOT_PARTS_H

#include "snapshot.h"

/* Checks the header of s->file, which s->path names. */
/*@
  requires \valid(s) && slice_readable(s->file) && \valid(fault) && \separated(s, fault);
  assigns s->header, *fault;
  ensures \result ==> snapshot_header_sound(&s->header, s->file.len);
*/
bool snapshot_read_header(struct snapshot *s, struct snapshot_fault *fault);

/* One region's records: where they may be, and what they must be. */
struct snapshot_region {
	uint64_t from, to;
	uint32_t kind, count;
	size_t fixed_size;
};

/* The record at `offset`, its place, kind, size and CRC checked. */
/*@
  requires snapshot_sound(s) && \valid_read(region) && region->from <= region->to <= s->file.len;
  requires region->fixed_size >= sizeof(struct snapshot_record);
  requires \valid(record) && \valid(fault) && \separated(s, region, record, fault);
  assigns *record, *fault;
  ensures \result ==> region->from <= offset <= region->to && record->data == s->file.data + offset &&
    region->fixed_size <= record->len <= region->to - offset;
*/
bool snapshot_record(const struct snapshot *s, const struct snapshot_region *region, uint64_t offset,
	struct slice *record, struct snapshot_fault *fault);

/* The octets of a span of this record, empty ones where its length is 0. */
/*@
  requires slice_readable(record) && \valid(out);
  assigns *out;
  ensures slice_readable(*out);
  ensures \result ==> out->len == span.length;
  ensures \result && span.length > 0 ==> span.offset + span.length <= record.len &&
    out->data == record.data + span.offset;
*/
bool snapshot_span(struct slice record, struct snapshot_span span, struct slice *out);

/* The structures at the front of these octets, of which the caller has checked that they are there. */
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_header) - 1)); assigns *out; */
void snapshot_copy_header(struct snapshot_header *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_slot) - 1)); assigns *out; */
void snapshot_copy_slot(struct snapshot_slot *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_record) - 1)); assigns *out; */
void snapshot_copy_record(struct snapshot_record *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_ca) - 1)); assigns *out; */
void snapshot_copy_ca(struct snapshot_ca *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_signer) - 1)); assigns *out; */
void snapshot_copy_signer(struct snapshot_signer *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_cert) - 1)); assigns *out; */
void snapshot_copy_cert(struct snapshot_cert *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_requester) - 1)); assigns *out; */
void snapshot_copy_requester(struct snapshot_requester *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_key) - 1)); assigns *out; */
void snapshot_copy_key(struct snapshot_key *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_redis) - 1)); assigns *out; */
void snapshot_copy_redis(struct snapshot_redis *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_address) - 1)); assigns *out; */
void snapshot_copy_address(struct snapshot_address *out, const uint8_t *octets);
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct snapshot_table) - 1)); assigns *out; */
void snapshot_copy_table(struct snapshot_table *out, const uint8_t *octets);

#endif
