/* sign_hedge: the random octets of one signature depend on everything they should, and are never given out twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sign_parts.h"

#include <openssl/evp.h>

#define SECRET SLICE("0123456789abcdef0123456789abcdef")
#define DIGEST SLICE("digestdigestdigestdigestdigest!!")

static const struct sign_hedge fixed = {.drawn = true, .fresh = "thirty-two octets of getrandom.."};

static void begin(struct sign_hedge *hedge, struct slice secret, struct slice digest)
{
	assert_true(sign_hedge_begin(hedge, secret, digest));
}

/* SHA-512(secret ‖ digest ‖ fresh ‖ counter), computed apart. */
static void expected_block(uint64_t counter, uint8_t block[64])
{
	uint8_t octets[512];
	struct buffer input = bytes_buffer(octets, sizeof octets);
	bytes_append(&input, SECRET);
	bytes_append(&input, DIGEST);
	bytes_append(&input, (struct slice){fixed.fresh, sizeof fixed.fresh});
	for (unsigned i = 0; i < 8; i++)
		bytes_append_char(&input, (char)(counter >> 8 * i & 0xFF));
	EVP_Q_digest(NULL, "SHA512", NULL, octets, input.len, block, NULL);
}

static void octets_are_sha512_in_counter_mode(void **state)
{
	struct sign_hedge hedge = fixed;
	uint8_t out[150], blocks[3][64];
	(void)state;
	begin(&hedge, SECRET, DIGEST);
	assert_true(sign_hedge_generate(&hedge, out, sizeof out));
	for (uint64_t i = 0; i < 3; i++)
		expected_block(i + 1, blocks[i]);
	assert_memory_equal(out, blocks, sizeof out);
}

/* P-384 asks three times, P-521 for 66 octets at once: what a call leaves of a block is not continued. */
static void calls_share_no_block(void **state)
{
	struct sign_hedge hedge = fixed;
	uint8_t first[66], second[48], block[64];
	(void)state;
	begin(&hedge, SECRET, DIGEST);
	assert_true(sign_hedge_generate(&hedge, first, sizeof first));
	assert_true(sign_hedge_generate(&hedge, second, sizeof second));
	expected_block(3, block);
	assert_memory_equal(second, block, sizeof second);
}

static void same_message_again_has_other_octets(void **state)
{
	static uint8_t out[200][32];
	struct sign_hedge hedge = fixed;
	(void)state;
	for (size_t i = 0; i < 200; i++) {
		begin(&hedge, SECRET, DIGEST);
		assert_true(sign_hedge_generate(&hedge, out[i], sizeof out[i]));
		sign_hedge_end(&hedge);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(out[i], out[j], sizeof out[i]);
	}
}

static void octets_depend_on_secret_digest_and_fresh(void **state)
{
	uint8_t out[4][32];
	struct slice secret[4] = {SECRET, SLICE("0123456789abcdef0123456789abcdeF"), SECRET, SECRET};
	struct slice digest[4] = {DIGEST, DIGEST, SLICE("digestdigestdigestdigestdigest!?"), DIGEST};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct sign_hedge hedge = fixed;
		hedge.fresh[31] ^= i == 3;
		begin(&hedge, secret[i], digest[i]);
		assert_true(sign_hedge_generate(&hedge, out[i], sizeof out[i]));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(out[i], out[j], sizeof out[i]);
	}
}

static void nothing_comes_before_begin_or_after_end(void **state)
{
	struct sign_hedge hedge = fixed;
	uint8_t out[32];
	(void)state;
	assert_false(sign_hedge_generate(&hedge, out, sizeof out));
	begin(&hedge, SECRET, DIGEST);
	assert_true(sign_hedge_generate(&hedge, out, sizeof out));
	sign_hedge_end(&hedge);
	assert_false(sign_hedge_generate(&hedge, out, sizeof out));
}

static void nothing_begins_undrawn_or_without_a_secret(void **state)
{
	static uint8_t huge[SIGN_HEDGE_INPUT];
	struct sign_hedge hedge = {0};
	uint8_t out[32];
	(void)state;
	assert_false(sign_hedge_begin(&hedge, SECRET, DIGEST));
	assert_false(sign_hedge_generate(&hedge, out, sizeof out));
	hedge = fixed;
	assert_false(sign_hedge_begin(&hedge, (struct slice){NULL, 0}, DIGEST));
	assert_false(sign_hedge_begin(&hedge, (struct slice){huge, sizeof huge}, DIGEST));
	assert_false(sign_hedge_generate(&hedge, out, sizeof out));
}

static void end_leaves_no_secret(void **state)
{
	static const uint8_t zeros[SIGN_HEDGE_INPUT];
	struct sign_hedge hedge = fixed;
	(void)state;
	begin(&hedge, SECRET, DIGEST);
	sign_hedge_end(&hedge);
	assert_memory_equal(hedge.input, zeros, sizeof zeros);
}

static void draws_differ(void **state)
{
	struct sign_hedge a = {0}, b = {0};
	(void)state;
	assert_true(sign_hedge_draw(&a));
	assert_true(sign_hedge_draw(&b));
	assert_memory_not_equal(a.fresh, b.fresh, sizeof a.fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_are_sha512_in_counter_mode),
		cmocka_unit_test(calls_share_no_block),
		cmocka_unit_test(same_message_again_has_other_octets),
		cmocka_unit_test(octets_depend_on_secret_digest_and_fresh),
		cmocka_unit_test(nothing_comes_before_begin_or_after_end),
		cmocka_unit_test(nothing_begins_undrawn_or_without_a_secret),
		cmocka_unit_test(end_leaves_no_secret),
		cmocka_unit_test(draws_differ),
	};
	return cmocka_run_group_tests_name(sign_implementation(), tests, NULL, NULL);
}
