/* table_write: what goes in comes out, in buckets of bounded size; duplicates and contradictions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/table/table_write.h"
#include "table_lab.h"

static struct messages quiet = {.quiet = true};

static void add(
	struct table_rows *rows, struct slice serial, enum cert_status status, int64_t time, unsigned line)
{
	struct table_entry entry = {
		status, time, status == CERT_STATUS_GOOD ? CRL_REASON_NONE : (int)line % 7};
	assert_true(table_rows_add(rows, serial, &entry, (struct place){"source", line, 0}, &quiet));
}

/* Fills a header and builds; the file is `kept` by the caller. */
static uint8_t *build(struct table_rows *rows, struct table *t, struct messages *m)
{
	struct table_header header = {.kind = TABLE_INDEX, .this_update = 1000, .next_update = 2000};
	struct snapshot_fault fault = {0};
	size_t size = 0;
	uint8_t *file = table_build(rows, &header, &size, m);
	if (file && !table_read(t, (struct slice){file, size}, &fault))
		fail_msg("what was written is refused: %s", fault.reason);
	return file;
}

/* ---- distribution ---- */

static void big_endian(uint64_t value, uint8_t *last)
{
	for (int i = 0; i < 8; i++)
		last[-i] = (uint8_t)(value >> 8 * i);
}

static uint64_t pseudo_random(void)
{
	static uint64_t state = 88172645463325252u;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void random_octets(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(pseudo_random() >> 24);
}

enum pattern { SEQUENTIAL, RANDOM, PREFIX, SUFFIX, STEPS, TIME_AND_COUNTER, DIGITS };

/* The i-th serial of a CA that numbers so. Returns its octets, right-aligned in serial[20]. */
static struct slice serial_of(enum pattern pattern, size_t octets, uint64_t i, uint8_t serial[21])
{
	memset(serial, 0, 21);
	switch (pattern) {
	case SEQUENTIAL:
		big_endian(i + 1, serial + 19);
		break;
	case RANDOM:
		random_octets(serial + 20 - octets, octets);
		break;
	case PREFIX:
		memset(serial, 0x5A, 12);
		big_endian(i, serial + 19);
		break;
	case SUFFIX:
		memset(serial + 8, 0x5A, 12);
		big_endian(i, serial + 7);
		break;
	case STEPS:
		big_endian((i + 1) << 16, serial + 19);
		break;
	case TIME_AND_COUNTER:
		big_endian(1700000000 + i / 5, serial + 11);
		big_endian(i << 32 >> 32, serial + 19);
		break;
	case DIGITS:
		snprintf((char *)serial, 21, "%020llu", (unsigned long long)i);
		break;
	}
	return (struct slice){serial + 20 - octets, octets};
}

static const struct {
	const char *name;
	enum pattern pattern;
	size_t octets;
} patterns[] = {
	{"sequential", SEQUENTIAL, 8},
	{"random_8", RANDOM, 8},
	{"random_16", RANDOM, 16},
	{"random_20", RANDOM, 20},
	{"common_prefix", PREFIX, 20},
	{"common_suffix", SUFFIX, 20},
	{"steps_of_65536", STEPS, 20},
	{"time_and_counter", TIME_AND_COUNTER, 20},
	{"decimal_digits", DIGITS, 20},
};

static uint32_t largest_bucket(const struct table *t)
{
	uint32_t largest = 0;
	for (uint32_t i = 0; i < t->header.bucket_count; i++) {
		struct table_bucket bucket;
		memcpy(&bucket, t->file.data + t->header.buckets_offset + i * sizeof bucket, sizeof bucket);
		if (bucket.count > largest)
			largest = bucket.count;
	}
	return largest;
}

static void no_bucket_is_large_however_a_ca_numbers(void **state)
{
	enum { SERIALS = 65536 }; /* 16 a bucket, the fullest that there are */
	(void)state;
	for (size_t k = 0; k < COUNT(patterns); k++) {
		struct table_rows rows = {0};
		struct table t = {0};
		uint8_t serial[21];
		for (uint64_t i = 0; i < SERIALS; i++)
			add(&rows, serial_of(patterns[k].pattern, patterns[k].octets, i, serial),
				CERT_STATUS_GOOD, 0, 1);
		uint8_t *file = build(&rows, &t, &quiet);
		assert_non_null(file);
		assert_int_equal(t.header.bucket_count, SERIALS / TABLE_BUCKET_ENTRIES);
		if (largest_bucket(&t) > 3 * TABLE_BUCKET_ENTRIES)
			fail_msg("%s: %u in one bucket", patterns[k].name, largest_bucket(&t));
		free(file);
	}
}

/* ---- contents ---- */

static void a_hundred_thousand_serials_of_all_lengths_are_found_again(void **state)
{
	enum { SERIALS = 100000 };
	struct table_rows rows = {0};
	struct table t = {0};
	struct snapshot_fault fault;
	struct table_entry entry;
	uint8_t serial[9] = {0};
	(void)state;
	for (unsigned i = 0; i < SERIALS; i++) {
		big_endian((uint64_t)i * i * i, serial + 8);
		add(&rows, (struct slice){serial, 9}, i % 3 == 0 ? CERT_STATUS_REVOKED : CERT_STATUS_GOOD,
			i % 3 == 0 ? i : 0, i);
	}
	uint8_t *file = build(&rows, &t, &quiet);
	assert_non_null(file);
	assert_int_equal(t.header.entry_count, SERIALS);
	assert_int_equal(t.header.serial_size, 7);
	for (unsigned i = 0; i < SERIALS; i++) {
		big_endian((uint64_t)i * i * i, serial + 8);
		assert_int_equal(table_find(&t, (struct slice){serial, 9}, &entry, &fault), TABLE_FOUND);
		assert_int_equal(entry.status, i % 3 == 0 ? CERT_STATUS_REVOKED : CERT_STATUS_GOOD);
		assert_int_equal(entry.revocation_time, i % 3 == 0 ? i : 0);
		assert_int_equal(entry.reason, i % 3 == 0 ? (int)i % 7 : CRL_REASON_NONE);
	}
	for (unsigned i = 2; i < SERIALS; i++) { /* two behind a cube is none */
		big_endian((uint64_t)i * i * i + 2, serial + 8);
		assert_int_equal(table_find(&t, (struct slice){serial, 9}, &entry, &fault), TABLE_ABSENT);
	}
	free(file);
}

static void the_order_of_the_rows_makes_no_difference(void **state)
{
	struct table_rows forwards = {0}, backwards = {0};
	struct table a = {0}, b = {0};
	uint8_t serial[8];
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		big_endian(i * 77, serial + 7);
		add(&forwards, (struct slice){serial, 8}, CERT_STATUS_REVOKED, i, 1);
		big_endian((999 - i) * 77, serial + 7);
		add(&backwards, (struct slice){serial, 8}, CERT_STATUS_REVOKED, 999 - i, 1);
	}
	uint8_t *file_a = build(&forwards, &a, &quiet);
	uint8_t *file_b = build(&backwards, &b, &quiet);
	assert_true(bytes_equal(a.file, b.file));
	free(file_a);
	free(file_b);
}

static void no_rows_make_an_empty_table(void **state)
{
	struct table_rows rows = {0};
	struct table t = {0};
	struct table_entry entry;
	struct snapshot_fault fault;
	(void)state;
	uint8_t *file = build(&rows, &t, &quiet);
	assert_non_null(file);
	assert_int_equal(t.header.entry_count, 0);
	assert_int_equal(t.file.len, sizeof(struct table_header) + sizeof(struct table_bucket));
	assert_int_equal(table_find(&t, SLICE("\0"), &entry, &fault), TABLE_ABSENT);
	free(file);
}

/* ---- duplicates ---- */

static void equal_rows_become_one_with_a_notice(void **state)
{
	struct table_rows rows = {0};
	struct table t = {0};
	struct messages m = {0};
	struct table_entry entry;
	struct snapshot_fault fault;
	(void)state;
	add(&rows, SLICE("\x01"), CERT_STATUS_REVOKED, 7, 1);
	add(&rows, SLICE("\x02"), CERT_STATUS_GOOD, 0, 2);
	add(&rows, SLICE("\x00\x00\x01"), CERT_STATUS_REVOKED, 7, 1);
	add(&rows, SLICE("\x01"), CERT_STATUS_REVOKED, 7, 1);
	int terminal = lab_listen();
	uint8_t *file = build(&rows, &t, &m);
	lab_heard(terminal);
	lab_assert_said("equal", "2 entries were there more than once");
	assert_non_null(file);
	assert_int_equal(t.header.entry_count, 2);
	assert_int_equal(table_find(&t, SLICE("\x01"), &entry, &fault), TABLE_FOUND);
	assert_int_equal(entry.revocation_time, 7);
	assert_int_equal(table_find(&t, SLICE("\x02"), &entry, &fault), TABLE_FOUND);
	free(file);
}

static void contradicting_rows_are_refused_with_both_lines(void **state)
{
	struct table_rows rows = {0};
	struct table t = {0};
	struct messages m = {0};
	(void)state;
	add(&rows, SLICE("\x01"), CERT_STATUS_GOOD, 0, 3);
	add(&rows, SLICE("\x02"), CERT_STATUS_GOOD, 0, 4);
	add(&rows, SLICE("\x01"), CERT_STATUS_GOOD, 0, 5);
	add(&rows, SLICE("\x01"), CERT_STATUS_REVOKED, 7, 6);
	int terminal = lab_listen();
	uint8_t *file = build(&rows, &t, &m);
	lab_heard(terminal);
	assert_null(file);
	assert_int_equal(m.errors, 1);
	lab_assert_said("contradiction", "source:6: error: serial 0x01: line 6 contradicts line 3 of source");
}

static void many_contradictions_are_counted(void **state)
{
	struct table_rows rows = {0};
	struct table t = {0};
	struct messages m = {0};
	uint8_t serial = 0;
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		serial = (uint8_t)(i % 100);
		add(&rows, (struct slice){&serial, 1}, CERT_STATUS_REVOKED, i, i);
	}
	int terminal = lab_listen();
	assert_null(build(&rows, &t, &m));
	lab_heard(terminal);
	assert_int_equal(m.errors, 11);
	lab_assert_said("many", "and 90 more contradictions");
}

static void serials_up_to_64_octets_fit(void **state)
{
	struct table_rows rows = {0};
	struct table t = {0};
	struct table_entry entry = {CERT_STATUS_GOOD, 0, CRL_REASON_NONE};
	struct messages m = {0};
	struct snapshot_fault fault;
	uint8_t serial[66] = {0, 0xFF};
	(void)state;
	add(&rows, (struct slice){serial, 65}, CERT_STATUS_GOOD, 0, 1);
	int terminal = lab_listen();
	assert_false(table_rows_add(
		&rows, (struct slice){serial + 1, 65}, &entry, (struct place){"source", 2, 0}, &m));
	lab_heard(terminal);
	lab_assert_said("65 octets", "source:2: error: a serial of 65 octets");
	uint8_t *file = build(&rows, &t, &m);
	assert_int_equal(t.header.serial_size, 64);
	serial[1] = 0x7F;
	assert_int_equal(table_find(&t, (struct slice){serial + 1, 64}, &entry, &fault), TABLE_ABSENT);
	free(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bucket_is_large_however_a_ca_numbers),
		cmocka_unit_test(a_hundred_thousand_serials_of_all_lengths_are_found_again),
		cmocka_unit_test(the_order_of_the_rows_makes_no_difference),
		cmocka_unit_test(no_rows_make_an_empty_table),
		cmocka_unit_test(equal_rows_become_one_with_a_notice),
		cmocka_unit_test(contradicting_rows_are_refused_with_both_lines),
		cmocka_unit_test(many_contradictions_are_counted),
		cmocka_unit_test(serials_up_to_64_octets_fit),
	};
	return cmocka_run_group_tests(tests, lab_open, lab_close);
}
