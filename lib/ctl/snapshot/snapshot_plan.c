#include "snapshot_plan.h"

#include "status.h"
#include "ctl/memory.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(SNAPSHOT_FOLDERS_MAX == 8, "a reason below names the number");
_Static_assert(SNAPSHOT_FOLDERS_MAX >= STATUS_TABLES_MAX,
	"as many tables as are mapped may each have a folder of its own");

#define RECORD_MAX 0x7FFFFFFFu /* octets */
#define CAS_MAX    (1u << 24)  /* slot_count stays far inside its 32 bits */

static const size_t hash_octets[CERTID_HASHES] = {20, 32, 48, 64};

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* Stays above RECORD_MAX once it is. */
static void grow(uint64_t *size, size_t octets)
{
	*size = octets > RECORD_MAX || *size > RECORD_MAX ? (uint64_t)RECORD_MAX + 1 : *size + octets;
}

uint64_t plan_ca_size(const struct write_ca *ca)
{
	uint64_t size = sizeof(struct snapshot_ca);
	for (size_t i = 0; i < ca->signer_count; i++) {
		grow(&size, sizeof(struct snapshot_signer));
		grow(&size, ca->signers[i].responder_id.len);
		grow(&size, ca->signers[i].certificate.der.len);
	}
	for (size_t i = 0; i < ca->chain_count; i++) {
		grow(&size, sizeof(struct snapshot_cert));
		grow(&size, ca->chain[i].der.len);
	}
	for (size_t i = 0; i < ca->requester_count; i++) {
		grow(&size, sizeof(struct snapshot_requester));
		grow(&size, ca->requesters[i].name.len);
		for (size_t j = 0; j < VERIFY_KEY_PARTS; j++)
			grow(&size, ca->requesters[i].key.part[j].len);
	}
	grow(&size, ca->name.len);
	grow(&size, ca->redis_key.len);
	return round_up(size, 8);
}

uint64_t plan_key_size(const struct sign_key *key)
{
	uint64_t size = sizeof(struct snapshot_key);
	for (size_t i = 0; i < key->part_count; i++)
		grow(&size, key->part[i].len);
	return round_up(size, 8);
}

uint64_t plan_redis_size(const struct redis_settings *redis)
{
	uint64_t size = sizeof(struct snapshot_redis);
	for (size_t i = 0; i < redis->address_count; i++) {
		grow(&size, sizeof(struct snapshot_address));
		grow(&size, redis->addresses[i].path.len);
		grow(&size, redis->addresses[i].name.len);
	}
	grow(&size, redis->username.len);
	grow(&size, redis->password.len);
	grow(&size, redis->tls_ca.len);
	grow(&size, redis->tls_cert.len);
	grow(&size, redis->tls_key.len);
	return round_up(size, 8);
}

uint64_t plan_table_size(const char *path)
{
	uint64_t size = sizeof(struct snapshot_table);
	grow(&size, strlen(path));
	grow(&size, 1);
	return round_up(size, 8);
}

/* What the reader could not refuse by looking at the result. */
static const char *ca_objection(const struct write_ca *ca)
{
	for (size_t i = 0; i < CERTID_HASHES; i++)
		if (ca->name_hash[i].len != hash_octets[i] || ca->key_hash[i].len != hash_octets[i])
			return "a CA's hashes do not have their algorithms' lengths";
	for (size_t i = 0; i < ca->signer_count; i++)
		if (ca->signers[i].key.part_count > SIGN_KEY_PARTS)
			return "a key has more parts than any algorithm's";
	if (ca->status == SNAPSHOT_STATUS_TABLE && (!ca->table_path || ca->table_path[0] != '/'))
		return "a table's path is not absolute";
	return NULL;
}

const struct planned_table *plan_table(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->table_count; i++)
		if (strcmp(plan->tables[i].path, path) == 0)
			return &plan->tables[i];
	return NULL;
}

static uint32_t folder_number(const struct plan *plan, const struct planned_table *table)
{
	uint32_t next = 0;
	for (size_t i = 0; i < plan->table_count; i++) {
		const struct planned_table *other = &plan->tables[i];
		if (other->folder_length == table->folder_length &&
			memcmp(other->path, table->path, table->folder_length) == 0)
			return other->folder_number;
		if (other->folder_number >= next)
			next = other->folder_number + 1;
	}
	return next;
}

static const char *plan_tables(struct plan *plan)
{
	plan->tables = memory_zeroed(plan->ca_count, sizeof *plan->tables);
	for (size_t i = 0; i < plan->ca_count; i++) {
		struct planned_table table = {plan->cas[i].table_path, 0, 0, plan->size};
		if (plan->cas[i].status != SNAPSHOT_STATUS_TABLE || plan_table(plan, table.path))
			continue;
		size_t slash = (size_t)(strrchr(table.path, '/') - table.path);
		table.folder_length = slash > 0 ? slash : 1;
		table.folder_number = folder_number(plan, &table);
		if (plan_table_size(table.path) > RECORD_MAX)
			return "a table's path is too long";
		if (table.folder_number >= SNAPSHOT_FOLDERS_MAX)
			return "the tables are in more than 8 folders; put them into fewer";
		plan->size += plan_table_size(table.path);
		plan->tables[plan->table_count++] = table;
	}
	return NULL;
}

static const char *plan_cas(struct plan *plan)
{
	plan->ca_offsets = memory_zeroed(plan->ca_count, sizeof *plan->ca_offsets);
	for (size_t i = 0; i < plan->ca_count; i++) {
		uint64_t size = plan_ca_size(&plan->cas[i]);
		if (size > RECORD_MAX)
			return "the certificates of a CA are larger than 2 GiB";
		plan->ca_offsets[i] = plan->size;
		plan->size += size;
		plan->key_count += plan->cas[i].signer_count;
	}
	return NULL;
}

static const char *plan_keys(struct plan *plan)
{
	size_t n = 0;
	plan->key_offsets = memory_zeroed(plan->key_count, sizeof *plan->key_offsets);
	for (size_t i = 0; i < plan->ca_count; i++) {
		for (size_t j = 0; j < plan->cas[i].signer_count; j++) {
			uint64_t size = plan_key_size(&plan->cas[i].signers[j].key);
			if (size > RECORD_MAX)
				return "a key is larger than 2 GiB";
			plan->key_offsets[n++] = plan->size;
			plan->size += size;
		}
	}
	return NULL;
}

static const char *plan_regions(struct plan *plan)
{
	const char *why = NULL;
	plan->size = sizeof(struct snapshot_header) + plan->slot_count * sizeof(struct snapshot_slot);
	plan->tables_offset = plan->size;
	if ((why = plan_tables(plan)))
		return why;
	plan->cas_offset = plan->size;
	if ((why = plan_cas(plan)))
		return why;
	plan->size = round_up(plan->size, SNAPSHOT_PAGE);
	plan->keys_offset = plan->size;
	if ((why = plan_keys(plan)))
		return why;
	if (plan->redis) {
		plan->redis_offset = plan->size;
		plan->size += plan_redis_size(plan->redis);
	}
	plan->size = round_up(plan->size, SNAPSHOT_PAGE);
	return plan->key_count > UINT32_MAX || plan->size > SIZE_MAX ? "too many keys" : NULL;
}

const char *plan_make(
	struct plan *plan, const struct write_ca *cas, size_t ca_count, const struct redis_settings *redis)
{
	*plan = (struct plan){.cas = cas, .ca_count = ca_count, .redis = redis};
	if (ca_count > CAS_MAX)
		return "too many CAs";
	for (size_t i = 0; i < ca_count; i++) {
		const char *why = ca_objection(&cas[i]);
		if (why)
			return why;
	}
	plan->slot_count = 2 * CERTID_HASHES;
	while (plan->slot_count / (2 * CERTID_HASHES) < ca_count)
		plan->slot_count *= 2;
	return plan_regions(plan);
}

void plan_free(struct plan *plan)
{
	free(plan->tables);
	free(plan->ca_offsets);
	free(plan->key_offsets);
	*plan = (struct plan){.cas = NULL};
}
