/* status_table: look-ups, headers that do not hold, files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "table_sample.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- look-ups ---- */

static void what_is_there_is_found_and_nothing_else(void **state)
{
	struct table t = {.path = "sample"};
	struct snapshot_fault fault;
	struct table_entry entry;
	uint8_t octets[3];
	(void)state;
	assert_true(table_read(&t, (struct slice){sample, sample_size}, &fault));
	for (unsigned value = 0; value < 600; value++) {
		struct slice serial = {octets, 3};
		bool there = value % 7 == 3 && value / 7 < SAMPLE_SERIALS;
		octets[0] = 0;
		octets[1] = (uint8_t)(value >> 8);
		octets[2] = (uint8_t)value;
		assert_int_equal(table_find(&t, serial, &entry, &fault), there ? TABLE_FOUND : TABLE_ABSENT);
		if (there)
			assert_true(is_expected(&entry, value / 7));
	}
}

static void negative_long_and_empty_serials_are_absent(void **state)
{
	static const struct slice serials[] = {
		{(const uint8_t *)"\x81", 1},         /* -127: read as unsigned it is an entry */
		{(const uint8_t *)"\xFF\x03", 2},     /* -253 */
		{(const uint8_t *)"\x01\x00\x03", 3}, /* an entry behind one octet more */
		{NULL, 0},
	};
	struct table t = {.path = "sample"};
	struct snapshot_fault fault;
	struct table_entry entry;
	uint8_t longest[CERTID_SERIAL_MAX + 6] = {0x7F};
	(void)state;
	assert_true(table_read(&t, (struct slice){sample, sample_size}, &fault));
	assert_int_equal(table_find(&t, SLICE("\x00\x81"), &entry, &fault), TABLE_FOUND);
	assert_int_equal(table_find(&t, SLICE("\x03"), &entry, &fault), TABLE_FOUND);
	for (size_t i = 0; i < COUNT(serials); i++)
		assert_int_equal(table_find(&t, serials[i], &entry, &fault), TABLE_ABSENT);
	assert_int_equal(
		table_find(&t, (struct slice){longest, sizeof longest}, &entry, &fault), TABLE_ABSENT);
}

static void a_table_is_its_cas(void **state)
{
	struct table t = {.path = "sample"};
	struct snapshot_fault fault;
	struct ca ca = {0};
	(void)state;
	assert_true(table_read(&t, (struct slice){sample, sample_size}, &fault));
	memcpy(ca.fixed.name_hash[CERTID_SHA256], t.header.name_hash, 32);
	memcpy(ca.fixed.key_hash[CERTID_SHA256], t.header.key_hash, 32);
	assert_true(table_is_of(&t, &ca));
	ca.fixed.key_hash[CERTID_SHA256][31] ^= 1;
	assert_false(table_is_of(&t, &ca));
	ca.fixed.key_hash[CERTID_SHA256][31] ^= 1;
	ca.fixed.name_hash[CERTID_SHA256][0] ^= 1;
	assert_false(table_is_of(&t, &ca));
}

/* ---- headers with a right CRC and wrong contents ---- */

struct header_case {
	const char *name;
	size_t offset; /* of the field that is changed */
	size_t size;
	uint64_t value;
	const char *refused;
};

#define FIELD(field) offsetof(struct table_header, field), sizeof(((struct table_header *)0)->field)

static const struct header_case headers[] = {
	{"magic", FIELD(magic), 0, "not a status table"},
	{"version", FIELD(version), TABLE_VERSION + 1, "another version"},
	{"file_size", FIELD(file_size), 100, "do not fill the file"},
	{"entry_count_one_more", FIELD(entry_count), SAMPLE_SERIALS + 1, "do not fill the file"},
	{"entry_count_32_bits", FIELD(entry_count), 0x100000000, "impossible sizes"},
	{"entry_count_wraps", FIELD(entry_count), 0x8000000000000000 + SAMPLE_SERIALS, "impossible sizes"},
	{"buckets_in_the_header", FIELD(buckets_offset), 0, "do not fill the file"},
	{"buckets_unaligned", FIELD(buckets_offset), sizeof(struct table_header) + 1, "do not fill the file"},
	{"entries_in_the_buckets", FIELD(entries_offset), sizeof(struct table_header),
		"do not fill the file"},
	{"entries_far_away", FIELD(entries_offset), UINT64_MAX, "do not fill the file"},
	{"no_buckets", FIELD(bucket_count), 0, "impossible sizes"},
	{"three_buckets", FIELD(bucket_count), 3, "impossible sizes"},
	{"too_many_buckets", FIELD(bucket_count), 1u << 29, "impossible sizes"},
	{"more_buckets", FIELD(bucket_count), 1u << 28, "do not fill the file"},
	{"serial_size_0", FIELD(serial_size), 0, "impossible sizes"},
	{"serial_size_65", FIELD(serial_size), CERTID_SERIAL_MAX + 1, "impossible sizes"},
	{"serial_size_1", FIELD(serial_size), 1, "impossible sizes"},
	{"entry_size_0", FIELD(entry_size), 0, "impossible sizes"},
	{"kind_0", FIELD(kind), 0, "unknown kind"},
	{"kind_4", FIELD(kind), 4, "unknown kind"},
	{"has_crl_number_2", FIELD(has_crl_number), 2, "unknown kind"},
	{"next_before_this", FIELD(next_update), 999, "impossible thisUpdate"},
	{"this_update_lowest", FIELD(this_update), 0x8000000000000000, "impossible thisUpdate"},
	{"next_update_highest", FIELD(next_update), 0x7FFFFFFFFFFFFFFF, "impossible thisUpdate"},
};

static void each_header_field_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct table t = {.path = "sample"};
		struct snapshot_fault fault = {0};
		uint8_t *octets = malloc(sample_size);
		size_t covered = offsetof(struct table_header, file_size);
		memcpy(octets, sample, sample_size);
		memcpy(octets + headers[i].offset, &headers[i].value, headers[i].size);
		uint32_t crc = bytes_crc32c(
			0, (struct slice){octets + covered, sizeof(struct table_header) - covered});
		memcpy(octets + offsetof(struct table_header, crc), &crc, sizeof crc);
		if (table_read(&t, (struct slice){octets, sample_size}, &fault))
			fail_msg("%s: accepted", headers[i].name);
		if (!strstr(fault.reason, headers[i].refused))
			fail_msg("%s: %s", headers[i].name, fault.reason);
		free(octets);
	}
}

/* An entry whose bucket has a right CRC, but whose status octet no writer writes. */
static void an_unknown_status_octet_is_broken(void **state)
{
	struct table t = {.path = "sample"};
	struct snapshot_fault fault;
	struct table_entry entry;
	uint8_t *octets = malloc(sample_size);
	(void)state;
	memcpy(octets, sample, sample_size);
	assert_true(table_read(&t, (struct slice){octets, sample_size}, &fault));
	for (uint32_t i = 0; i < t.header.bucket_count; i++) {
		struct table_bucket bucket;
		uint8_t *place = octets + t.header.buckets_offset + i * sizeof bucket;
		memcpy(&bucket, place, sizeof bucket);
		uint8_t *entries = octets + t.header.entries_offset + bucket.first * t.header.entry_size;
		for (uint32_t j = 0; j < bucket.count; j++)
			entries[j * t.header.entry_size + t.header.serial_size + 8] = CERT_STATUS_UNKNOWN;
		bucket.crc = table_bucket_crc(t.header.crc, i, &bucket,
			(struct slice){entries, bucket.count * t.header.entry_size});
		memcpy(place, &bucket, sizeof bucket);
	}
	assert_int_equal(table_find(&t, SLICE("\x03"), &entry, &fault), TABLE_BROKEN);
	assert_non_null(strstr(fault.reason, "neither good nor revoked"));
	assert_int_equal(table_find(&t, SLICE("\x04"), &entry, &fault), TABLE_ABSENT);
	free(octets);
}

/* ---- files ---- */

static void files_are_mapped_or_refused(void **state)
{
	struct table t;
	struct snapshot_fault fault = {0};
	struct table_entry entry;
	const char *path = lab_write("sample.table", sample, sample_size);
	(void)state;
	assert_true(table_open(&t, AT_FDCWD, path, &fault));
	assert_int_equal(table_find(&t, SLICE("\x03"), &entry, &fault), TABLE_FOUND);
	table_close(&t);

	int folder = open(lab_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(table_open(&t, folder, "sample.table", &fault));
	table_close(&t);
	assert_false(table_open(&t, folder, "missing.table", &fault));
	assert_int_equal(fault.error, ENOENT);
	close(folder);

	assert_int_equal(chmod(path, 0666), 0);
	assert_false(table_open(&t, AT_FDCWD, path, &fault));
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(table_open(&t, AT_FDCWD, path, &fault));
	assert_string_equal(fault.file, path);
	assert_int_equal(fault.offset, 100);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_found_and_nothing_else),
		cmocka_unit_test(negative_long_and_empty_serials_are_absent),
		cmocka_unit_test(a_table_is_its_cas),
		cmocka_unit_test(each_header_field_is_checked),
		cmocka_unit_test(an_unknown_status_octet_is_broken),
		cmocka_unit_test(files_are_mapped_or_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
