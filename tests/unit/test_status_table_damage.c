/* status_table: no damage to a table makes a revoked serial good or absent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "table_sample.h"

/* Reads the octets, which are at the end of their allocation, and looks everything up; never another answer. */
static bool survives(const uint8_t *octets, size_t len, const char *what, size_t where)
{
	struct table t = {.path = "sample"};
	struct snapshot_fault fault = {0};
	struct table_entry entry;
	uint8_t serial[3];
	bool whole = true;
	if (!table_read(&t, (struct slice){octets, len}, &fault)) {
		assert_non_null(fault.reason);
		assert_string_equal(fault.file, "sample");
		return false;
	}
	for (unsigned i = 0; i < SAMPLE_SERIALS; i++) {
		fault.reason = NULL;
		enum table_found found = table_find(&t, serial_of(i, serial), &entry, &fault);
		if (found == TABLE_ABSENT || (found == TABLE_FOUND && !is_expected(&entry, i)))
			fail_msg("%s %zu: serial %u: another answer", what, where, i);
		if (found == TABLE_BROKEN && (!fault.reason || fault.offset >= len))
			fail_msg("%s %zu: serial %u: broken without a place", what, where, i);
		whole = whole && found == TABLE_FOUND;
	}
	return whole;
}

static void every_flipped_bit_is_noticed(void **state)
{
	uint8_t *octets = malloc(sample_size);
	(void)state;
	memcpy(octets, sample, sample_size);
	for (size_t bit = 0; bit < sample_size * 8; bit++) {
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (survives(octets, sample_size, "bit", bit))
			fail_msg("bit %zu was not noticed", bit);
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(survives(octets, sample_size, "unharmed", 0));
	free(octets);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < sample_size; len++) {
		uint8_t *octets =
			malloc(len > 0 ? len : 1); /* of its own: a read beyond it is seen by the sanitizer */
		memcpy(octets, sample, len);
		struct table t = {.path = "sample"};
		struct snapshot_fault fault = {0};
		if (table_read(&t, (struct slice){octets, len}, &fault))
			fail_msg("%zu of %zu octets", len, sample_size);
		free(octets);
	}
}

static void an_octet_more_is_refused(void **state)
{
	uint8_t *octets = calloc(1, sample_size + 1);
	(void)state;
	memcpy(octets, sample, sample_size);
	assert_false(survives(octets, sample_size + 1, "longer", 0));
	free(octets);
}

static void swapped_buckets_are_broken(void **state)
{
	struct table t = {.path = "sample"};
	struct snapshot_fault fault;
	uint8_t *octets = malloc(sample_size);
	uint8_t bucket[sizeof(struct table_bucket)];
	uint8_t *buckets = octets + sizeof(struct table_header);
	(void)state;
	memcpy(octets, sample, sample_size);
	assert_true(table_read(&t, (struct slice){octets, sample_size}, &fault));
	assert_true(t.header.bucket_count >= 2);
	memcpy(bucket, buckets, sizeof bucket);
	memmove(buckets, buckets + sizeof bucket, sizeof bucket);
	memcpy(buckets + sizeof bucket, bucket, sizeof bucket);
	assert_false(survives(octets, sample_size, "swapped", 0));
	free(octets);
}

/* What a copy in place leaves that was cut off behind the first page: a newer header over older entries. */
static void entries_under_another_tables_header_are_broken(void **state)
{
	struct table t = {.path = "sample"};
	struct snapshot_fault fault;
	struct table_entry entry;
	uint8_t *octets = malloc(sample_size);
	struct table_header header;
	size_t covered = offsetof(struct table_header, file_size);
	(void)state;
	memcpy(octets, sample, sample_size);
	memcpy(&header, octets, sizeof header);
	header.this_update++;
	memcpy(octets, &header, sizeof header);
	header.crc = bytes_crc32c(0, (struct slice){octets + covered, sizeof header - covered});
	memcpy(octets, &header, sizeof header);
	assert_true(table_read(&t, (struct slice){octets, sample_size}, &fault));
	assert_int_equal(table_find(&t, SLICE("\x03"), &entry, &fault), TABLE_BROKEN);
	free(octets);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(an_octet_more_is_refused),
		cmocka_unit_test(swapped_buckets_are_broken),
		cmocka_unit_test(entries_under_another_tables_header_are_broken),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
