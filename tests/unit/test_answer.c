/* answer: times that may go out, what a cache may not keep, and the largest answer, over a snapshot and a table in memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "answer.h"
#include "calendar.h"
#include "ctl/table/table_write.h"
#include "der.h"
#include "snapshot_sample.h"

#define NOW        1800000000
#define REPLY_CERT 65536 /* octets of certificates that ocspctl compile lets into one answer */

/* One CA with a P-256 signer and a table; a case changes what it is about before open_site(). */
static struct site {
	struct write_settings settings;
	struct write_ca ca;
	struct sample_hashes hashes;
	struct write_signer signer;
	struct write_cert chain;
	struct table_header table;
	uint8_t *snapshot_octets, *table_octets;
	struct snapshot snapshot;
	struct status status;
	struct log log;
	struct decision decision;
	struct answer answer;
} site;

static const uint8_t zeros[REPLY_CERT];

static void plan_site(void)
{
	memset(&site, 0, sizeof site);
	site.settings = sample_settings;
	site.settings.nonce = SNAPSHOT_NONCE_COPY;
	site.settings.cache_window = 0;
	site.settings.request_octets = 65536;
	site.settings.certids = REQUEST_CERTIDS_MAX;
	site.signer = (struct write_signer){
		.key = {SIGN_ECDSA_P256_SHA256, 1, {SAMPLE("scalar of thirty-two octets, yes")}},
		.include_certificate = true,
		.responder_id = SAMPLE("\xA2\x02\x04\x00"),
		.certificate = {SAMPLE("\x30\x00"), INT64_MIN, INT64_MAX},
	};
	site.chain = (struct write_cert){SLICE("\x30\x00"), INT64_MIN, INT64_MAX};
	site.ca = (struct write_ca){
		.name = SLICE("ca"),
		.status = SNAPSHOT_STATUS_TABLE,
		.table_path = "/tables/ca.table",
		.validity_seconds = 7 * 86400,
		.start_skew_seconds = 3600,
		.signer_count = 1,
		.signers = &site.signer,
		.chain_count = 1,
		.chain = &site.chain,
	};
	site.table = (struct table_header){
		.kind = TABLE_INDEX, .this_update = NOW - 100, .next_update = NOW + 100};
	sample_give_hashes(&site.ca, &site.hashes, 1);
}

static void open_site(void)
{
	struct snapshot_fault fault = {0};
	struct table_rows rows = {0};
	struct messages m = {0};
	const char *why = NULL;
	size_t size = 0;
	site.snapshot_octets = snapshot_write(&site.settings, &site.ca, 1, &size, &why);
	assert_non_null(site.snapshot_octets);
	assert_true(snapshot_read(&site.snapshot, (struct slice){site.snapshot_octets, size}, &fault));
	memcpy(site.table.name_hash, site.hashes.name[CERTID_SHA256], sizeof site.table.name_hash);
	memcpy(site.table.key_hash, site.hashes.key[CERTID_SHA256], sizeof site.table.key_hash);
	site.table_octets = table_build(&rows, &site.table, &size, &m);
	assert_non_null(site.table_octets);
	site.status.snapshot = &site.snapshot;
	site.status.table_count = 1;
	site.status.tables[0].path = "ca.table";
	assert_true(table_read(&site.status.tables[0], (struct slice){site.table_octets, size}, &fault));
	assert_true(sign_start());
}

static void close_site(void)
{
	free(site.snapshot_octets);
	free(site.table_octets);
}

/* CertID by SHA-512, with a serial of CERTID_SERIAL_MAX octets: the longest that a CA is found by. */
static void put_certid(struct der_writer *w)
{
	size_t end = der_mark(w);
	uint8_t serial[CERTID_SERIAL_MAX];
	memset(serial, 0x11, sizeof serial);
	der_put_element(w, DER_INTEGER, (struct slice){serial, sizeof serial});
	der_put_element(w, DER_OCTET_STRING, site.ca.key_hash[CERTID_SHA512]);
	der_put_element(w, DER_OCTET_STRING, site.ca.name_hash[CERTID_SHA512]);
	der_put(w, SLICE("\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00"));
	der_wrap(w, DER_SEQUENCE, end);
	der_wrap(w, DER_SEQUENCE, end);
}

/* requestExtensions with a nonce of NONCE_MAX octets */
static void put_nonce(struct der_writer *w)
{
	size_t end = der_mark(w);
	der_put_element(w, DER_OCTET_STRING, (struct slice){zeros, NONCE_MAX});
	der_wrap(w, DER_OCTET_STRING, end);
	der_put_element(w, DER_OID, SLICE("\x2B\x06\x01\x05\x05\x07\x30\x01\x02"));
	der_wrap(w, DER_SEQUENCE, end);
	der_wrap(w, DER_SEQUENCE, end);
	der_wrap(w, DER_CONTEXT_CONSTRUCTED(2), end);
}

static void ask(size_t certids, bool nonce, int64_t now)
{
	static uint8_t storage[65536];
	struct der_writer w = der_writer(storage, sizeof storage);
	if (nonce)
		put_nonce(&w);
	size_t list = der_mark(&w);
	for (size_t i = 0; i < certids; i++)
		put_certid(&w);
	der_wrap(&w, DER_SEQUENCE, list);
	der_wrap(&w, DER_SEQUENCE, sizeof storage);
	der_wrap(&w, DER_SEQUENCE, sizeof storage);
	assert_false(w.failed);
	log_start(&site.log, 1);
	answer_decide(
		&site.snapshot, &site.status, der_written(&w), now, &site.log, &site.decision, &site.answer);
	answer_sign(&site.decision, &site.answer);
}

/* ---- times (conformance R3, R4) ---- */

static int64_t least(const int64_t *times, size_t count)
{
	int64_t result = times[0];
	for (size_t i = 1; i < count; i++)
		if (times[i] < result)
			result = times[i];
	return result;
}

static void judge_times(int64_t now)
{
	const struct answer *a = &site.answer;
	const int64_t ends[] = {site.table.next_update, site.signer.certificate.not_after,
		now + site.ca.validity_seconds,
		site.chain.not_after > now ? site.chain.not_after : INT64_MAX};
	if (a->status != RESPONSE_SUCCESSFUL) {
		assert_true(site.table.next_update <= now || site.signer.certificate.not_after <= now);
		assert_int_equal(a->status, RESPONSE_TRY_LATER);
		return;
	}
	assert_true(a->this_update <= site.decision.response.produced_at);
	assert_true(site.decision.response.produced_at <= now);
	assert_true(now < a->next_update);
	assert_true(a->next_update <= least(ends, sizeof ends / sizeof ends[0]));
}

static void ask_with_ends(uint32_t window, int64_t table, int64_t signer, int64_t chain)
{
	plan_site();
	site.settings.cache_window = window;
	site.table.next_update = NOW + table;
	site.signer.certificate.not_after = NOW + signer;
	site.chain.not_after = NOW + chain;
	open_site();
	ask(1, false, NOW);
	judge_times(NOW);
	close_site();
}

static void no_answer_outlives_what_it_relies_on(void **state)
{
	static const int64_t ends[] = {-1, 0, 1, 299, 300, 301, 8 * 86400};
	static const uint32_t windows[] = {0, 1, 7, 300};
	const size_t count = sizeof ends / sizeof ends[0];
	(void)state;
	for (size_t i = 0; i < count * count * count; i++)
		for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++)
			ask_with_ends(windows[w], ends[i % count], ends[i / count % count],
				ends[i / count / count]);
}

static void clocks_that_no_calendar_has_are_internal_errors(void **state)
{
	static const int64_t clocks[] = {INT64_MIN, CALENDAR_MIN - 1, CALENDAR_MAX + 1, INT64_MAX};
	(void)state;
	plan_site();
	open_site();
	for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
		ask(1, false, clocks[i]);
		assert_int_equal(site.answer.status, RESPONSE_INTERNAL_ERROR);
		assert_non_null(strstr((const char *)site.log.note_octets, "clock"));
	}
	close_site();
}

static void clocks_at_the_calendars_ends_are_answered_or_refused(void **state)
{
	static const int64_t clocks[] = {CALENDAR_MIN, 0, CALENDAR_MAX};
	(void)state;
	plan_site();
	site.table.this_update = CALENDAR_MIN;
	site.table.next_update = CALENDAR_MAX;
	open_site();
	ask(1, false, clocks[0]);
	assert_int_equal(site.answer.status, RESPONSE_SUCCESSFUL);
	ask(1, false, clocks[1]);
	assert_int_equal(site.answer.status, RESPONSE_SUCCESSFUL);
	ask(1, false, clocks[2]);
	assert_int_equal(site.answer.status, RESPONSE_TRY_LATER);
	close_site();
}

/* ocspctl compile refuses such a configuration; the responder does not rely on it. */
static void a_window_beyond_the_validity_is_an_internal_error(void **state)
{
	(void)state;
	plan_site();
	site.settings.cache_window = UINT32_MAX;
	open_site();
	ask(1, false, NOW);
	assert_int_equal(site.answer.status, RESPONSE_INTERNAL_ERROR);
	close_site();
}

static void archive_cutoff_before_the_year_0_is_no_answer(void **state)
{
	(void)state;
	plan_site();
	site.ca.archive_cutoff_days = UINT32_MAX;
	open_site();
	ask(1, false, NOW);
	assert_int_equal(site.answer.status, RESPONSE_INTERNAL_ERROR);
	close_site();
}

/* ---- caches and sizes ---- */

/* Issued a moment later, it would stay revoked in every cache (conformance H8). */
static void a_serial_revoked_for_being_unknown_is_told_as_unknown_to_caches(void **state)
{
	(void)state;
	plan_site();
	site.ca.unknown_serial = SNAPSHOT_UNKNOWN_REVOKED;
	open_site();
	ask(1, false, NOW);
	assert_int_equal(site.answer.status, RESPONSE_SUCCESSFUL);
	assert_int_equal(site.decision.states[0].status, CERT_STATUS_REVOKED);
	assert_true(site.decision.response.extended_revoke);
	assert_true(site.answer.has_unknown);
	close_site();
}

/* The most CertIDs, all revoked with a reason and an archive cutoff, a nonce, extended-revoke, 64 KiB of certificates; what
 * is left must hold the longest signature. */
static void the_largest_answer_fits(void **state)
{
	(void)state;
	plan_site();
	site.ca.unknown_serial = SNAPSHOT_UNKNOWN_REVOKED;
	site.ca.archive_cutoff_days = 36500;
	site.signer.certificate.der = (struct slice){zeros, REPLY_CERT / 2};
	site.chain.der = (struct slice){zeros, REPLY_CERT / 2};
	open_site();
	ask(REQUEST_CERTIDS_MAX, true, NOW);
	assert_int_equal(site.answer.status, RESPONSE_SUCCESSFUL);
	assert_int_equal(site.decision.response.single_count, REQUEST_CERTIDS_MAX);
	assert_true(site.answer.has_nonce);
	assert_true(site.answer.der.len + SIGN_SIGNATURE_MAX < ANSWER_MAX);
	close_site();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_answer_outlives_what_it_relies_on),
		cmocka_unit_test(clocks_that_no_calendar_has_are_internal_errors),
		cmocka_unit_test(clocks_at_the_calendars_ends_are_answered_or_refused),
		cmocka_unit_test(a_window_beyond_the_validity_is_an_internal_error),
		cmocka_unit_test(archive_cutoff_before_the_year_0_is_no_answer),
		cmocka_unit_test(a_serial_revoked_for_being_unknown_is_told_as_unknown_to_caches),
		cmocka_unit_test(the_largest_answer_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
