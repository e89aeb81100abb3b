/*
 * answer: over a snapshot and a table that are damaged at every octet, in every way that disks and copies know, an answer is
 * the right one, octet for octet, or an OCSP error. OCSP_CGI_FAULTS=long tries every value of every octet.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "site_sample.h"

#define SEED       "seed of exactly thirty-two octets"
#define OTHER_SEED "another seed of thirty-two octets"
#define SECTOR     512

static const struct site_times times = {0, SITE_NOW + 1000, SITE_NOW - 10, SITE_NOW + 10};
static struct site_octets sound, older;

/* One answer of the undamaged site for each serial. */
static uint8_t right_octets[2][4096];
static struct slice right[2];
static unsigned long inputs, answers;

static bool is_long(void)
{
	const char *faults = getenv("OCSP_CGI_FAULTS");
	return faults && strcmp(faults, "long") == 0;
}

static int set_up(void **state)
{
	static struct site_answer given;
	(void)state;
	site_make(&times, SEED, true, &sound);
	for (int serial = SITE_GOOD; serial <= SITE_REVOKED; serial++) {
		site_ask((struct slice){sound.snapshot, sound.snapshot_size},
			(struct slice){sound.table, sound.table_size}, (enum site_serial)serial, SITE_NOW,
			&given);
		assert_int_equal(given.answer.status, RESPONSE_SUCCESSFUL);
		memcpy(right_octets[serial], given.answer.der.data, given.answer.der.len);
		right[serial] = (struct slice){right_octets[serial], given.answer.der.len};
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	print_message("# %lu damaged files, %lu right answers, the rest errors\n", inputs, answers);
	site_free(&sound);
	return 0;
}

/* Of the damage done at `where`. */
static void judge(struct slice snapshot, struct slice table, const char *what, size_t where)
{
	static struct site_answer given;
	inputs++;
	for (int serial = SITE_REVOKED; serial >= SITE_GOOD; serial--) {
		const struct answer *a = &given.answer;
		site_ask(snapshot, table, (enum site_serial)serial, SITE_NOW, &given);
		if (a->status == RESPONSE_SUCCESSFUL) {
			answers++;
			if (!bytes_equal(a->der, right[serial]))
				fail_msg("%s at %zu: another answer", what, where);
		} else if (a->der.len != 5 ||
			   (a->status != RESPONSE_INTERNAL_ERROR && a->status != RESPONSE_TRY_LATER)) {
			fail_msg("%s at %zu: %s", what, where, response_status_name(a->status));
		}
	}
}

/* The two files, of which one is damaged in turn; `damaged` is an allocation of its own size. */
struct victim {
	bool is_table;
	const uint8_t *octets;
	size_t size;
};

static void judge_victim(
	const struct victim *v, const uint8_t *damaged, size_t size, const char *what, size_t where)
{
	struct slice snapshot = {sound.snapshot, sound.snapshot_size};
	struct slice table = {sound.table, sound.table_size};
	*(v->is_table ? &table : &snapshot) = (struct slice){damaged, size};
	judge(snapshot, table, what, where);
}

static struct victim victim(void **state)
{
	bool is_table = *state != NULL;
	return (struct victim){is_table, is_table ? sound.table : sound.snapshot,
		is_table ? sound.table_size : sound.snapshot_size};
}

static uint8_t *copy_of(const struct victim *v, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	assert_non_null(copy);
	memcpy(copy, v->octets, size);
	return copy;
}

static void every_octet_changed(void **state)
{
	struct victim v = victim(state);
	uint8_t *damaged = copy_of(&v, v.size);
	for (size_t i = 0; i < v.size; i++) {
		if (is_long()) {
			for (unsigned value = 1; value < 256; value++) {
				damaged[i] = v.octets[i] ^ (uint8_t)value;
				judge_victim(&v, damaged, v.size, "octet", i);
			}
		} else {
			damaged[i] = v.octets[i] ^ (uint8_t)(1 << i % 8);
			judge_victim(&v, damaged, v.size, "bit", i);
			damaged[i] = v.octets[i] != 0 ? 0 : 0xFF;
			judge_victim(&v, damaged, v.size, "octet", i);
		}
		damaged[i] = v.octets[i];
	}
	free(damaged);
}

static void cut_at_every_octet(void **state)
{
	struct victim v = victim(state);
	for (size_t size = 0; size < v.size; size += is_long() || size < 1024 ? 1 : 7) {
		uint8_t *damaged = copy_of(&v, size);
		judge_victim(&v, damaged, size, "cut", size);
		free(damaged);
	}
}

/* What a file system leaves that lost power between size and content. */
static void zeros_from_every_octet_on(void **state)
{
	struct victim v = victim(state);
	uint8_t *damaged = copy_of(&v, v.size);
	for (size_t i = v.size; i-- > 0;) {
		damaged[i] = 0;
		if (is_long() || i < 1024 || i % 7 == 0)
			judge_victim(&v, damaged, v.size, "zeros from", i);
	}
	free(damaged);
}

static void sectors_lost_or_exchanged(void **state)
{
	struct victim v = victim(state);
	for (size_t i = 0; i + SECTOR <= v.size; i += SECTOR) {
		uint8_t *damaged = copy_of(&v, v.size);
		memset(damaged + i, 0, SECTOR);
		judge_victim(&v, damaged, v.size, "sector", i);
		for (size_t j = 0; j + SECTOR <= v.size; j += SECTOR) {
			memcpy(damaged + i, v.octets + j, SECTOR);
			judge_victim(&v, damaged, v.size, "exchanged sector", i);
		}
		free(damaged);
	}
}

/* A copy in place that did not come to its end: the new file's beginning, the old one's rest. */
static void an_older_tables_rest_is_never_believed(void **state)
{
	(void)state;
	static const struct site_times then = {0, SITE_NOW + 1000, SITE_NOW - 100, SITE_NOW + 10};
	site_make(&then, SEED, false, &older);
	assert_int_equal(older.table_size, sound.table_size);
	uint8_t *torn = malloc(sound.table_size);
	assert_non_null(torn);
	for (size_t i = sizeof(struct table_header); i <= sound.table_size; i++) {
		memcpy(torn, sound.table, i);
		memcpy(torn + i, older.table + i, sound.table_size - i);
		judge((struct slice){sound.snapshot, sound.snapshot_size},
			(struct slice){torn, sound.table_size}, "torn", i);
	}
	free(torn);
	site_free(&older);
}

/* The same with a snapshot of another key, whose signature no relying party would accept: either file as a whole, or none. */
static void torn_between_two_keys_a_snapshot_answers_nothing(void **state)
{
	static struct site_answer given;
	unsigned long torn_ones = 0;
	(void)state;
	site_make(&times, OTHER_SEED, true, &older);
	assert_int_equal(older.snapshot_size, sound.snapshot_size);
	uint8_t *torn = malloc(sound.snapshot_size);
	assert_non_null(torn);
	for (size_t i = 0; i <= sound.snapshot_size; i += is_long() ? 1 : 8) {
		memcpy(torn, sound.snapshot, i);
		memcpy(torn + i, older.snapshot + i, sound.snapshot_size - i);
		inputs++;
		site_ask((struct slice){torn, sound.snapshot_size},
			(struct slice){sound.table, sound.table_size}, SITE_REVOKED, SITE_NOW, &given);
		if (memcmp(torn, sound.snapshot, sound.snapshot_size) == 0) {
			assert_true(bytes_equal(given.answer.der, right[SITE_REVOKED]));
		} else if (memcmp(torn, older.snapshot, sound.snapshot_size) == 0) {
			assert_int_equal(given.answer.status, RESPONSE_SUCCESSFUL);
		} else {
			torn_ones++;
			if (given.answer.status != RESPONSE_INTERNAL_ERROR)
				fail_msg("torn at %zu: %s", i, response_status_name(given.answer.status));
		}
	}
	assert_true(torn_ones > 0);
	free(torn);
	site_free(&older);
}

#define BOTH(test)                                                                                           \
	{#test "_snapshot", test, NULL, NULL, NULL},                                                         \
	{                                                                                                    \
#test "_table", test, NULL, NULL, right                                                      \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		BOTH(every_octet_changed),
		BOTH(cut_at_every_octet),
		BOTH(zeros_from_every_octet_on),
		BOTH(sectors_lost_or_exchanged),
		cmocka_unit_test(an_older_tables_rest_is_never_believed),
		cmocka_unit_test(torn_between_two_keys_a_snapshot_answers_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
