/*
 * table_sample: a small index as a table, for test_status_table*.c; include cmocka first.
 */
#ifndef TABLE_SAMPLE_H
#define TABLE_SAMPLE_H

#include "ctl/table/table_write.h"
#include "table_lab.h"

#define SAMPLE_SERIALS 60

static uint8_t *sample; /* an index of SAMPLE_SERIALS serials: 3, 10, 17 …; every other one revoked */
static size_t sample_size;

static inline struct slice serial_of(unsigned i, uint8_t octets[3])
{
	unsigned value = i * 7 + 3;
	octets[0] = 0;
	octets[1] = (uint8_t)(value >> 8);
	octets[2] = (uint8_t)value;
	return (struct slice){octets, 3};
}

static inline struct table_entry expected_of(unsigned i)
{
	if (i % 2 == 0)
		return (struct table_entry){CERT_STATUS_GOOD, 0, CRL_REASON_NONE};
	return (struct table_entry){CERT_STATUS_REVOKED, 1700000000 + i, CRL_REASON_SUPERSEDED};
}

static inline int set_up(void **state)
{
	struct table_rows rows = {0};
	struct messages m = {0};
	struct table_header header = {
		.kind = TABLE_INDEX,
		.this_update = 1000,
		.next_update = 2000,
		.name_hash = {1, 2},
		.key_hash = {3, 4},
	};
	uint8_t octets[3];
	for (unsigned i = 0; i < SAMPLE_SERIALS; i++) {
		struct table_entry entry = expected_of(i);
		if (!table_rows_add(
			    &rows, serial_of(i, octets), &entry, (struct place){"sample", i + 1, 0}, &m))
			return -1;
	}
	sample = table_build(&rows, &header, &sample_size, &m);
	return sample ? lab_open(state) : -1;
}

static inline int tear_down(void **state)
{
	free(sample);
	return lab_close(state);
}

static inline bool is_expected(const struct table_entry *entry, unsigned i)
{
	struct table_entry expected = expected_of(i);
	return entry->status == expected.status && entry->revocation_time == expected.revocation_time &&
	       entry->reason == expected.reason;
}

#endif
