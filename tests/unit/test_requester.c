/* requester: who is let through, and what the others are told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "requester.h"
#include "response.h"
#include "snapshot_sample.h"
#include "verify_keys.h"

#define NOW 1000

/* Alice's key stands there twice: her certificate of last year, and this year's. */
static struct pair alice, bob, carol, stranger;
static struct write_requester requesters[4];
static struct snapshot snapshot;
static struct ca ca, open_ca;
static uint8_t *file;
static size_t file_size;

static void make_snapshot(void)
{
	struct sample_hashes hashes[SAMPLE_CAS];
	struct write_ca cas[SAMPLE_CAS];
	struct snapshot_fault fault;
	const char *why;
	uint64_t next;
	sample_make(cas, hashes);
	cas[0].requester_count = sizeof requesters / sizeof requesters[0];
	cas[0].requesters = requesters;
	file = snapshot_write(&sample_settings, cas, SAMPLE_CAS, &file_size, &why);
	assert_non_null(file);
	assert_true(snapshot_read(&snapshot, (struct slice){file, file_size}, &fault));
	assert_true(snapshot_ca_at(&snapshot, snapshot.header.cas_offset, &ca, &next, &fault));
	assert_true(snapshot_ca_at(&snapshot, next, &open_ca, &next, &fault));
}

static int set_up(void **state)
{
	(void)state;
	pair_make(&alice, VERIFY_P256, 0);
	pair_make(&bob, VERIFY_P384, 0);
	pair_make(&carol, VERIFY_ED25519, 0);
	pair_make(&stranger, VERIFY_P256, 0);
	requesters[0] = (struct write_requester){alice.key, SLICE("CN=alice"), 0, NOW - 1};
	requesters[1] = (struct write_requester){bob.key, SLICE("CN=bob"), NOW + 1, NOW + 9};
	requesters[2] = (struct write_requester){alice.key, SLICE("CN=alice"), NOW, NOW + 2};
	requesters[3] = (struct write_requester){carol.key, SLICE("CN=carol"), NOW, NOW};
	make_snapshot();
	return sign_start() ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(file);
	pair_free(&alice);
	pair_free(&bob);
	pair_free(&carol);
	pair_free(&stranger);
	return 0;
}

static struct log note;

static enum response_status check(const struct request *request, const struct ca *of, int64_t now)
{
	log_start(&note, 0);
	note.threshold = LOG_DEBUG;
	return requester_check(&snapshot, of, request, now, &note);
}

static void assert_noted(const char *text)
{
	struct slice notes = bytes_written(&note.notes);
	if (notes.len != strlen(text) || memcmp(notes.data, text, notes.len) != 0)
		fail_msg("noted: %.*s", (int)notes.len, (const char *)notes.data);
}

/* A request of which only what requester reads is there. */
static struct request *signed_by(const struct pair *pair)
{
	static uint8_t signature[SIGN_SIGNATURE_MAX];
	static struct request request;
	bool edwards = pair->key.kind == VERIFY_ED25519;
	request.is_signed = true;
	request.tbs = SLICE("tbsRequest");
	request.signature_algorithm =
		sign_algorithm_identifier(edwards ? SIGN_ED25519 : SIGN_ECDSA_P256_SHA256);
	request.signature = pair_sign(pair, edwards ? NULL : "SHA256", -2, request.tbs, signature);
	return &request;
}

static void requesters_are_let_through_while_valid(void **state)
{
	static const struct {
		const struct pair *pair;
		int64_t now;
		enum response_status status;
		const char *noted;
	} cases[] = {
		{&alice, NOW - 1, RESPONSE_SUCCESSFUL, "signed by CN=alice"},
		{&alice, NOW, RESPONSE_SUCCESSFUL, "signed by CN=alice"},
		{&alice, NOW + 2, RESPONSE_SUCCESSFUL, "signed by CN=alice"},
		{&alice, NOW + 3, RESPONSE_UNAUTHORIZED,
			"request signature: the certificate is not valid now, of CN=alice"},
		{&alice, -1, RESPONSE_UNAUTHORIZED,
			"request signature: the certificate is not valid now, of CN=alice"},
		{&bob, NOW, RESPONSE_UNAUTHORIZED,
			"request signature: the certificate is not valid now, of CN=bob"},
		{&bob, NOW + 9, RESPONSE_SUCCESSFUL, "signed by CN=bob"},
		{&carol, NOW, RESPONSE_SUCCESSFUL, "signed by CN=carol"},
		{&stranger, NOW, RESPONSE_UNAUTHORIZED,
			"request signature: by none of this CA's requesters, or false"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum response_status status = check(signed_by(cases[i].pair), &ca, cases[i].now);
		if (status != cases[i].status)
			fail_msg("case %zu: %s", i, response_status_name(status));
		assert_noted(cases[i].noted);
	}
}

static void unsigned_requests_are_told_that_a_signature_is_required(void **state)
{
	static struct request request;
	(void)state;
	assert_int_equal(check(&request, &ca, NOW), RESPONSE_SIG_REQUIRED);
	assert_noted("this CA answers signed requests only (require_signed_requests)");
}

static void what_was_signed_is_tbs_request(void **state)
{
	struct request *request = signed_by(&alice);
	(void)state;
	request->tbs = SLICE("tbsRequesT");
	assert_int_equal(check(request, &ca, NOW), RESPONSE_UNAUTHORIZED);
	request->tbs.len = 0;
	assert_int_equal(check(request, &ca, NOW), RESPONSE_UNAUTHORIZED);
}

static void an_algorithm_that_is_not_known_is_unauthorized(void **state)
{
	struct request *request = signed_by(&alice);
	(void)state;
	request->signature_algorithm = SLICE("\x30\x09\x06\x07\x2A\x86\x48\xCE\x3D\x04\x01");
	assert_int_equal(check(request, &ca, NOW), RESPONSE_UNAUTHORIZED);
	assert_noted("request signature: an algorithm that is not accepted");
}

static void a_ca_without_requesters_asks_for_no_signature(void **state)
{
	static struct request unsigned_request;
	struct request *request = signed_by(&stranger);
	(void)state;
	assert_int_equal(check(&unsigned_request, &open_ca, NOW), RESPONSE_SUCCESSFUL);
	assert_int_equal(check(request, &open_ca, NOW), RESPONSE_SUCCESSFUL);
	request->signature.len = 0;
	assert_int_equal(check(request, &open_ca, NOW), RESPONSE_SUCCESSFUL);
	assert_noted("");
}

/* Under a right checksum, as only a faulty writer could leave it. */
static void a_broken_requester_is_an_internal_error(void **state)
{
	struct ca broken = ca;
	(void)state;
	broken.fixed.requesters.length = sizeof(struct snapshot_requester);
	broken.requester_count = 2;
	assert_int_equal(check(signed_by(&stranger), &broken, NOW), RESPONSE_INTERNAL_ERROR);
	assert_int_equal(note.level, LOG_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requesters_are_let_through_while_valid),
		cmocka_unit_test(unsigned_requests_are_told_that_a_signature_is_required),
		cmocka_unit_test(what_was_signed_is_tbs_request),
		cmocka_unit_test(an_algorithm_that_is_not_known_is_unauthorized),
		cmocka_unit_test(a_ca_without_requesters_asks_for_no_signature),
		cmocka_unit_test(a_broken_requester_is_an_internal_error),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
