/* sign: a key that is none, or whose numbers do not belong together, gives no signature that is not good. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sign_keys.h"

static const struct slice tbs = {(const uint8_t *)"tbsResponseData", 15};
static uint8_t signature[SIGN_SIGNATURE_MAX];

static void refuse(const struct sign_key *key)
{
	static const uint8_t zeros[SIGN_SIGNATURE_MAX];
	size_t len = 99;
	memset(signature, 0xAA, sizeof signature);
	assert_false(sign(key, tbs, signature, &len));
	assert_int_equal(len, 0);
	assert_memory_equal(signature, zeros, sizeof zeros);
}

/* What leaves sign() verifies under the true key: a faulty CRT signature would give its factors away. */
static void refuse_or_verify(const struct test_key *damaged)
{
	static const uint8_t zeros[SIGN_SIGNATURE_MAX];
	struct slice found = {signature, 0};
	memset(signature, 0xAA, sizeof signature);
	if (sign(&damaged->key, tbs, signature, &found.len))
		assert_true(test_key_verify(damaged, tbs, found));
	else
		assert_memory_equal(signature, zeros, sizeof zeros);
}

static void damaged_rsa_parts_leave_no_faulty_signature(void **state)
{
	static const enum sign_algorithm algorithms[] = {SIGN_RSA_PKCS1_SHA256, SIGN_RSA_PSS_SHA256};
	static struct test_key key;
	(void)state;
	test_key_make(&key, SIGN_RSA_PKCS1_SHA256, 2048);
	for (size_t part = 0; part < SIGN_KEY_PARTS; part++) {
		size_t len = key.key.part[part].len;
		const size_t places[] = {0, len / 3, len / 2, len - 1};
		for (size_t i = 0; i < 8; i++) {
			uint8_t flip = i < 4 ? 0x01 : 0x40;
			key.octets[part][places[i % 4]] ^= flip;
			key.key.algorithm = algorithms[(part + i) % 2];
			refuse_or_verify(&key);
			key.octets[part][places[i % 4]] ^= flip;
		}
	}
	refuse_or_verify(&key);
	test_key_free(&key);
}

static void swapped_and_zeroed_rsa_parts_leave_no_faulty_signature(void **state)
{
	static struct test_key key;
	static uint8_t saved[SIGN_SIGNATURE_MAX];
	(void)state;
	test_key_make(&key, SIGN_RSA_PKCS1_SHA512, 2048);
	for (size_t part = SIGN_E; part < SIGN_KEY_PARTS; part++) {
		struct slice whole = key.key.part[part];
		memcpy(saved, key.octets[part], sizeof saved);
		memset(key.octets[part], 0, whole.len);
		refuse_or_verify(&key);
		key.octets[part][whole.len - 1] = 1;
		refuse_or_verify(&key);
		memset(key.octets[part], 0xFF, whole.len);
		refuse_or_verify(&key);
		memcpy(key.octets[part], saved, sizeof saved);
		key.key.part[part] = key.key.part[part == SIGN_P ? SIGN_DQ : SIGN_P];
		refuse_or_verify(&key);
		key.key.part[part] = whole;
	}
	test_key_free(&key);
}

/* Another key's n is what a signature would be checked against. */
static void rsa_with_a_wrong_modulus_is_refused(void **state)
{
	static struct test_key key, other;
	(void)state;
	test_key_make(&key, SIGN_RSA_PKCS1_SHA256, 2048);
	test_key_make(&other, SIGN_RSA_PKCS1_SHA256, 2048);
	key.key.part[SIGN_N] = other.key.part[SIGN_N];
	refuse(&key.key);
	key.key.algorithm = SIGN_RSA_PSS_SHA384;
	refuse(&key.key);
	test_key_free(&key);
	test_key_free(&other);
}

static void rsa_of_impossible_shape_is_refused(void **state)
{
	static struct test_key key;
	static uint8_t long_n[SIGN_SIGNATURE_MAX + 1] = {0x80};
	(void)state;
	test_key_make(&key, SIGN_RSA_PKCS1_SHA256, 2048);
	const struct sign_key good = key.key;
	for (size_t part = 0; part < SIGN_KEY_PARTS; part++) {
		key.key.part[part].len = 0;
		refuse(&key.key);
		key.key = good;
	}
	key.key.part_count = 7;
	refuse(&key.key);
	key.key = good;
	key.key.part[SIGN_N].len--; /* 2040 bits, and probably even */
	refuse(&key.key);
	key.key.part[SIGN_N] = (struct slice){long_n, sizeof long_n};
	refuse(&key.key);
	key.key = good;
	key.octets[SIGN_N][0] &= 0x7F; /* 2047 bits */
	refuse(&key.key);
	key.octets[SIGN_N][0] |= 0x80;
	key.octets[SIGN_N][255] ^= 1; /* even */
	refuse(&key.key);
	test_key_free(&key);
}

static void scalars_outside_of_the_group_are_refused(void **state)
{
	uint8_t scalar[67];
	(void)state;
	for (int number = SIGN_ECDSA_P256_SHA256; number <= SIGN_ECDSA_P521_SHA512; number++) {
		struct slice order = sign_traits((enum sign_algorithm)number)->order;
		struct sign_key key = {(enum sign_algorithm)number, 1, {{scalar, order.len}}};
		size_t len = 0;
		memset(scalar, 0, sizeof scalar);
		refuse(&key);
		memcpy(scalar, order.data, order.len);
		refuse(&key);
		scalar[order.len - 1]++;
		refuse(&key);
		memset(scalar, 0xFF, sizeof scalar);
		refuse(&key);
		memcpy(scalar, order.data, order.len);
		scalar[order.len - 1]--;
		assert_true(sign(&key, tbs, signature, &len));
		memset(scalar, 0, sizeof scalar);
		scalar[order.len - 1] = 1;
		assert_true(sign(&key, tbs, signature, &len));
	}
}

static void wrong_lengths_and_algorithms_are_refused(void **state)
{
	uint8_t octets[67];
	(void)state;
	memset(octets, 1, sizeof octets);
	for (int number = -1; number <= SIGN_ALGORITHMS; number++) {
		for (size_t len = 0; len <= sizeof octets; len++) {
			struct sign_key key = {(enum sign_algorithm)number, 1, {{octets, len}}};
			const struct sign_traits *traits = sign_traits(key.algorithm);
			bool fits = traits &&
				    (len == traits->order.len || (traits->family == SIGN_EDDSA && len == 32));
			if (!fits || len == 0)
				refuse(&key);
		}
	}
}

static int start(void **state)
{
	(void)state;
	return sign_start() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_rsa_parts_leave_no_faulty_signature),
		cmocka_unit_test(swapped_and_zeroed_rsa_parts_leave_no_faulty_signature),
		cmocka_unit_test(rsa_with_a_wrong_modulus_is_refused),
		cmocka_unit_test(rsa_of_impossible_shape_is_refused),
		cmocka_unit_test(scalars_outside_of_the_group_are_refused),
		cmocka_unit_test(wrong_lengths_and_algorithms_are_refused),
	};
	return cmocka_run_group_tests_name(sign_implementation(), tests, start, NULL);
}
