#include "snapshot_write.h"

#include "memory.h"
#include "snapshot_plan.h"

#include <stdlib.h>
#include <string.h>

/* A record in the making, in the zeroed file: `used` octets of it are taken. */
struct draft {
	uint8_t *octets;
	size_t used;
};

static struct snapshot_span put(struct draft *draft, struct slice octets)
{
	if (octets.len == 0)
		return (struct snapshot_span){0, 0};
	struct snapshot_span span = {(uint32_t)draft->used, (uint32_t)octets.len};
	memcpy(draft->octets + draft->used, octets.data, octets.len);
	draft->used += octets.len;
	return span;
}

/* Room for an array of `count` structs. */
static struct snapshot_span reserve(struct draft *draft, size_t count, size_t size)
{
	if (count == 0)
		return (struct snapshot_span){0, 0};
	struct snapshot_span span = {(uint32_t)draft->used, (uint32_t)(count * size)};
	draft->used += count * size;
	return span;
}

static struct snapshot_record head(uint64_t size, enum snapshot_kind kind, size_t number)
{
	return (struct snapshot_record){0, (uint32_t)size, (uint32_t)kind, (uint32_t)number};
}

/* Slots and records begin with their CRC. */
static void seal(uint8_t *file, uint64_t offset, uint64_t size)
{
	uint8_t *octets = file + offset;
	uint32_t crc;
	crc = snapshot_crc(offset, (struct slice){octets + sizeof crc, (size_t)size - sizeof crc});
	memcpy(octets, &crc, sizeof crc);
}

static void write_table(uint8_t *file, const struct planned_table *table, size_t number)
{
	struct draft draft = {file + table->offset, sizeof(struct snapshot_table)};
	uint64_t size = plan_table_size(table->path);
	const struct snapshot_table fixed = {
		.record = head(size, SNAPSHOT_TABLE, number),
		.path = put(&draft, bytes_of(table->path)),
		.folder_length = (uint32_t)table->folder_length,
		.folder_number = table->folder_number,
	};
	memcpy(draft.octets, &fixed, sizeof fixed);
	seal(file, table->offset, size);
}

static void write_key(uint8_t *file, uint64_t offset, const struct sign_key *key, size_t number)
{
	struct draft draft = {file + offset, sizeof(struct snapshot_key)};
	uint64_t size = plan_key_size(key);
	struct snapshot_key fixed = {
		.record = head(size, SNAPSHOT_KEY, number),
		.algorithm = (uint32_t)key->algorithm,
		.part_count = (uint32_t)key->part_count,
	};
	for (size_t i = 0; i < key->part_count; i++)
		fixed.parts[i] = put(&draft, key->part[i]);
	memcpy(draft.octets, &fixed, sizeof fixed);
	seal(file, offset, size);
}

static struct snapshot_span put_addresses(struct draft *draft, const struct redis_settings *redis)
{
	struct snapshot_span array = reserve(draft, redis->address_count, sizeof(struct snapshot_address));
	for (size_t i = 0; i < redis->address_count; i++) {
		const struct redis_address *from = &redis->addresses[i];
		struct snapshot_address address = {
			.family = (uint32_t)from->family,
			.port = from->port,
			.scope = from->scope,
			.path = put(draft, from->path),
		};
		memcpy(address.ip, from->ip, sizeof address.ip);
		memcpy(draft->octets + array.offset + i * sizeof address, &address, sizeof address);
	}
	return array;
}

static void write_redis(uint8_t *file, uint64_t offset, const struct redis_settings *redis)
{
	struct draft draft = {file + offset, sizeof(struct snapshot_redis)};
	uint64_t size = plan_redis_size(redis);
	struct snapshot_redis fixed = {
		.record = head(size, SNAPSHOT_REDIS, 0),
		.database = redis->database,
		.timeout_ms = redis->timeout_ms,
		.cluster = redis->cluster ? 1 : 0,
	};
	fixed.addresses = put_addresses(&draft, redis);
	fixed.username = put(&draft, redis->username);
	fixed.password = put(&draft, redis->password);
	memcpy(draft.octets, &fixed, sizeof fixed);
	seal(file, offset, size);
}

static struct snapshot_cert put_cert(struct draft *draft, const struct write_cert *cert)
{
	return (struct snapshot_cert){put(draft, cert->der), cert->not_before, cert->not_after};
}

static struct snapshot_span put_signers(
	struct draft *draft, const struct write_ca *ca, const uint64_t *key_offsets)
{
	struct snapshot_span array = reserve(draft, ca->signer_count, sizeof(struct snapshot_signer));
	for (size_t i = 0; i < ca->signer_count; i++) {
		const struct write_signer *from = &ca->signers[i];
		const struct snapshot_signer signer = {
			.algorithm = (uint32_t)from->key.algorithm,
			.include_certificate = from->include_certificate ? 1 : 0,
			.key_offset = key_offsets[i],
			.responder_id = put(draft, from->responder_id),
			.certificate = put_cert(draft, &from->certificate),
		};
		memcpy(draft->octets + array.offset + i * sizeof signer, &signer, sizeof signer);
	}
	return array;
}

static struct snapshot_span put_chain(struct draft *draft, const struct write_ca *ca)
{
	struct snapshot_span array = reserve(draft, ca->chain_count, sizeof(struct snapshot_cert));
	for (size_t i = 0; i < ca->chain_count; i++) {
		const struct snapshot_cert cert = put_cert(draft, &ca->chain[i]);
		memcpy(draft->octets + array.offset + i * sizeof cert, &cert, sizeof cert);
	}
	return array;
}

static void write_ca(uint8_t *file, const struct plan *plan, size_t number, const uint64_t *key_offsets)
{
	const struct write_ca *ca = &plan->cas[number];
	struct draft draft = {file + plan->ca_offsets[number], sizeof(struct snapshot_ca)};
	uint64_t size = plan_ca_size(ca);
	bool has_table = ca->status == SNAPSHOT_STATUS_TABLE;
	struct snapshot_ca fixed = {
		.record = head(size, SNAPSHOT_CA, number),
		.status = (uint32_t)ca->status,
		.unknown_serial = (uint32_t)ca->unknown_serial,
		.archive_cutoff_days = ca->archive_cutoff_days,
		.table_offset = has_table ? plan_table(plan, ca->table_path)->offset : 0,
		.validity_seconds = ca->validity_seconds,
		.start_skew_seconds = ca->start_skew_seconds,
	};
	for (size_t i = 0; i < CERTID_HASHES; i++) {
		memcpy(fixed.name_hash[i], ca->name_hash[i].data, ca->name_hash[i].len);
		memcpy(fixed.key_hash[i], ca->key_hash[i].data, ca->key_hash[i].len);
	}
	fixed.signers = put_signers(&draft, ca, key_offsets);
	fixed.chain = put_chain(&draft, ca);
	fixed.name = put(&draft, ca->name);
	fixed.redis_key = put(&draft, ca->redis_key);
	memcpy(draft.octets, &fixed, sizeof fixed);
	seal(file, plan->ca_offsets[number], size);
}

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
	uint64_t offset = sizeof(struct snapshot_header);
	for (size_t i = 0; i < plan->ca_count; i++)
		for (size_t hash = 0; hash < CERTID_HASHES; hash++)
			write_slot(file + offset, plan->slot_count, &plan->cas[i], hash, plan->ca_offsets[i]);
	for (; offset < plan->tables_offset; offset += sizeof(struct snapshot_slot))
		seal(file, offset, sizeof(struct snapshot_slot));
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
	size_t covered = offsetof(struct snapshot_header, crc) + sizeof h.crc;
	memcpy(h.magic, SNAPSHOT_MAGIC, sizeof h.magic);
	memcpy(file, &h, sizeof h);
	h.crc = snapshot_crc(0, (struct slice){file + covered, sizeof h - covered});
	memcpy(file, &h, sizeof h);
}

static bool ca_reads_back(const struct snapshot *s, const struct ca *ca, struct snapshot_fault *fault)
{
	struct signer signer;
	struct chain_cert cert;
	struct sign_key key;
	struct table_place table;
	uint64_t next;
	for (size_t i = 0; i < ca->signer_count; i++)
		if (!snapshot_signer(s, ca, i, &signer, fault) || !snapshot_key(s, &signer, &key, fault))
			return false;
	for (size_t i = 0; i < ca->chain_count; i++)
		if (!snapshot_chain_cert(s, ca, i, &cert, fault))
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
		write_redis(file, plan->redis_offset, plan->redis);
	write_slots(file, plan);
	for (size_t i = 0; i < plan->table_count; i++)
		write_table(file, &plan->tables[i], i);
	for (size_t i = 0; i < plan->ca_count; i++) {
		const struct write_ca *ca = &plan->cas[i];
		write_ca(file, plan, i, plan->key_offsets + key_number);
		for (size_t j = 0; j < ca->signer_count; j++, key_number++)
			write_key(file, plan->key_offsets[key_number], &ca->signers[j].key, key_number);
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
	*why = read_back(file, &plan);
	if (*why) {
		memory_wipe(file, *size);
		free(file);
		file = NULL;
	}
out:
	plan_free(&plan);
	return file;
}
