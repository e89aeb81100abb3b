/*
 * site_sample: a whole small site in memory, a snapshot with one CA that signs by Ed25519 (the same answer has the same
 * octets) and the table that it asks; and requests for its serials. For what must hold whatever happens to those octets or
 * to the clock. Include cmocka first.
 */
#ifndef SITE_SAMPLE_H
#define SITE_SAMPLE_H

#include "answer.h"
#include "ctl/table/table_write.h"
#include "snapshot_sample.h"

#define SITE_NOW 1800000000

struct site_times {
	int64_t signer_from, signer_until; /* both inclusive */
	int64_t table_from, table_until;
};

/* The snapshot's and the table's octets; the caller frees them. */
struct site_octets {
	uint8_t *snapshot, *table;
	size_t snapshot_size, table_size;
};

enum site_serial { SITE_GOOD, SITE_REVOKED };

static struct sample_hashes site_hashes;
static struct write_ca site_ca;

/* `is_revoked` false: an older table, which knows both serials as good. `seed` (32 octets) is the signer's key. */
static inline void site_make(
	const struct site_times *times, const char *seed, bool is_revoked, struct site_octets *out)
{
	const struct write_signer signer = {
		.key = {SIGN_ED25519, 1, {{(const uint8_t *)seed, 32}}},
		.include_certificate = true,
		.responder_id = SAMPLE("\xA2\x16\x04\x14 twenty octets of it"),
		.certificate = {SAMPLE("\x30\x00"), times->signer_from, times->signer_until},
	};
	const struct write_settings settings = {
		.deadline_ms = 5000, .request_octets = 16384, .certids = 64, .max_cache_age = 60};
	struct table_header header = {
		.kind = TABLE_INDEX, .this_update = times->table_from, .next_update = times->table_until};
	static const struct table_entry good = {CERT_STATUS_GOOD, 0, CRL_REASON_NONE};
	static const struct table_entry revoked = {CERT_STATUS_REVOKED, 100, CRL_REASON_KEY_COMPROMISE};
	struct table_rows rows = {0};
	struct messages m = {0};
	const char *why = NULL;
	site_ca = (struct write_ca){
		.name = SLICE("ca"),
		.status = SNAPSHOT_STATUS_TABLE,
		.table_path = "/tables/ca.table",
		.validity_seconds = 7 * 86400,
		.signer_count = 1,
		.signers = &signer,
	};
	sample_give_hashes(&site_ca, &site_hashes, 1);
	memcpy(header.name_hash, site_hashes.name[CERTID_SHA256], sizeof header.name_hash);
	memcpy(header.key_hash, site_hashes.key[CERTID_SHA256], sizeof header.key_hash);
	assert_true(table_rows_add(&rows, SLICE("\x01"), &good, (struct place){"site", 1, 0}, &m));
	assert_true(table_rows_add(
		&rows, SLICE("\x02"), is_revoked ? &revoked : &good, (struct place){"site", 2, 0}, &m));
	out->snapshot = snapshot_write(&settings, &site_ca, 1, &out->snapshot_size, &why);
	out->table = table_build(&rows, &header, &out->table_size, &m);
	assert_non_null(out->snapshot);
	assert_non_null(out->table);
	assert_true(sign_start());
}

static inline void site_free(struct site_octets *site)
{
	free(site->snapshot);
	free(site->table);
}

/* OCSPRequest for one serial, by SHA-1 hashes. */
static inline struct slice site_request(enum site_serial serial, uint8_t storage[128])
{
	struct buffer out = bytes_buffer(storage, 128);
	bytes_append(
		&out, SLICE("\x30\x42\x30\x40\x30\x3E\x30\x3C\x30\x3A\x30\x09\x06\x05\x2B\x0E\x03\x02\x1A"
			    "\x05\x00\x04\x14"));
	bytes_append(&out, site_ca.name_hash[CERTID_SHA1]);
	bytes_append(&out, SLICE("\x04\x14"));
	bytes_append(&out, site_ca.key_hash[CERTID_SHA1]);
	bytes_append(&out, serial == SITE_GOOD ? SLICE("\x02\x01\x01") : SLICE("\x02\x01\x02"));
	return bytes_written(&out);
}

struct site_answer {
	struct answer answer;
	struct log log;
	struct decision decision;
};

/* As ocsp-cgi does it: a snapshot that cannot be read is an internalError, a table that cannot is one when it is asked. */
static inline void site_ask(struct slice snapshot_octets, struct slice table_octets, enum site_serial serial,
	int64_t now, struct site_answer *out)
{
	static struct status status;
	struct snapshot snapshot;
	struct snapshot_fault fault = {0};
	uint8_t request[128];
	log_start(&out->log, 1);
	if (!snapshot_read(&snapshot, snapshot_octets, &fault)) {
		assert_non_null(fault.reason);
		answer_error(RESPONSE_INTERNAL_ERROR, &out->answer);
		return;
	}
	status.snapshot = &snapshot;
	status.table_count = 1;
	status.tables[0] = (struct table){.path = "ca.table"};
	status.table_faults[0] = (struct snapshot_fault){0};
	(void)table_read(&status.tables[0], table_octets, &status.table_faults[0]);
	for (size_t i = 0; i < SNAPSHOT_FOLDERS_MAX; i++)
		status.folders[i] = STATUS_FOLDER_CLOSED;
	answer_decide(&snapshot, &status, site_request(serial, request), now, &out->log, &out->decision,
		&out->answer);
	answer_sign(&out->decision, &out->answer);
}

#endif
