/* arena: blocks that never overlap, are zero, grow in place where they can, and an end that is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "arena.h"

#include <stdalign.h>
#include <string.h>

static void blocks_are_aligned_zero_and_apart(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 4096, 5000};
	uint8_t *before_end = NULL;
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint8_t *block = arena_take(sizes[i]);
		assert_non_null(block);
		assert_int_equal((uintptr_t)block % alignof(max_align_t), 0);
		assert_true(block > before_end);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(block[k], 0);
		memset(block, 0xFF, sizes[i]);
		before_end = block + sizes[i];
	}
}

static void the_last_block_grows_in_place(void **state)
{
	uint8_t *block = arena_take(10);
	(void)state;
	memcpy(block, "0123456789", 10);
	assert_ptr_equal(arena_resize(block, 5000), block);
	assert_memory_equal(block, "0123456789", 10);
	uint8_t *next = arena_take(1);
	assert_true(next >= block + 5000);
}

static void another_block_moves_with_its_octets(void **state)
{
	uint8_t *block = arena_take(16);
	uint8_t *wall = arena_take(16);
	(void)state;
	memcpy(block, "0123456789abcdef", 16);
	memset(wall, 0xEE, 16);
	assert_ptr_equal(arena_resize(block, 3), block);
	uint8_t *moved = arena_resize(block, 64);
	assert_true(moved > wall);
	assert_memory_equal(moved, "0123456789abcdef", 16);
	assert_int_equal(wall[0], 0xEE);
	assert_non_null(arena_resize(NULL, 8));
}

static void an_aligned_block_is_one_like_the_others(void **state)
{
	static const size_t alignments[] = {1, 8, 16, 64, 4096};
	(void)state;
	for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
		uint8_t *wall = arena_take(1);
		*wall = 0xEE;
		uint8_t *block = arena_take_aligned(alignments[i], 100);
		assert_non_null(block);
		assert_int_equal((uintptr_t)block % alignments[i], 0);
		assert_true(block > wall);
		assert_int_equal(block[0] | block[99], 0);
		memset(block, 0xDD, 100);
		assert_int_equal(*wall, 0xEE);
		assert_true((uint8_t *)arena_take(1) >= block + 100);
		assert_memory_equal(arena_resize(block, 200), block, 100);
	}
	assert_null(arena_take_aligned(4096, ARENA_MAX));
}

static void what_is_reserved_is_there_afterwards(void **state)
{
	(void)state;
	arena_reserve(ARENA_MAX - 1000);
	assert_null(arena_take(5000));
	arena_reserve(ARENA_MAX);
	assert_null(arena_take(1));
	assert_null(arena_take_aligned(64, 1));
	arena_reserve(0);
	assert_non_null(arena_take(5000));
}

/* Last: it leaves nothing. */
static void exhaustion_is_told_and_changes_nothing(void **state)
{
	uint8_t *block = arena_take(100);
	(void)state;
	memcpy(block, "kept", 5);
	assert_null(arena_take(SIZE_MAX));
	assert_null(arena_take(SIZE_MAX - 20));
	assert_null(arena_take(ARENA_MAX));
	assert_null(arena_resize(block, SIZE_MAX));
	assert_null(arena_resize(block, SIZE_MAX - 20));
	assert_null(arena_resize(block, ARENA_MAX));
	assert_string_equal((char *)block, "kept");
	size_t taken = 0;
	while (arena_take(4096))
		taken++;
	assert_in_range(taken, ARENA_MAX / 5000, ARENA_MAX / 4096);
	while (arena_take(0))
		taken++;
	assert_null(arena_take(1));
	assert_null(arena_resize(block, 200));
	assert_string_equal((char *)block, "kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_aligned_zero_and_apart),
		cmocka_unit_test(the_last_block_grows_in_place),
		cmocka_unit_test(another_block_moves_with_its_octets),
		cmocka_unit_test(an_aligned_block_is_one_like_the_others),
		cmocka_unit_test(what_is_reserved_is_there_afterwards),
		cmocka_unit_test(exhaustion_is_told_and_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
