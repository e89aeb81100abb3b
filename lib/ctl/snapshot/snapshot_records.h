/*
 * snapshot_records: one record each, at its planned place in the zeroed file; its crc stays 0. Used by snapshot_write.c
 * alone.
 */
#ifndef SNAPSHOT_RECORDS_H
#define SNAPSHOT_RECORDS_H

#include "snapshot_plan.h"

void record_table(uint8_t *file, const struct planned_table *table, size_t number);
void record_key(uint8_t *file, uint64_t offset, const struct sign_key *key, size_t number);
void record_redis(uint8_t *file, uint64_t offset, const struct redis_settings *redis);
/* `key_offsets`: of this CA's signers, in order. */
void record_ca(uint8_t *file, const struct plan *plan, size_t number, const uint64_t *key_offsets);

#endif
