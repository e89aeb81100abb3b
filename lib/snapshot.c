#include "snapshot_parts.h"

#include "log.h"

#include <stddef.h>
#include <string.h>

#define AFTER_CRC(type) (offsetof(type, crc) + sizeof(uint32_t))

uint32_t snapshot_crc(uint64_t generation, uint64_t offset, struct slice octets)
{
	const uint64_t bound_to[] = {generation, offset};
	uint32_t crc = bytes_crc32c(0, (struct slice){(const uint8_t *)bound_to, sizeof bound_to});
	return bytes_crc32c(crc, octets);
}

/* What a header's field must satisfy. */
struct rule {
	bool holds;
	size_t field;
	const char *reason;
};
#define RULE(condition, field, reason)                                                                       \
	{                                                                                                    \
		(condition), offsetof(struct snapshot_header, field), (reason)                               \
	}

/*@
  requires \valid_read(rules + (0 .. count - 1)) && \valid(fault) && \separated(fault, rules + (0 .. count - 1));
  assigns *fault;
  ensures \result ==> \forall integer i; 0 <= i < count ==> rules[i].holds;
*/
static bool check_rules(
	const char *path, const struct rule *rules, size_t count, struct snapshot_fault *fault)
{
	/*@
	  loop invariant 0 <= i <= count && \forall integer k; 0 <= k < i ==> rules[k].holds;
	  loop assigns i;
	  loop variant count - i;
	*/
	for (size_t i = 0; i < count; i++)
		if (!rules[i].holds)
			return snapshot_refuse(fault, path, rules[i].field, rules[i].reason);
	return true;
}

/*@ requires \valid_read(h); assigns \nothing; */
static bool has_magic(const struct snapshot_header *h)
{
	return memcmp(h->magic, SNAPSHOT_MAGIC, sizeof h->magic) == 0;
}

/*@
  requires \valid_read(s) && slice_readable(s->file) && s->file.len >= sizeof(struct snapshot_header);
  requires \valid(fault) && \separated(s, fault);
  assigns *fault;
  ensures \result ==> s->header.file_size == s->file.len;
*/
static bool check_identity(const struct snapshot *s, struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	size_t covered = AFTER_CRC(struct snapshot_header);
	struct slice octets = {s->file.data + covered, sizeof *h - covered};
	const struct rule rules[] = {
		RULE(has_magic(h), magic, "header: no snapshot"),
		RULE(h->version == SNAPSHOT_VERSION, version,
			"header: of another version of ocsp-cgi and ocspctl"),
		RULE(h->crc == snapshot_crc(h->generation, 0, octets), crc,
			"header: checksum does not match"),
		RULE(h->file_size == s->file.len, file_size, "header: file size does not match; cut off?"),
	};
	return check_rules(s->path, rules, sizeof rules / sizeof rules[0], fault);
}

/*@ requires \valid_read(s) && \valid(fault) && \separated(s, fault); assigns *fault; */
static bool check_settings(const struct snapshot *s, struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	const struct rule rules[] = {
		RULE(h->nonce <= SNAPSHOT_NONCE_REQUIRE, nonce, "header: unknown nonce policy"),
		RULE(h->cache_headers <= 1, cache_headers, "header: cache_headers is neither 0 nor 1"),
		RULE(h->deadline_ms >= 1, deadline_ms, "header: deadline_ms is 0"),
		RULE(h->request_octets >= 1 && h->request_octets <= REQUEST_DER_MAX, request_octets,
			"header: limits.request_bytes out of range"),
		RULE(h->certids >= 1 && h->certids <= REQUEST_CERTIDS_MAX, certids,
			"header: limits.certids out of range"),
		RULE(h->log_format <= LOG_TEXT, log_format, "header: unknown log format"),
		RULE(h->log_level <= LOG_ERROR, log_level, "header: unknown log level"),
		RULE(h->redis_offset == 0 || h->redis_offset >= h->keys_offset, redis_offset,
			"header: the Redis record is not among the keys"),
		RULE(h->reserved == 0, reserved, "header: reserved field is not 0"),
	};
	return check_rules(s->path, rules, sizeof rules / sizeof rules[0], fault);
}

/*@
  requires \valid_read(s) && \valid(fault) && \separated(s, fault);
  assigns *fault;
  ensures \result ==> s->header.slots_offset == sizeof(struct snapshot_header) &&
    s->header.slots_offset <= s->header.tables_offset <= s->header.cas_offset <= s->header.keys_offset <=
      s->header.file_size;
*/
static bool check_order(const struct snapshot *s, struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	const struct rule rules[] = {
		RULE(h->slots_offset == sizeof *h, slots_offset, "header: slots not behind the header"),
		RULE(h->tables_offset >= h->slots_offset, tables_offset, "header: tables before the slots"),
		RULE(h->cas_offset >= h->tables_offset, cas_offset, "header: CAs before the tables"),
		RULE(h->keys_offset >= h->cas_offset, keys_offset, "header: keys before the CAs"),
		RULE(h->file_size >= h->keys_offset, keys_offset, "header: keys behind the file's end"),
		RULE(h->tables_offset % 8 == 0, tables_offset, "header: tables are not aligned"),
		RULE(h->cas_offset % 8 == 0, cas_offset, "header: CAs are not aligned"),
		RULE(h->keys_offset % SNAPSHOT_PAGE == 0, keys_offset, "header: keys share a page"),
	};
	return check_rules(s->path, rules, sizeof rules / sizeof rules[0], fault);
}

/*@ requires least_size >= 1; assigns \nothing; */
static bool has_room(uint64_t region_size, uint32_t count, size_t least_size)
{
	return region_size / least_size >= count;
}

/* After check_order(): no difference wraps. */
/*@
  requires \valid_read(s) && \valid(fault) && \separated(s, fault);
  requires s->header.slots_offset <= s->header.tables_offset <= s->header.cas_offset <= s->header.keys_offset <=
    s->header.file_size;
  assigns *fault;
  ensures \result ==> s->header.slot_count >= 1 &&
    s->header.tables_offset - s->header.slots_offset == s->header.slot_count * sizeof(struct snapshot_slot);
*/
static bool check_counts(const struct snapshot *s, struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	uint64_t slots_size = (uint64_t)h->slot_count * sizeof(struct snapshot_slot);
	uint64_t slots_used = (uint64_t)h->ca_count * CERTID_HASHES;
	uint64_t tables_size = h->cas_offset - h->tables_offset;
	uint64_t cas_size = h->keys_offset - h->cas_offset;
	uint64_t keys_size = h->file_size - h->keys_offset;
	const struct rule rules[] = {
		RULE(h->slot_count >= 1 && (h->slot_count & (h->slot_count - 1)) == 0, slot_count,
			"header: the slots' number is no power of two"),
		RULE(h->slot_count / 2 >= slots_used, slot_count, "header: fewer slots than the CAs need"),
		RULE(h->tables_offset - h->slots_offset == slots_size, tables_offset,
			"header: the slots do not fill their region"),
		RULE(has_room(tables_size, h->table_count, sizeof(struct snapshot_table)), table_count,
			"header: more tables than their region holds"),
		RULE(has_room(cas_size, h->ca_count, sizeof(struct snapshot_ca)), ca_count,
			"header: more CAs than their region holds"),
		RULE(has_room(keys_size, h->key_count, sizeof(struct snapshot_key)), key_count,
			"header: more keys than their region holds"),
	};
	return check_rules(s->path, rules, sizeof rules / sizeof rules[0], fault);
}

bool snapshot_read_header(struct snapshot *s, struct snapshot_fault *fault)
{
	if (s->file.len < sizeof s->header)
		return snapshot_refuse(fault, s->path, 0, "header: shorter than a snapshot's; cut off?");
	snapshot_copy_header(&s->header, s->file.data);
	return check_identity(s, fault) && check_settings(s, fault) && check_order(s, fault) &&
	       check_counts(s, fault);
}

bool snapshot_read(struct snapshot *s, struct slice file, struct snapshot_fault *fault)
{
	*s = (struct snapshot){.path = "(memory)", .file = file};
	return snapshot_read_header(s, fault);
}

/*@ requires count >= 1; assigns \nothing; ensures \result < count; */
static uint32_t remainder_of(uint32_t number, uint32_t count)
{
	return number % count;
}

/* Both are hashes already: adding them spreads well. The factor keeps equal ones apart. */
uint32_t snapshot_slot_start(const uint8_t *name_hash, const uint8_t *key_hash, uint32_t slot_count)
{
	uint64_t sum = bytes_le64(name_hash) + 3 * bytes_le64(key_hash);
	return remainder_of((uint32_t)(sum >> 32), slot_count);
}

/* `number` < header.slot_count: the header's check has seen that all slots are inside the file. */
/*@
  requires snapshot_sound(s) && number < s->header.slot_count;
  requires \valid(slot) && \valid(fault) && \separated(s, slot, fault);
  assigns *slot, *fault;
*/
static bool read_slot(
	const struct snapshot *s, uint32_t number, struct snapshot_slot *slot, struct snapshot_fault *fault)
{
	uint64_t offset = s->header.slots_offset + (uint64_t)number * sizeof *slot;
	size_t after_crc = AFTER_CRC(struct snapshot_slot);
	const uint8_t *octets = s->file.data + offset;
	struct slice covered = {octets + after_crc, sizeof *slot - after_crc};
	snapshot_copy_slot(slot, octets);
	if (slot->crc != snapshot_crc(s->header.generation, offset, covered))
		return snapshot_refuse(fault, s->path, offset, "slot: checksum does not match");
	return true;
}

/*@
  predicate hashes_sound(struct certid *id) = \valid_read(id) && 0 <= id->hash < CERTID_HASHES &&
    slice_readable(id->issuer_name_hash) && slice_readable(id->issuer_key_hash) &&
    20 <= id->issuer_name_hash.len <= CERTID_HASH_MAX && id->issuer_key_hash.len == id->issuer_name_hash.len;
*/
/*@
  requires \valid_read(first + (0 .. 7)) && slice_readable(hash) && hash.len >= 8;
  assigns \nothing;
*/
static bool begins_with(struct slice hash, const uint8_t *first)
{
	return bytes_equal((struct slice){hash.data, 8}, (struct slice){first, 8});
}

/*@ requires \valid_read(slot) && hashes_sound(id); assigns \nothing; */
static bool slot_matches(const struct snapshot_slot *slot, const struct certid *id)
{
	return slot->hash == (uint32_t)id->hash && begins_with(id->issuer_name_hash, slot->name_hash) &&
	       begins_with(id->issuer_key_hash, slot->key_hash);
}

/*@ requires \valid_read(ca) && hashes_sound(id); assigns \nothing; */
static bool ca_matches(const struct ca *ca, const struct certid *id)
{
	struct slice name = {ca->fixed.name_hash[id->hash], id->issuer_name_hash.len};
	struct slice key = {ca->fixed.key_hash[id->hash], id->issuer_key_hash.len};
	return bytes_equal(name, id->issuer_name_hash) && bytes_equal(key, id->issuer_key_hash);
}

/*@
  requires \valid_read(id) && slice_readable(id->issuer_name_hash) && slice_readable(id->issuer_key_hash);
  assigns \nothing;
  ensures \result ==> hashes_sound(id);
*/
static bool has_hash_lengths(const struct certid *id)
{
	static const size_t octets[CERTID_HASHES] = {20, 32, 48, CERTID_HASH_MAX};
	return (unsigned)id->hash < CERTID_HASHES && id->issuer_name_hash.len == octets[id->hash] &&
	       id->issuer_key_hash.len == octets[id->hash];
}

enum snapshot_found snapshot_find_ca(
	const struct snapshot *s, const struct certid *id, struct ca *out, struct snapshot_fault *fault)
{
	if (!has_hash_lengths(id))
		return SNAPSHOT_ABSENT;
	uint32_t count = s->header.slot_count;
	uint32_t number = snapshot_slot_start(id->issuer_name_hash.data, id->issuer_key_hash.data, count);
	/*@
	  loop invariant number < count && probes <= count;
	  loop assigns probes, number, *out, *fault;
	  loop variant count - probes;
	*/
	for (uint32_t probes = 0; probes < count; probes++, number = number + 1 < count ? number + 1 : 0) {
		struct snapshot_slot slot;
		uint64_t next;
		if (!read_slot(s, number, &slot, fault))
			return SNAPSHOT_BROKEN;
		if (slot.ca_offset == 0)
			return SNAPSHOT_ABSENT;
		if (!slot_matches(&slot, id))
			continue;
		if (!snapshot_ca_at(s, slot.ca_offset, out, &next, fault))
			return SNAPSHOT_BROKEN;
		if (ca_matches(out, id))
			return SNAPSHOT_FOUND;
	}
	snapshot_refuse(
		fault, s->path, s->header.slots_offset, "slots: none is free, so that no search ends");
	return SNAPSHOT_BROKEN;
}
