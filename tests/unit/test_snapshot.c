/* snapshot, snapshot_write: what goes in comes out, every CA is found by each of its hashes and nothing else is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "snapshot_sample.h"

static uint8_t *write_or_fail(const struct write_ca *cas, size_t count, struct snapshot *s)
{
	struct snapshot_fault fault;
	const char *why = NULL;
	size_t size = 0;
	uint8_t *file = snapshot_write(&sample_settings, cas, count, &size, &why);
	if (!file)
		fail_msg("not written: %s", why);
	if (!snapshot_read(s, (struct slice){file, size}, &fault))
		fail_msg("not read: %s", fault.reason);
	return file;
}

static void settings_round_trip(void **state)
{
	struct snapshot s;
	uint8_t *file = write_or_fail(NULL, 0, &s);
	(void)state;
	assert_int_equal(s.header.nonce, SNAPSHOT_NONCE_REQUIRE);
	assert_int_equal(s.header.cache_headers, 1);
	assert_int_equal(s.header.max_cache_age, 61);
	assert_int_equal(s.header.cache_window, 62);
	assert_int_equal(s.header.deadline_ms, 5003);
	assert_int_equal(s.header.request_octets, 16385);
	assert_int_equal(s.header.certids, 65);
	assert_int_equal(s.header.log_format, LOG_TEXT);
	assert_int_equal(s.header.log_level, LOG_WARNING);
	free(file);
}

static void every_ca_found_by_every_hash_and_whole(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct snapshot s;
	struct snapshot_fault fault;
	struct ca ca;
	(void)state;
	sample_make(cas, hashes);
	uint8_t *file = write_or_fail(cas, SAMPLE_CAS, &s);
	for (size_t i = 0; i < SAMPLE_CAS; i++) {
		for (size_t hash = 0; hash < CERTID_HASHES; hash++) {
			struct certid id = sample_certid(&cas[i], hash);
			assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_FOUND);
			assert_int_equal(sample_same_ca(&s, &ca, &cas[i], &fault), SAMPLE_SAME);
		}
	}
	free(file);
}

static void walking_meets_every_ca_and_table_in_order(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct snapshot s;
	struct snapshot_fault fault;
	struct table_place table;
	struct ca ca;
	(void)state;
	sample_make(cas, hashes);
	uint8_t *file = write_or_fail(cas, SAMPLE_CAS, &s);
	uint64_t at = s.header.cas_offset;
	for (size_t i = 0; i < SAMPLE_CAS; i++) {
		assert_true(snapshot_ca_at(&s, at, &ca, &at, &fault));
		assert_int_equal(ca.fixed.record.number, i);
		assert_true(bytes_equal(ca.name, cas[i].name));
	}
	assert_false(snapshot_signer(&s, &ca, ca.signer_count, &(struct signer){0}, &fault));
	assert_false(snapshot_chain_cert(&s, &ca, 0, &(struct chain_cert){{0}, 0, 0}, &fault));
	assert_false(snapshot_requester(&s, &ca, 0, &(struct requester){0}, &fault));
	assert_int_equal(s.header.table_count, 1); /* beta's and gamma's */
	assert_true(snapshot_table_at(&s, s.header.tables_offset, &table, &at, &fault));
	assert_int_equal(at, s.header.cas_offset);
	free(file);
}

static void other_certids_are_absent(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct snapshot s;
	struct snapshot_fault fault;
	struct ca ca;
	uint8_t changed[CERTID_HASH_MAX];
	(void)state;
	sample_make(cas, hashes);
	uint8_t *file = write_or_fail(cas, SAMPLE_CAS, &s);
	for (size_t hash = 0; hash < CERTID_HASHES; hash++) {
		const struct certid right = sample_certid(&cas[0], hash);
		struct certid ids[] = {right, right, right, right, right, right, right};
		size_t len = right.issuer_name_hash.len;
		memcpy(changed, right.issuer_name_hash.data, len);
		changed[len - 1] ^= 1;
		ids[0].issuer_name_hash.data = changed;          /* differs behind the slot's prefix */
		ids[1].issuer_key_hash = cas[1].key_hash[hash];  /* this name, that key */
		ids[2].issuer_name_hash = right.issuer_key_hash; /* exchanged */
		ids[3].issuer_name_hash.len--;                   /* cut off */
		ids[4].issuer_key_hash.len = 0;                  /* empty */
		ids[5].hash = (enum certid_hash)((hash + 1) % CERTID_HASHES); /* another algorithm */
		ids[6].hash = CERTID_HASHES;                                  /* an unknown one */
		for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
			assert_int_equal(snapshot_find_ca(&s, &ids[i], &ca, &fault), SNAPSHOT_ABSENT);
	}
	free(file);
}

static void hashes_of_equal_beginnings_are_told_apart(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct snapshot s;
	struct snapshot_fault fault;
	struct ca ca;
	(void)state;
	sample_make(cas, hashes);
	for (size_t hash = 0; hash < CERTID_HASHES; hash++) {
		for (size_t i = 1; i < SAMPLE_CAS; i++) {
			memcpy(hashes[i].name[hash], hashes[0].name[hash], 8);
			memcpy(hashes[i].key[hash], hashes[0].key[hash], 8);
		}
	}
	uint8_t *file = write_or_fail(cas, SAMPLE_CAS, &s);
	for (size_t i = 0; i < SAMPLE_CAS; i++) {
		struct certid id = sample_certid(&cas[i], CERTID_SHA256);
		assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_FOUND);
		assert_true(bytes_equal(ca.name, cas[i].name));
	}
	free(file);
}

#define MANY 10000

static void ten_thousand_cas_are_found_and_no_other(void **state)
{
	struct write_ca *cas = calloc(MANY, sizeof *cas);
	struct sample_hashes *hashes = calloc(MANY, sizeof *hashes);
	struct snapshot s;
	struct snapshot_fault fault;
	struct ca ca;
	uint64_t at;
	(void)state;
	assert_true(cas && hashes);
	sample_make(cas, hashes);
	for (size_t i = 0; i < MANY; i++) {
		cas[i] = cas[1];
		sample_give_hashes(&cas[i], &hashes[i], i);
	}
	uint8_t *file = write_or_fail(cas, MANY, &s);
	at = s.header.cas_offset;
	for (size_t i = 0; i < MANY; i++) {
		const uint8_t *record = s.file.data + at;
		assert_true(snapshot_ca_at(&s, at, &ca, &at, &fault));
		for (size_t hash = 0; hash < CERTID_HASHES; hash++) {
			struct certid id = sample_certid(&cas[i], hash);
			assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_FOUND);
			assert_ptr_equal(ca.record.data, record);
			id.issuer_key_hash = cas[(i + 1) % MANY].key_hash[hash];
			assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_ABSENT);
		}
	}
	free(file);
	free(hashes);
	free(cas);
}

static void same_input_same_octets(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct snapshot a, b;
	(void)state;
	sample_make(cas, hashes);
	uint8_t *first = write_or_fail(cas, SAMPLE_CAS, &a);
	uint8_t *second = write_or_fail(cas, SAMPLE_CAS, &b);
	assert_true(bytes_equal(a.file, b.file));
	free(first);
	free(second);
}

static void keys_share_no_page(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct snapshot s;
	(void)state;
	sample_make(cas, hashes);
	uint8_t *file = write_or_fail(cas, SAMPLE_CAS, &s);
	struct slice public_part = {file, (size_t)s.header.keys_offset};
	assert_int_equal(s.header.keys_offset % SNAPSHOT_PAGE, 0);
	assert_int_equal(s.file.len % SNAPSHOT_PAGE, 0);
	assert_null(memmem(public_part.data, public_part.len, "private exponent", 16));
	assert_non_null(memmem(s.file.data, s.file.len, "private exponent", 16));
	assert_null(memmem(public_part.data, public_part.len, "password", 8));
	assert_non_null(memmem(s.file.data, s.file.len, "password", 8));
	free(file);
}

static void assert_not_written(
	const struct write_settings *settings, const struct write_ca *cas, size_t count, const char *reason)
{
	const char *why = NULL;
	size_t size = 0;
	assert_null(snapshot_write(settings, cas, count, &size, &why));
	assert_non_null(why);
	if (!strstr(why, reason))
		fail_msg("refused, but with \"%s\", not \"%s\"", why, reason);
}

static void what_the_reader_would_refuse_is_not_written(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct write_settings settings = sample_settings;
	struct write_signer signer = sample_beta_signers[0];
	(void)state;
	sample_make(cas, hashes);
	settings.certids = 0;
	assert_not_written(&settings, cas, SAMPLE_CAS, "limits.certids");
	sample_give_hashes(&cas[2], &hashes[2], 0);
	assert_not_written(&sample_settings, cas, SAMPLE_CAS, "same name and key");
	sample_make(cas, hashes);
	cas[1].validity_seconds = 0;
	assert_not_written(&sample_settings, cas, SAMPLE_CAS, "out of range");
	sample_make(cas, hashes);
	cas[1].table_path = "beta.table";
	assert_not_written(&sample_settings, cas, SAMPLE_CAS, "not absolute");
	sample_make(cas, hashes);
	cas[0].redis_key = SLICE("");
	assert_not_written(&sample_settings, cas, SAMPLE_CAS, "no Redis key");
	sample_make(cas, hashes);
	cas[0].key_hash[0].len = 32;
	assert_not_written(&sample_settings, cas, SAMPLE_CAS, "lengths");
	sample_make(cas, hashes);
	signer.key.part_count = 0;
	cas[1].signers = &signer;
	assert_not_written(&sample_settings, cas, SAMPLE_CAS, "a part is missing");
}

static void tables_in_nine_folders_are_refused_in_eight_accepted(void **state)
{
	struct write_ca cas[9], sample[SAMPLE_CAS];
	struct sample_hashes hashes[9];
	char paths[9][32];
	struct snapshot s;
	struct snapshot_fault fault;
	struct table_place table;
	(void)state;
	sample_make(sample, hashes);
	for (size_t i = 0; i < 9; i++) {
		cas[i] = sample[1];
		sample_give_hashes(&cas[i], &hashes[i], i);
		snprintf(paths[i], sizeof paths[i], "%s%zu/%zu.table", i == 0 ? "/x" : "/t", i, i);
		cas[i].table_path = paths[i];
	}
	assert_not_written(&sample_settings, cas, 9, "8 folders");
	cas[8].table_path = "/t7/other.table";
	uint8_t *file = write_or_fail(cas, 9, &s);
	uint64_t at = s.header.tables_offset;
	for (size_t i = 0; i < 9; i++) {
		assert_true(snapshot_table_at(&s, at, &table, &at, &fault));
		assert_int_equal(table.number, i);
		assert_int_equal(table.folder_number, i < 8 ? i : 7);
		assert_int_equal(table.folder_length, 3);
	}
	free(file);
}

static void redis_is_there_only_where_it_is_asked(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct write_settings settings = sample_settings;
	struct snapshot s;
	struct snapshot_fault fault;
	const char *why = NULL;
	size_t size = 0;
	(void)state;
	sample_make(cas, hashes);
	uint8_t *file = write_or_fail(cas, SAMPLE_CAS, &s);
	assert_int_equal(sample_same_redis(&s, &fault), SAMPLE_SAME);
	free(file);
	settings.redis = NULL;
	file = snapshot_write(&settings, cas, SAMPLE_CAS, &size, &why);
	assert_non_null(file);
	assert_true(snapshot_read(&s, (struct slice){file, size}, &fault));
	assert_int_equal(s.header.redis_offset, 0);
	assert_int_equal(sample_same_redis(&s, &fault), SAMPLE_BROKEN);
	free(file);
}

static void redis_that_the_reader_would_refuse_is_not_written(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct write_settings settings = sample_settings;
	struct redis_settings redis = sample_redis;
	(void)state;
	sample_make(cas, hashes);
	settings.redis = &redis;
	redis.timeout_ms = 0;
	assert_not_written(&settings, cas, SAMPLE_CAS, "out of range");
	redis = sample_redis;
	redis.address_count = 0;
	assert_not_written(&settings, cas, SAMPLE_CAS, "an address");
	redis = sample_redis;
	redis.addresses[0].path.len = 0;
	assert_not_written(&settings, cas, SAMPLE_CAS, "an address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_round_trip),
		cmocka_unit_test(every_ca_found_by_every_hash_and_whole),
		cmocka_unit_test(walking_meets_every_ca_and_table_in_order),
		cmocka_unit_test(other_certids_are_absent),
		cmocka_unit_test(hashes_of_equal_beginnings_are_told_apart),
		cmocka_unit_test(ten_thousand_cas_are_found_and_no_other),
		cmocka_unit_test(same_input_same_octets),
		cmocka_unit_test(keys_share_no_page),
		cmocka_unit_test(redis_is_there_only_where_it_is_asked),
		cmocka_unit_test(redis_that_the_reader_would_refuse_is_not_written),
		cmocka_unit_test(what_the_reader_would_refuse_is_not_written),
		cmocka_unit_test(tables_in_nine_folders_are_refused_in_eight_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
