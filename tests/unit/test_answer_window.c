/* answer: the validator of cache_window (conformance H9a): one for one state, another for whatever tells two answers apart. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "answer.h"
#include "ctl/table/table_write.h"
#include "der.h"
#include "snapshot_sample.h"

#define WINDOW 300
#define START  (6000000 * (int64_t)WINDOW) /* a window's first second */

/* All that may differ between two answers. */
struct scene {
	const char *name;
	int64_t now;
	uint32_t window;
	uint8_t serial;
	size_t hash; /* of the CertID, enum certid_hash */
	enum cert_status status;
	int64_t revocation_time;
	int reason;
	int64_t table_this_update, table_next_update, validity, signer_not_before;
	enum sign_algorithm algorithm;
	struct slice signer, chain;
	bool include_signer;
	uint32_t archive_cutoff_days;
	const char *key; /* 32 octets */
	uint32_t deadline_ms;
};

static struct scene usual(void)
{
	return (struct scene){
		.now = START + 10,
		.window = WINDOW,
		.serial = 5,
		.hash = CERTID_SHA1,
		.status = CERT_STATUS_REVOKED,
		.revocation_time = 1000000,
		.reason = CRL_REASON_SUPERSEDED,
		.table_this_update = START - 1000,
		.table_next_update = START + 1000000,
		.validity = 1000, /* no multiple of the window */
		.algorithm = SIGN_ED25519,
		.signer = SLICE("\x30\x01s"),
		.chain = SLICE("\x30\x01"
			       "c"),
		.include_signer = true,
		.key = "0123456789abcdef0123456789abcdef",
		.deadline_ms = 5000,
	};
}

/* One scene, played. */
static struct stage {
	struct sample_hashes hashes;
	struct write_ca ca;
	uint8_t *snapshot_octets, *table_octets;
	struct snapshot snapshot;
	struct status status;
	struct log log;
	struct decision decision;
	struct answer answer;
} stage;

static void make_snapshot(const struct scene *scene)
{
	struct snapshot_fault fault = {0};
	const char *why = NULL;
	size_t size = 0;
	struct write_settings settings = sample_settings;
	struct write_signer signer = {
		.key = {scene->algorithm, 1, {{(const uint8_t *)scene->key, 32}}},
		.include_certificate = scene->include_signer,
		.responder_id = SLICE("\xA2\x02\x04\x00"),
		.certificate = {scene->signer, scene->signer_not_before, INT64_MAX},
	};
	struct write_cert chain = {scene->chain, 0, INT64_MAX};
	settings.nonce = SNAPSHOT_NONCE_IGNORE;
	settings.cache_window = scene->window;
	settings.deadline_ms = scene->deadline_ms;
	stage.ca.signer_count = 1;
	stage.ca.signers = &signer;
	stage.ca.chain_count = 1;
	stage.ca.chain = &chain;
	stage.ca.validity_seconds = scene->validity;
	stage.ca.archive_cutoff_days = scene->archive_cutoff_days;
	stage.snapshot_octets = snapshot_write(&settings, &stage.ca, 1, &size, &why);
	if (!stage.snapshot_octets)
		fail_msg("%s: %s", scene->name, why);
	assert_true(snapshot_read(&stage.snapshot, (struct slice){stage.snapshot_octets, size}, &fault));
}

static void make_table(const struct scene *scene)
{
	struct snapshot_fault fault = {0};
	struct table_rows rows = {0};
	struct messages m = {0};
	size_t size = 0;
	struct table_entry entry = {scene->status, scene->revocation_time, scene->reason};
	struct table_header header = {.kind = TABLE_INDEX,
		.this_update = scene->table_this_update,
		.next_update = scene->table_next_update};
	memcpy(header.name_hash, stage.ca.name_hash[CERTID_SHA256].data, sizeof header.name_hash);
	memcpy(header.key_hash, stage.ca.key_hash[CERTID_SHA256].data, sizeof header.key_hash);
	assert_true(table_rows_add(
		&rows, (struct slice){&scene->serial, 1}, &entry, (struct place){"scene", 1, 0}, &m));
	stage.table_octets = table_build(&rows, &header, &size, &m);
	table_rows_free(&rows);
	assert_non_null(stage.table_octets);
	stage.status.snapshot = &stage.snapshot;
	stage.status.table_count = 1;
	stage.status.tables[0].path = "ca.table";
	assert_true(table_read(&stage.status.tables[0], (struct slice){stage.table_octets, size}, &fault));
}

/* OCSPRequest with one CertID. */
static struct slice make_request(const struct scene *scene)
{
	static const struct slice algorithms[] = {
		SAMPLE("\x30\x07\x06\x05\x2B\x0E\x03\x02\x1A"),
		SAMPLE("\x30\x0B\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"),
	};
	static uint8_t storage[512];
	struct der_writer w = der_writer(storage, sizeof storage);
	der_put_element(&w, DER_INTEGER, (struct slice){&scene->serial, 1});
	der_put_element(&w, DER_OCTET_STRING, stage.ca.key_hash[scene->hash]);
	der_put_element(&w, DER_OCTET_STRING, stage.ca.name_hash[scene->hash]);
	der_put(&w, algorithms[scene->hash]);
	for (size_t i = 0; i < 5; i++) /* CertID, Request, requestList, TBSRequest, OCSPRequest */
		der_wrap(&w, DER_SEQUENCE, sizeof storage);
	assert_false(w.failed);
	return der_written(&w);
}

static void decide(const struct scene *scene)
{
	memset(&stage, 0, sizeof stage);
	stage.ca = (struct write_ca){
		.name = SLICE("ca"), .status = SNAPSHOT_STATUS_TABLE, .table_path = "/tables/ca.table"};
	sample_give_hashes(&stage.ca, &stage.hashes, 1);
	make_snapshot(scene);
	make_table(scene);
	assert_true(sign_start());
	log_start(&stage.log, 1);
	answer_decide(&stage.snapshot, &stage.status, make_request(scene), scene->now, &stage.log,
		&stage.decision, &stage.answer);
}

static void end(void)
{
	free(stage.snapshot_octets);
	free(stage.table_octets);
}

/* The validator and the octets of a whole answer. */
struct outcome {
	uint8_t validator[ANSWER_VALIDATOR], der[2048];
	size_t len;
};

static struct outcome outcome_of(const struct scene *scene)
{
	struct outcome outcome = {0};
	decide(scene);
	if (stage.answer.status != RESPONSE_SUCCESSFUL || !stage.answer.has_validator)
		fail_msg("%s: %s, validator: %d", scene->name, response_status_name(stage.answer.status),
			stage.answer.has_validator);
	assert_int_equal(stage.answer.der.len, 0);
	memcpy(outcome.validator, stage.answer.validator, sizeof outcome.validator);
	answer_sign(&stage.decision, &stage.answer);
	assert_int_equal(stage.answer.status, RESPONSE_SUCCESSFUL);
	assert_in_range(stage.answer.der.len, 1, sizeof outcome.der);
	memcpy(outcome.der, stage.answer.der.data, stage.answer.der.len);
	outcome.len = stage.answer.der.len;
	end();
	return outcome;
}

#define CASE(case_name, ...)                                                                                 \
	do {                                                                                                 \
		struct scene scene = usual();                                                                \
		scene.name = case_name;                                                                      \
		__VA_ARGS__;                                                                                 \
		check(&scene);                                                                               \
	} while (0)

static void assert_same(const struct scene *scene)
{
	struct scene first = usual();
	struct outcome a = outcome_of(&first);
	struct outcome b = outcome_of(scene);
	if (memcmp(a.validator, b.validator, sizeof a.validator) != 0)
		fail_msg("%s: another validator", scene->name);
	if (a.len != b.len || memcmp(a.der, b.der, a.len) != 0)
		fail_msg("%s: other octets of a deterministic signature", scene->name);
}

static void one_state_has_one_validator_and_the_same_octets(void **state)
{
	void (*check)(const struct scene *) = assert_same;
	(void)state;
	CASE("again", (void)scene);
	CASE("first_second_of_the_window", scene.now = START);
	CASE("last_second_of_the_window", scene.now = START + WINDOW - 1);
	CASE("where_validity_is_no_multiple_of_the_window", scene.now = START + WINDOW - 1000 % WINDOW + 1);
	CASE("what_no_client_sees", scene.deadline_ms = 1234);
	CASE("a_table_of_the_same_window", scene.table_this_update = START - 1001);
	CASE("a_table_that_ends_later_than_the_answer", scene.table_next_update = START + 2000000);
}

static void assert_differs(const struct scene *scene)
{
	struct scene first = usual();
	struct outcome a = outcome_of(&first);
	struct outcome b = outcome_of(scene);
	if (memcmp(a.validator, b.validator, sizeof a.validator) == 0)
		fail_msg("%s: the same validator", scene->name);
}

static void whatever_differs_has_another_validator(void **state)
{
	void (*check)(const struct scene *) = assert_differs;
	(void)state;
	CASE("status", scene.status = CERT_STATUS_GOOD; scene.revocation_time = 0);
	CASE("revocation_time", scene.revocation_time++);
	CASE("reason", scene.reason = CRL_REASON_KEY_COMPROMISE);
	CASE("no_reason", scene.reason = CRL_REASON_NONE);
	CASE("next_window", scene.now = START + WINDOW);
	CASE("window_before", scene.now = START - 1);
	CASE("serial", scene.serial = 6);
	CASE("hash_of_the_certid", scene.hash = CERTID_SHA256);
	CASE("table_this_update", scene.table_this_update -= WINDOW);
	CASE("table_next_update", scene.table_next_update = START + 700);
	CASE("validity", scene.validity += WINDOW);
	CASE("signers_certificate", scene.signer = SLICE("\x30\x01t"));
	CASE("certificate_of_the_chain", scene.chain = SLICE("\x30\x01t"));
	CASE("signer_left_out", scene.include_signer = false);
	CASE("algorithm", scene.algorithm = SIGN_ECDSA_P256_SHA256);
	CASE("archive_cutoff", scene.archive_cutoff_days = 1);
	CASE("length_of_the_window", scene.window = 301);
}

/* byName, a renewed key: only the signature would tell. */
static void a_signer_that_is_not_sent_counts_too(void **state)
{
	struct scene scene = usual();
	(void)state;
	scene.name = "signer_not_sent";
	scene.include_signer = false;
	struct outcome a = outcome_of(&scene);
	scene.signer = SLICE("\x30\x01t");
	struct outcome b = outcome_of(&scene);
	assert_memory_not_equal(a.validator, b.validator, sizeof a.validator);
}

/* NSS judges the signer at producedAt. */
static void produced_at_is_never_before_the_signer(void **state)
{
	struct scene scene = usual();
	(void)state;
	scene.name = "signer_of_this_window";
	scene.signer_not_before = START + 7;
	decide(&scene);
	assert_int_equal(stage.answer.status, RESPONSE_SUCCESSFUL);
	assert_int_equal(stage.decision.response.produced_at, START + 7);
	end();
}

static void all_times_are_multiples_of_the_window(void **state)
{
	struct scene scene = usual();
	(void)state;
	scene.name = "times";
	decide(&scene);
	assert_int_equal(stage.decision.response.produced_at, START);
	assert_int_equal(stage.answer.this_update, START - 1200);
	assert_int_equal(stage.answer.next_update, START + 900);
	end();
}

static void without_a_window_there_is_no_validator(void **state)
{
	struct scene scene = usual();
	(void)state;
	scene.name = "no_window";
	scene.window = 0;
	decide(&scene);
	assert_int_equal(stage.answer.status, RESPONSE_SUCCESSFUL);
	assert_false(stage.answer.has_validator);
	assert_int_equal(stage.decision.response.produced_at, START + 10);
	assert_int_equal(stage.answer.this_update, START - 1000);
	assert_int_equal(stage.answer.next_update, START + 1010);
	end();
}

static void only_deterministic_signatures_are_said_to_be_so(void **state)
{
	struct scene scene = usual();
	(void)state;
	scene.name = "ed25519";
	decide(&scene);
	assert_true(stage.answer.deterministic);
	end();
	scene.algorithm = SIGN_ECDSA_P256_SHA256;
	decide(&scene);
	assert_false(stage.answer.deterministic);
	end();
}

static void deciding_touches_no_private_key(void **state)
{
	struct scene scene = usual();
	(void)state;
	scene.name = "damaged_key";
	struct outcome sound = outcome_of(&scene);
	decide(&scene);
	uint8_t *keys = stage.snapshot_octets + stage.snapshot.header.keys_offset;
	for (size_t i = 0; i < SNAPSHOT_PAGE; i++)
		keys[i] ^= 0x5A;
	answer_decide(&stage.snapshot, &stage.status, make_request(&scene), scene.now, &stage.log,
		&stage.decision, &stage.answer);
	assert_int_equal(stage.answer.status, RESPONSE_SUCCESSFUL);
	assert_true(stage.answer.has_validator);
	assert_memory_equal(stage.answer.validator, sound.validator, sizeof sound.validator);
	answer_sign(&stage.decision, &stage.answer);
	assert_int_equal(stage.answer.status, RESPONSE_INTERNAL_ERROR);
	assert_false(stage.answer.has_validator);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_state_has_one_validator_and_the_same_octets),
		cmocka_unit_test(whatever_differs_has_another_validator),
		cmocka_unit_test(a_signer_that_is_not_sent_counts_too),
		cmocka_unit_test(produced_at_is_never_before_the_signer),
		cmocka_unit_test(all_times_are_multiples_of_the_window),
		cmocka_unit_test(without_a_window_there_is_no_validator),
		cmocka_unit_test(only_deterministic_signatures_are_said_to_be_so),
		cmocka_unit_test(deciding_touches_no_private_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
