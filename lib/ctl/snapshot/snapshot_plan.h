/*
 * snapshot_plan: where everything goes in a snapshot, found before an octet of it is written, so that the keys are in one
 * allocation and in no other. Used by snapshot_write.c and snapshot_records.c.
 */
#ifndef SNAPSHOT_PLAN_H
#define SNAPSHOT_PLAN_H

#include "snapshot_write.h"

struct planned_table {
	const char *path;
	size_t folder_length;
	uint32_t folder_number;
	uint64_t offset;
};

struct plan {
	const struct write_ca *cas;
	const struct redis_settings *redis; /* NULL: none */
	size_t ca_count, table_count, key_count;
	uint32_t slot_count;
	struct planned_table *tables; /* each path once, in order of first use */
	uint64_t *ca_offsets;         /* one for each CA */
	uint64_t *key_offsets;        /* one for each signer of each CA, in order */
	uint64_t tables_offset, cas_offset, keys_offset, size;
	uint64_t redis_offset; /* 0: none */
};

/* NULL, or why these CAs do not fit the format. plan_free() it in either case; the CAs are borrowed. */
const char *plan_make(
	struct plan *plan, const struct write_ca *cas, size_t ca_count, const struct redis_settings *redis);
void plan_free(struct plan *plan);

/* The planned table of that path, or NULL. */
const struct planned_table *plan_table(const struct plan *plan, const char *path);

/* Octets of a record, a multiple of 8. */
uint64_t plan_table_size(const char *path);
uint64_t plan_ca_size(const struct write_ca *ca);
uint64_t plan_key_size(const struct sign_key *key);
uint64_t plan_redis_size(const struct redis_settings *redis);

#endif
