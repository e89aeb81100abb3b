/* verify: OpenSSL's signatures of every algorithm are accepted, and nothing that differs from them in one bit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "verify_keys.h"

static struct pair pairs[VERIFY_KINDS], others[VERIFY_KINDS], odd_rsa;

static int make_pairs(void **state)
{
	(void)state;
	for (int kind = VERIFY_RSA; kind < VERIFY_KINDS; kind++) {
		pair_make(&pairs[kind], (enum verify_kind)kind, 2048);
		pair_make(&others[kind], (enum verify_kind)kind, 2048);
	}
	pair_make(&odd_rsa, VERIFY_RSA, 2049); /* EMSA-PSS is an octet shorter than the modulus */
	return sign_start() ? 0 : -1;
}

static int free_pairs(void **state)
{
	(void)state;
	for (int kind = VERIFY_RSA; kind < VERIFY_KINDS; kind++) {
		pair_free(&pairs[kind]);
		pair_free(&others[kind]);
	}
	pair_free(&odd_rsa);
	return 0;
}

#define RSA(last)    SLICE("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01" last "\x05\x00")
#define RSA_NO(last) SLICE("\x30\x0B\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01" last)
#define ECDSA(last)  SLICE("\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03" last)
#define NOT_PSS      (-2)

struct accepted {
	enum verify_kind kind;
	const char *hash;
	int salt;
	struct slice algorithm;
};

/* Of each kind of key, each algorithm that it may sign with. */
static size_t list_accepted(struct accepted *out)
{
	const struct accepted all[] = {
		{VERIFY_RSA, "SHA256", NOT_PSS, RSA("\x0B")},
		{VERIFY_RSA, "SHA384", NOT_PSS, RSA("\x0C")},
		{VERIFY_RSA, "SHA512", NOT_PSS, RSA("\x0D")},
		{VERIFY_RSA, "SHA256", NOT_PSS, RSA_NO("\x0B")},
		{VERIFY_RSA, "SHA384", NOT_PSS, RSA_NO("\x0C")},
		{VERIFY_RSA, "SHA512", NOT_PSS, RSA_NO("\x0D")},
		{VERIFY_RSA, "SHA256", 32, sign_algorithm_identifier(SIGN_RSA_PSS_SHA256)},
		{VERIFY_RSA, "SHA384", 48, sign_algorithm_identifier(SIGN_RSA_PSS_SHA384)},
		{VERIFY_RSA, "SHA512", 64, sign_algorithm_identifier(SIGN_RSA_PSS_SHA512)},
		{VERIFY_P256, "SHA256", NOT_PSS, ECDSA("\x02")},
		{VERIFY_P256, "SHA384", NOT_PSS, ECDSA("\x03")},
		{VERIFY_P256, "SHA512", NOT_PSS, ECDSA("\x04")},
		{VERIFY_P384, "SHA256", NOT_PSS, ECDSA("\x02")},
		{VERIFY_P384, "SHA384", NOT_PSS, ECDSA("\x03")},
		{VERIFY_P521, "SHA256", NOT_PSS, ECDSA("\x02")},
		{VERIFY_P521, "SHA512", NOT_PSS, ECDSA("\x04")},
		{VERIFY_ED25519, NULL, NOT_PSS, SLICE("\x30\x05\x06\x03\x2B\x65\x70")},
	};
	memcpy(out, all, sizeof all);
	return sizeof all / sizeof all[0];
}

#define ACCEPTED_MAX 32

static const struct slice tbs = {(const uint8_t *)"tbsRequest", 10};

/* Both steps, as requester takes them. */
static bool verifies(
	const struct verify_key *key, struct slice algorithm, struct slice octets, struct slice signature)
{
	struct verify_message message;
	return verify_begin(&message, algorithm, octets, signature) && verify(&message, key);
}

static void every_algorithm_of_every_key_verifies(void **state)
{
	struct accepted all[ACCEPTED_MAX];
	uint8_t storage[SIGN_SIGNATURE_MAX];
	size_t count = list_accepted(all);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct accepted *a = &all[i];
		struct slice signature = pair_sign(&pairs[a->kind], a->hash, a->salt, tbs, storage);
		if (!verifies(&pairs[a->kind].key, a->algorithm, tbs, signature))
			fail_msg("%s with %s: refused", verify_kind_name(a->kind), a->hash);
		if (verifies(&others[a->kind].key, a->algorithm, tbs, signature))
			fail_msg("%s with %s: another's signature", verify_kind_name(a->kind), a->hash);
		if (verifies(&pairs[a->kind].key, a->algorithm, SLICE("tbsRequesT"), signature))
			fail_msg("%s with %s: another text", verify_kind_name(a->kind), a->hash);
	}
}

static void an_algorithm_verifies_nothing_of_another(void **state)
{
	struct accepted all[ACCEPTED_MAX];
	uint8_t storage[SIGN_SIGNATURE_MAX];
	size_t count = list_accepted(all);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct accepted *a = &all[i];
		struct slice signature = pair_sign(&pairs[a->kind], a->hash, a->salt, tbs, storage);
		for (size_t j = 0; j < count; j++) {
			bool same_hash = a->hash && all[j].hash && strcmp(a->hash, all[j].hash) == 0;
			bool same = i == j ||
				    (same_hash && all[i].kind == all[j].kind && all[i].salt == all[j].salt) ||
				    (same_hash && all[i].kind >= VERIFY_P256 && all[j].kind >= VERIFY_P256);
			for (int kind = VERIFY_RSA; kind < VERIFY_KINDS; kind++)
				if (verifies(&pairs[kind].key, all[j].algorithm, tbs, signature) !=
					(same && kind == (int)a->kind))
					fail_msg("%zu by algorithm %zu and key %d", i, j, kind);
		}
	}
}

/* Every octet of a signature, once each, and two lengths. */
static void a_signature_with_one_bit_flipped_is_false(void **state)
{
	struct accepted all[ACCEPTED_MAX];
	static uint8_t storage[SIGN_SIGNATURE_MAX + 1];
	size_t count = list_accepted(all);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct accepted *a = &all[i];
		const struct verify_key *key = &pairs[a->kind].key;
		struct slice signature = pair_sign(&pairs[a->kind], a->hash, a->salt, tbs, storage);
		for (size_t at = 0; at < signature.len; at += a->kind == VERIFY_RSA ? 17 : 5) {
			storage[at] ^= 0x10;
			assert_false(verifies(key, a->algorithm, tbs, signature));
			storage[at] ^= 0x10;
		}
		storage[signature.len] = 0;
		assert_false(verifies(key, a->algorithm, tbs, (struct slice){storage, signature.len + 1}));
		assert_false(verifies(key, a->algorithm, tbs, (struct slice){storage, signature.len - 1}));
		assert_false(verifies(key, a->algorithm, tbs, (struct slice){storage, 0}));
		assert_true(verifies(key, a->algorithm, tbs, signature));
	}
}

static void pss_of_a_modulus_of_2049_bits_verifies(void **state)
{
	uint8_t storage[SIGN_SIGNATURE_MAX];
	struct slice algorithm = sign_algorithm_identifier(SIGN_RSA_PSS_SHA512);
	struct slice signature = pair_sign(&odd_rsa, "SHA512", 64, tbs, storage);
	(void)state;
	assert_true(verifies(&odd_rsa.key, algorithm, tbs, signature));
	assert_false(verifies(&odd_rsa.key, algorithm, SLICE("other"), signature));
}

static void pss_with_a_salt_of_another_length_is_false(void **state)
{
	static const int salts[] = {0, 20, 31, 33, 222};
	uint8_t storage[SIGN_SIGNATURE_MAX];
	struct slice algorithm = sign_algorithm_identifier(SIGN_RSA_PSS_SHA256);
	(void)state;
	for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++)
		assert_false(verifies(&pairs[VERIFY_RSA].key, algorithm, tbs,
			pair_sign(&pairs[VERIFY_RSA], "SHA256", salts[i], tbs, storage)));
}

static void what_is_no_algorithm_of_ours_is_refused(void **state)
{
	uint8_t storage[SIGN_SIGNATURE_MAX];
	struct slice sha1 = pair_sign(&pairs[VERIFY_RSA], "SHA1", NOT_PSS, tbs, storage);
	const struct slice refused[] = {
		RSA("\x05"),                                                       /* sha1WithRSAEncryption */
		RSA("\x04"),                                                       /* md5 */
		RSA("\x01"),                                                       /* rsaEncryption */
		RSA("\x0E"),                                                       /* sha224 */
		SLICE("\x30\x09\x06\x07\x2A\x86\x48\xCE\x3D\x04\x01"),             /* ecdsa-with-SHA1 */
		ECDSA("\x01"),                                                     /* sha224 */
		SLICE("\x30\x0C\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02\x05\x00"), /* NULL where nothing stands */
		SLICE("\x30\x07\x06\x03\x2B\x65\x70\x05\x00"),
		SLICE("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A\x30\x00"), /* PSS of SHA-1 */
		{NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct verify_message message;
		if (verify_begin(&message, refused[i], tbs, sha1))
			fail_msg("algorithm %zu was taken", i);
	}
}

/* ---- keys ---- */

static void a_point_that_is_not_on_the_curve_verifies_nothing(void **state)
{
	struct pair off = pairs[VERIFY_P256];
	uint8_t storage[SIGN_SIGNATURE_MAX];
	struct slice signature = pair_sign(&pairs[VERIFY_P256], "SHA256", NOT_PSS, tbs, storage);
	(void)state;
	off.octets[0][64] ^= 1;
	off.key.part[0].data = off.octets[0];
	assert_true(verify_key_is_plausible(&off.key));
	assert_false(verifies(&off.key, ECDSA("\x02"), tbs, signature));
}

static void with_exponent_1_nothing_is_its_own_signature(void **state)
{
	struct verify_key key = pairs[VERIFY_RSA].key;
	(void)state;
	key.part[1] = SLICE("\x01");
	assert_false(verify_key_is_plausible(&key));
}

static void keys_that_can_be_none_are_implausible(void **state)
{
	static uint8_t n[SIGN_SIGNATURE_MAX + 1];
	const struct slice e = SLICE("\x01\x00\x01"), point = {n, 65}, none = {NULL, 0};
	const struct verify_key refused[] = {
		{VERIFY_NONE, {{n, 256}, e}},
		{VERIFY_KINDS, {{n, 256}, e}},
		{(enum verify_kind)77, {{n, 256}, e}},
		{VERIFY_RSA, {none, e}},
		{VERIFY_RSA, {{n, 256}, none}},
		{VERIFY_RSA, {{n, 255}, e}},
		{VERIFY_RSA, {{n, 1025}, e}},
		{VERIFY_RSA, {{n + 1, 256}, e}}, /* 2047 bits */
		{VERIFY_RSA, {{n, 256}, SLICE("\x02")}},
		{VERIFY_RSA, {{n, 256}, SLICE("\x00\x03")}},
		{VERIFY_RSA, {{n, 256}, SLICE("123456789")}}, /* longer than 8 octets */
		{VERIFY_P256, {point, none}},                 /* does not begin by 04 */
		{VERIFY_P256, {{n, 64}, none}},
		{VERIFY_P384, {point, none}},
		{VERIFY_ED25519, {{n, 31}, none}},
		{VERIFY_ED25519, {{n, 32}, e}},
	};
	struct verify_key good = {VERIFY_RSA, {{n, 256}, e}};
	(void)state;
	memset(n, 0x7F, sizeof n);
	n[0] = 0xFF;
	assert_true(verify_key_is_plausible(&good));
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (verify_key_is_plausible(&refused[i]))
			fail_msg("key %zu", i);
	n[255] = 0x7E; /* an even modulus */
	assert_false(verify_key_is_plausible(&good));
}

static void kinds_have_names(void **state)
{
	static const char *const names[] = {"none", "rsa", "p256", "p384", "p521", "ed25519", "none"};
	(void)state;
	for (int kind = 0; kind <= VERIFY_KINDS; kind++)
		assert_string_equal(verify_kind_name((enum verify_kind)kind), names[kind]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_of_every_key_verifies),
		cmocka_unit_test(an_algorithm_verifies_nothing_of_another),
		cmocka_unit_test(a_signature_with_one_bit_flipped_is_false),
		cmocka_unit_test(pss_of_a_modulus_of_2049_bits_verifies),
		cmocka_unit_test(pss_with_a_salt_of_another_length_is_false),
		cmocka_unit_test(what_is_no_algorithm_of_ours_is_refused),
		cmocka_unit_test(a_point_that_is_not_on_the_curve_verifies_nothing),
		cmocka_unit_test(with_exponent_1_nothing_is_its_own_signature),
		cmocka_unit_test(keys_that_can_be_none_are_implausible),
		cmocka_unit_test(kinds_have_names),
	};
	return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
