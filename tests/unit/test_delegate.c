/* delegate: who signs, over time and by the client's preference (conformance R9, R11), and what goes with it (R4, R6). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/snapshot/snapshot_write.h"
#include "delegate.h"
#include "snapshot_sample.h"

#define SKEW 3600
#define DAY  86400

struct lab {
	struct write_ca ca;
	struct sample_hashes hashes;
	uint8_t *file;
	struct snapshot snapshot;
	struct ca found;
};

static void build(struct lab *lab, const struct write_signer *signers, size_t count,
	const struct write_cert *chain, size_t chain_count)
{
	struct snapshot_fault fault = {0};
	const char *why = NULL;
	size_t size = 0;
	memset(lab, 0, sizeof *lab);
	lab->ca = (struct write_ca){
		.name = SLICE("ca"),
		.status = SNAPSHOT_STATUS_TABLE,
		.table_path = "/tables/ca.table",
		.validity_seconds = 7 * DAY,
		.start_skew_seconds = SKEW,
		.signer_count = count,
		.signers = signers,
		.chain_count = chain_count,
		.chain = chain,
	};
	sample_give_hashes(&lab->ca, &lab->hashes, 1);
	lab->file = snapshot_write(&sample_settings, &lab->ca, 1, &size, &why);
	if (!lab->file)
		fail_msg("%s", why);
	assert_true(snapshot_read(&lab->snapshot, (struct slice){lab->file, size}, &fault));
	struct certid id = sample_certid(&lab->ca, CERTID_SHA1);
	assert_int_equal(snapshot_find_ca(&lab->snapshot, &id, &lab->found, &fault), SNAPSHOT_FOUND);
}

static struct write_signer signer(enum sign_algorithm algorithm, char letter, int64_t from, int64_t to)
{
	static const uint8_t letters[] = "abcdefgh";
	return (struct write_signer){
		.key = {algorithm, 1, {SLICE("0123456789abcdef0123456789abcdef")}},
		.include_certificate = true,
		.responder_id = SLICE("\xA2\x02\x04\x00"),
		.certificate = {{letters + (letter - 'a'), 1}, from, to},
	};
}

/* The letter of the one that signs; '-' where none does. */
static char chosen(const struct lab *lab, const struct request *request, int64_t now)
{
	struct snapshot_fault fault = {0};
	struct signer out;
	enum delegate_result result =
		delegate_choose(&lab->snapshot, &lab->found, request, now, &out, &fault);
	assert_int_not_equal(result, DELEGATE_BROKEN);
	assert_int_equal(delegate_any(&lab->snapshot, &lab->found, now, &fault), result); /* they agree */
	return result == DELEGATE_CHOSEN ? (char)out.certificate.data[0] : '-';
}

/* a: days 0–30, b: days 20–50, c: days 60–90; one algorithm, one snapshot. */
static void the_next_delegate_takes_over_in_time(void **state)
{
	static const struct {
		const char *name;
		int64_t now;
		char expected;
	} cases[] = {
		{"before_the_first", -1, '-'},
		{"first_second_of_the_only_one", 0, 'a'},
		{"in_its_skew_there_is_no_other", SKEW - 1, 'a'},
		{"the_only_one", 10 * DAY, 'a'},
		{"next_is_valid_but_clocks_behind_would_refuse_it", 20 * DAY, 'a'},
		{"last_second_of_the_skew", 20 * DAY + SKEW - 1, 'a'},
		{"skew_has_passed", 20 * DAY + SKEW, 'b'},
		{"last_second_of_the_first", 30 * DAY - 1, 'b'},
		{"first_has_expired", 30 * DAY, 'b'},
		{"last_second_of_the_second", 50 * DAY - 1, 'b'},
		{"gap", 50 * DAY, '-'},
		{"last_second_of_the_gap", 60 * DAY - 1, '-'},
		{"third_alone_in_its_skew", 60 * DAY, 'c'},
		{"after_the_last", 90 * DAY, '-'},
		{"end_of_time", INT64_MAX, '-'},
	};
	const struct write_signer by_time[] = {
		signer(SIGN_ED25519, 'a', 0, 30 * DAY),
		signer(SIGN_ED25519, 'b', 20 * DAY, 50 * DAY),
		signer(SIGN_ED25519, 'c', 60 * DAY, 90 * DAY),
	};
	const struct write_signer reversed[] = {by_time[2], by_time[1], by_time[0]};
	const struct write_signer *orders[] = {by_time, reversed};
	(void)state;
	for (size_t order = 0; order < 2; order++) {
		struct lab lab;
		build(&lab, orders[order], 3, NULL, 0);
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			const struct request request = {0};
			char got = chosen(&lab, &request, cases[i].now);
			if (got != cases[i].expected)
				fail_msg("%s, order %zu: %c", cases[i].name, order, got);
		}
		free(lab.file);
	}
}

static void while_all_are_new_the_earliest_signs(void **state)
{
	const struct write_signer signers[] = {
		signer(SIGN_ED25519, 'a', 30, DAY),
		signer(SIGN_ED25519, 'b', 10, DAY),
		signer(SIGN_ED25519, 'c', 20, DAY),
	};
	const struct request request = {0};
	struct lab lab;
	(void)state;
	build(&lab, signers, 3, NULL, 0);
	assert_int_equal(chosen(&lab, &request, 40), 'b');
	free(lab.file);
}

#define ED25519 SLICE("\x30\x05\x06\x03\x2B\x65\x70")
#define P256    SLICE("\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02")
#define P384    SLICE("\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x03")
#define SHA1RSA SLICE("\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05\x05\x00")
#define NULLED  SLICE("\x30\x0C\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02\x05\x00")
#define ODD     SLICE("\x30\x0B\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02\x00")

/* ecdsa-with-SHA256 and a pubKeyAlgIdentifier */
#define WITH_KEY(key) SLICE("\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02" key)
#define EC            "\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01"
#define P256_CURVE    "\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07"
#define P384_CURVE    "\x06\x05\x2B\x81\x04\x00\x22"

/* a and b: P-256, days 0–30 and 20–50; c: Ed25519, days 0–40. */
static void preference_chooses_the_algorithm_and_time_the_delegate(void **state)
{
	const struct {
		const char *name;
		int64_t now;
		struct slice preferred[3];
		size_t count;
		char expected;
	} cases[] = {
		{"no_preference_is_the_first_listed", DAY, {{NULL, 0}}, 0, 'a'},
		{"no_preference_later", 25 * DAY, {{NULL, 0}}, 0, 'b'},
		{"the_other", DAY, {ED25519}, 1, 'c'},
		{"order_counts", DAY, {ED25519, P256}, 2, 'c'},
		{"order_counts_reversed", DAY, {P256, ED25519}, 2, 'a'},
		{"what_nobody_has_is_passed_over", DAY, {P384, SHA1RSA, ED25519}, 3, 'c'},
		{"sha1_is_never_used", DAY, {SHA1RSA}, 1, 'a'},
		{"preferred_and_in_time", 25 * DAY, {P256}, 1, 'b'},
		{"preferred_has_expired", 45 * DAY, {ED25519}, 1, 'b'},
		{"null_parameters_are_absent_ones", DAY, {NULLED, ED25519}, 2, 'a'},
		{"a_key_of_the_signers_curve", DAY, {WITH_KEY("\x30\x13" EC P256_CURVE), ED25519}, 2, 'a'},
		{"a_key_of_another_curve", DAY, {WITH_KEY("\x30\x10" EC P384_CURVE), ED25519}, 2, 'c'},
		{"a_key_of_another_curve_and_then_of_this", DAY,
			{WITH_KEY("\x30\x10" EC P384_CURVE), WITH_KEY("\x30\x13" EC P256_CURVE)}, 2, 'a'},
		{"a_key_of_any_curve", DAY, {WITH_KEY("\x30\x09" EC), ED25519}, 2, 'a'},
		{"a_key_of_another_kind", DAY, {WITH_KEY("\x30\x05\x06\x03\x2B\x65\x70"), ED25519}, 2, 'c'},
		{"only_a_key_that_nobody_has", DAY, {WITH_KEY("\x30\x10" EC P384_CURVE)}, 1, 'a'},
		{"what_is_no_algorithm_is_passed_over", DAY, {ODD, ED25519}, 2, 'c'},
	};
	const struct write_signer signers[] = {
		signer(SIGN_ECDSA_P256_SHA256, 'a', 0, 30 * DAY),
		signer(SIGN_ECDSA_P256_SHA256, 'b', 20 * DAY, 50 * DAY),
		signer(SIGN_ED25519, 'c', 0, 40 * DAY),
	};
	struct lab lab;
	(void)state;
	build(&lab, signers, 3, NULL, 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct request request = {.preferred_count = cases[i].count};
		for (size_t p = 0; p < cases[i].count; p++)
			request.preferred[p] = cases[i].preferred[p];
		char got = chosen(&lab, &request, cases[i].now);
		if (got != cases[i].expected)
			fail_msg("%s: %c", cases[i].name, got);
	}
	free(lab.file);
}

static void certificates_that_have_expired_are_left_out(void **state)
{
	const struct write_signer signers[] = {signer(SIGN_ED25519, 'a', 0, 30 * DAY)};
	const struct write_cert chain[] = {
		{SLICE("1"), 0, 10 * DAY}, {SLICE("2"), 0, 40 * DAY}, {SLICE("3"), 0, 20 * DAY}};
	const struct {
		int64_t now;
		const char *certs;
		int64_t ends;
	} cases[] = {
		{DAY, "a123", 10 * DAY},
		{10 * DAY - 1, "a123", 10 * DAY},
		{10 * DAY, "a23", 20 * DAY},
		{20 * DAY, "a2", 30 * DAY},
	};
	const struct request request = {0};
	struct lab lab;
	(void)state;
	build(&lab, signers, 1, chain, 3);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct snapshot_fault fault = {0};
		struct slice certs[DELEGATE_CERTS_MAX];
		struct signer by;
		size_t count = 0;
		int64_t ends = INT64_MAX;
		assert_int_equal(
			delegate_choose(&lab.snapshot, &lab.found, &request, cases[i].now, &by, &fault),
			DELEGATE_CHOSEN);
		assert_int_equal(delegate_certificates(&lab.snapshot, &lab.found, &by, cases[i].now, certs,
					 &count, &ends, &fault),
			DELEGATE_CHOSEN);
		assert_int_equal(count, strlen(cases[i].certs));
		for (size_t c = 0; c < count; c++)
			assert_true(bytes_equal(
				certs[c], (struct slice){(const uint8_t *)cases[i].certs + c, 1}));
		assert_int_equal(ends, cases[i].ends);
	}
	free(lab.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_delegate_takes_over_in_time),
		cmocka_unit_test(while_all_are_new_the_earliest_signs),
		cmocka_unit_test(preference_chooses_the_algorithm_and_time_the_delegate),
		cmocka_unit_test(certificates_that_have_expired_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
