#include "snapshot_records.h"

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

void record_table(uint8_t *file, const struct planned_table *table, size_t number)
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
}

void record_key(uint8_t *file, uint64_t offset, const struct sign_key *key, size_t number)
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
			.name = put(draft, from->name),
		};
		memcpy(address.ip, from->ip, sizeof address.ip);
		memcpy(draft->octets + array.offset + i * sizeof address, &address, sizeof address);
	}
	return array;
}

void record_redis(uint8_t *file, uint64_t offset, const struct redis_settings *redis)
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
	fixed.tls_ca = put(&draft, redis->tls_ca);
	fixed.tls_cert = put(&draft, redis->tls_cert);
	fixed.tls_key = put(&draft, redis->tls_key);
	memcpy(draft.octets, &fixed, sizeof fixed);
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

static struct snapshot_span put_requesters(struct draft *draft, const struct write_ca *ca)
{
	struct snapshot_span array = reserve(draft, ca->requester_count, sizeof(struct snapshot_requester));
	for (size_t i = 0; i < ca->requester_count; i++) {
		const struct write_requester *from = &ca->requesters[i];
		struct snapshot_requester requester = {
			.kind = (uint32_t)from->key.kind,
			.name = put(draft, from->name),
			.not_before = from->not_before,
			.not_after = from->not_after,
		};
		for (size_t j = 0; j < VERIFY_KEY_PARTS; j++)
			requester.parts[j] = put(draft, from->key.part[j]);
		memcpy(draft->octets + array.offset + i * sizeof requester, &requester, sizeof requester);
	}
	return array;
}

void record_ca(uint8_t *file, const struct plan *plan, size_t number, const uint64_t *key_offsets)
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
	fixed.requesters = put_requesters(&draft, ca);
	fixed.name = put(&draft, ca->name);
	fixed.redis_key = put(&draft, ca->redis_key);
	memcpy(draft.octets, &fixed, sizeof fixed);
}
