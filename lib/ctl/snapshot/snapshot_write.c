#include "snapshot_write.h"

#include "ctl/memory.h"
#include "snapshot_plan.h"
#include "snapshot_records.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

/* The first free slot from its start on: half of them stay free. */
static void write_slot(
	uint8_t *slots, uint32_t slot_count, const struct write_ca *ca, size_t hash, uint64_t ca_offset)
{
	const uint8_t *name = ca->name_hash[hash].data, *key = ca->key_hash[hash].data;
	struct snapshot_slot slot, other;
	uint32_t number = snapshot_slot_start(name, key, slot_count);
	memcpy(&other, slots + number * sizeof other, sizeof other);
	while (other.ca_offset != 0) {
		number = (number + 1) & (slot_count - 1);
		memcpy(&other, slots + number * sizeof other, sizeof other);
	}
	slot = (struct snapshot_slot){.hash = (uint32_t)hash, .ca_offset = ca_offset};
	memcpy(slot.name_hash, name, sizeof slot.name_hash);
	memcpy(slot.key_hash, key, sizeof slot.key_hash);
	memcpy(slots + number * sizeof slot, &slot, sizeof slot);
}

static void write_slots(uint8_t *file, const struct plan *plan)
{
	const uint64_t offset = sizeof(struct snapshot_header);
	for (size_t i = 0; i < plan->ca_count; i++)
		for (size_t hash = 0; hash < CERTID_HASHES; hash++)
			write_slot(file + offset, plan->slot_count, &plan->cas[i], hash, plan->ca_offsets[i]);
}

static void write_header(uint8_t *file, const struct plan *plan, const struct write_settings *settings)
{
	struct snapshot_header h = {
		.version = SNAPSHOT_VERSION,
		.file_size = plan->size,
		.slots_offset = sizeof h,
		.tables_offset = plan->tables_offset,
		.cas_offset = plan->cas_offset,
		.keys_offset = plan->keys_offset,
		.redis_offset = plan->redis_offset,
		.slot_count = plan->slot_count,
		.table_count = (uint32_t)plan->table_count,
		.ca_count = (uint32_t)plan->ca_count,
		.key_count = (uint32_t)plan->key_count,
		.nonce = (uint32_t)settings->nonce,
		.cache_headers = settings->cache_headers ? 1 : 0,
		.max_cache_age = settings->max_cache_age,
		.cache_window = settings->cache_window,
		.deadline_ms = settings->deadline_ms,
		.request_octets = settings->request_octets,
		.certids = settings->certids,
		.log_format = (uint32_t)settings->log_format,
		.log_level = (uint32_t)settings->log_level,
	};
	memcpy(h.magic, SNAPSHOT_MAGIC, sizeof h.magic);
	memcpy(file, &h, sizeof h);
}

/* ---- checksums ---- */

/* The CRC of what begins at `offset`, ends at `end`, and has its crc field at `crc_at`. */
static void seal(uint8_t *file, uint64_t generation, uint64_t offset, size_t crc_at, uint64_t end)
{
	uint32_t crc = 0;
	const uint64_t after = offset + crc_at + sizeof crc;
	crc = snapshot_crc(generation, offset, (struct slice){file + after, (size_t)(end - after)});
	memcpy(file + offset + crc_at, &crc, sizeof crc);
}

static void seal_records(uint8_t *file, uint64_t generation, uint64_t offset, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t end = offset + bytes_le32(file + offset + offsetof(struct snapshot_record, size));
		seal(file, generation, offset, offsetof(struct snapshot_record, crc), end);
		offset = end;
	}
}

/* Everything is written but the checksums and what they are bound to. */
static bool seal_all(uint8_t *file, const struct plan *plan)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	if (!SHA256(file, (size_t)plan->size, digest))
		return false;
	const uint64_t generation = bytes_le64(digest);
	memcpy(file + offsetof(struct snapshot_header, generation), &generation, sizeof generation);
	for (uint64_t at = sizeof(struct snapshot_header), end; at < plan->tables_offset; at = end) {
		end = at + sizeof(struct snapshot_slot);
		seal(file, generation, at, offsetof(struct snapshot_slot, crc), end);
	}
	seal_records(file, generation, plan->tables_offset, plan->table_count);
	seal_records(file, generation, plan->cas_offset, plan->ca_count);
	seal_records(file, generation, plan->keys_offset, plan->key_count + (plan->redis ? 1 : 0));
	seal(file, generation, 0, offsetof(struct snapshot_header, crc), sizeof(struct snapshot_header));
	return true;
}

/* ---- reading back ---- */

static bool ca_reads_back(const struct snapshot *s, const struct ca *ca, struct snapshot_fault *fault)
{
	struct signer signer;
	struct chain_cert cert;
	struct requester requester;
	struct sign_key key;
	struct table_place table;
	uint64_t next;
	for (size_t i = 0; i < ca->signer_count; i++)
		if (!snapshot_signer(s, ca, i, &signer, fault) || !snapshot_key(s, &signer, &key, fault))
			return false;
	for (size_t i = 0; i < ca->chain_count; i++)
		if (!snapshot_chain_cert(s, ca, i, &cert, fault))
			return false;
	for (size_t i = 0; i < ca->requester_count; i++)
		if (!snapshot_requester(s, ca, i, &requester, fault))
			return false;
	return ca->fixed.status != SNAPSHOT_STATUS_TABLE ||
	       snapshot_table_at(s, ca->fixed.table_offset, &table, &next, fault);
}

static bool ca_is_found(const struct snapshot *s, const struct write_ca *from, uint64_t offset)
{
	struct snapshot_fault fault;
	struct ca found;
	for (size_t hash = 0; hash < CERTID_HASHES; hash++) {
		const struct certid id = {
			.hash = (enum certid_hash)hash,
			.issuer_name_hash = from->name_hash[hash],
			.issuer_key_hash = from->key_hash[hash],
		};
		if (snapshot_find_ca(s, &id, &found, &fault) != SNAPSHOT_FOUND ||
			found.record.data != s->file.data + offset)
			return false;
	}
	return true;
}

/* What the responder would refuse, or never find, is not written: its own reader says so here. */
static const char *read_back(const uint8_t *file, const struct plan *plan)
{
	struct snapshot s;
	struct snapshot_fault fault;
	struct redis_settings redis;
	struct ca ca;
	if (!snapshot_read(&s, (struct slice){file, (size_t)plan->size}, &fault))
		return fault.reason;
	if (plan->redis && !snapshot_redis(&s, &redis, &fault))
		return fault.reason;
	for (size_t i = 0; i < plan->ca_count; i++) {
		uint64_t next;
		if (!snapshot_ca_at(&s, plan->ca_offsets[i], &ca, &next, &fault) ||
			!ca_reads_back(&s, &ca, &fault))
			return fault.reason;
		if (!ca_is_found(&s, &plan->cas[i], plan->ca_offsets[i]))
			return "two CAs have the same name and key; leave one of them out";
	}
	return NULL;
}

static void write_file(uint8_t *file, const struct plan *plan, const struct write_settings *settings)
{
	size_t key_number = 0;
	write_header(file, plan, settings);
	if (plan->redis)
		record_redis(file, plan->redis_offset, plan->redis);
	write_slots(file, plan);
	for (size_t i = 0; i < plan->table_count; i++)
		record_table(file, &plan->tables[i], i);
	for (size_t i = 0; i < plan->ca_count; i++) {
		const struct write_ca *ca = &plan->cas[i];
		record_ca(file, plan, i, plan->key_offsets + key_number);
		for (size_t j = 0; j < ca->signer_count; j++, key_number++)
			record_key(file, plan->key_offsets[key_number], &ca->signers[j].key, key_number);
	}
}

uint8_t *snapshot_write(const struct write_settings *settings, const struct write_ca *cas, size_t ca_count,
	size_t *size, const char **why)
{
	struct plan plan;
	uint8_t *file = NULL;
	*why = plan_make(&plan, cas, ca_count, settings->redis);
	if (*why)
		goto out;
	file = memory_zeroed((size_t)plan.size, 1);
	write_file(file, &plan, settings);
	*size = (size_t)plan.size;
	*why = seal_all(file, &plan) ? read_back(file, &plan) : "libcrypto has no SHA-256";
	if (*why) {
		memory_wipe(file, *size);
		free(file);
		file = NULL;
	}
out:
	plan_free(&plan);
	return file;
}
