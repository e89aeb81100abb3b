/*
 * cgi_site: the snapshots and tables that fuzz_cgi.c's program finds, in memory, made by the product's own writers. The CA's
 * hashes are 'N's (name) and 'K's (key), whatever the algorithm, so that a request for it is easily made.
 */
#ifndef CGI_SITE_H
#define CGI_SITE_H

#include <openssl/evp.h>

#include "../unit/snapshot_sample.h"

#include "cgi_surroundings.h"
#include "ctl/table/table_write.h"

#define SERIAL_GOOD    0x1001
#define SERIAL_REVOKED 0x1002
#define SEED           "seed of exactly thirty-two octets" /* of an Ed25519 key: its signatures are easily verified */

enum site_kind {
	SITE_INDEX,
	SITE_CRL,      /* and a cache window, short limits, log lines as text */
	SITE_REVOKING, /* unknown_serial: revoked; a nonce is required */
	SITE_REDIS,    /* that nobody reaches */
	SITE_NOTHING,  /* no snapshot */
	SITE_BARE,     /* no table */
	SITE_CLOSED,   /* signed requests only */
	SITE_STALE,    /* a table of yesterday */
	SITES
};

static struct site {
	uint8_t *snapshot, *table;
	size_t snapshot_size, table_size;
} sites[SITES];
static enum site_kind site_now; /* the one that is asked */

static const struct redis_settings nowhere = {
	.address_count = 1,
	.addresses = {{.family = REDIS_UNIX, .path = SAMPLE("/nowhere/redis.sock")}},
	.timeout_ms = 1,
};

static void make_table(struct site *site, enum site_kind kind)
{
	static const uint8_t serials[2][2] = {{0x10, 0x01}, {0x10, 0x02}};
	static const struct table_entry entries[2] = {
		{CERT_STATUS_GOOD, 0, CRL_REASON_NONE},
		{CERT_STATUS_REVOKED, 1735689600, CRL_REASON_KEY_COMPROMISE},
	};
	struct table_rows rows = {0};
	struct messages m = {0};
	struct table_header header = {
		.kind = kind == SITE_CRL ? TABLE_CRL : TABLE_INDEX,
		.this_update = NOW - 1000,
		.next_update = kind == SITE_STALE ? NOW : NOW + 1000,
	};
	memset(header.name_hash, 'N', sizeof header.name_hash);
	memset(header.key_hash, 'K', sizeof header.key_hash);
	for (size_t i = kind == SITE_CRL; i < 2; i++)
		must(table_rows_add(&rows, (struct slice){serials[i], 2}, &entries[i],
			(struct place){"site", (unsigned)i + 1, 0}, &m));
	site->table = table_build(&rows, &header, &site->table_size, &m);
	must(site->table);
}

static struct write_settings settings_of(enum site_kind kind)
{
	struct write_settings settings = {
		.nonce = SNAPSHOT_NONCE_COPY,
		.cache_headers = true,
		.max_cache_age = SNAPSHOT_NO_MAX_AGE,
		.deadline_ms = 5000,
		.request_octets = 16384,
		.certids = 64,
		.redis = kind == SITE_REDIS ? &nowhere : NULL,
	};
	if (kind == SITE_REVOKING)
		settings.nonce = SNAPSHOT_NONCE_REQUIRE;
	if (kind == SITE_CRL) {
		settings.nonce = SNAPSHOT_NONCE_IGNORE;
		settings.max_cache_age = 60;
		settings.cache_window = 300;
		settings.request_octets = 300;
		settings.certids = 2;
		settings.log_format = LOG_TEXT;
		settings.log_level = LOG_DEBUG;
	}
	return settings;
}

static void make_snapshot(struct site *site, enum site_kind kind)
{
	static uint8_t names[CERTID_HASH_MAX], keys[CERTID_HASH_MAX];
	static const struct write_signer signer = {
		.key = {SIGN_ED25519, 1, {{(const uint8_t *)SEED, 32}}},
		.responder_id = SAMPLE("\xA2\x16\x04\x14 twenty octets of it"),
		.certificate = {SAMPLE("\x30\x00"), 0, NOW + 86400},
	};
	const struct write_settings settings = settings_of(kind);
	struct write_ca ca = {
		.name = SLICE("ca"),
		.redis_key = SLICE("cert:/CN=ca:"),
		.status = kind == SITE_REDIS ? SNAPSHOT_STATUS_REDIS : SNAPSHOT_STATUS_TABLE,
		.table_path = "/site/table",
		.unknown_serial = kind == SITE_REVOKING ? SNAPSHOT_UNKNOWN_REVOKED : SNAPSHOT_UNKNOWN,
		.validity_seconds = 604800,
		.start_skew_seconds = 3600,
		.signer_count = 1,
		.signers = &signer,
		.requester_count = kind == SITE_CLOSED ? 2 : 0,
		.requesters = sample_requesters,
	};
	const char *why = NULL;
	memset(names, 'N', sizeof names);
	memset(keys, 'K', sizeof keys);
	for (size_t i = 0; i < CERTID_HASHES; i++) {
		ca.name_hash[i] = (struct slice){names, sample_hash_octets[i]};
		ca.key_hash[i] = (struct slice){keys, sample_hash_octets[i]};
	}
	site->snapshot = snapshot_write(&settings, &ca, 1, &site->snapshot_size, &why);
	must(site->snapshot);
}

static void make_sites(void)
{
	for (size_t i = 0; i < SITES; i++) {
		if (i != SITE_NOTHING)
			make_snapshot(&sites[i], (enum site_kind)i);
		if (i != SITE_NOTHING && i != SITE_BARE)
			make_table(&sites[i], (enum site_kind)i);
	}
}

static EVP_PKEY *signer_key(void)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)SEED, 32);
	must(key);
	return key;
}

bool __wrap_snapshot_map(
	int folder, const char *path, bool secret, struct slice *file, struct snapshot_fault *fault);

bool __wrap_snapshot_map(
	int folder, const char *path, bool secret, struct slice *file, struct snapshot_fault *fault)
{
	const struct site *site = &sites[site_now];
	(void)folder;
	*file = secret ? (struct slice){site->snapshot, site->snapshot_size}
		       : (struct slice){site->table, site->table_size};
	if (file->data)
		return true;
	*fault = (struct snapshot_fault){path, SNAPSHOT_NO_OFFSET, "cannot be opened", ENOENT, NULL};
	return false;
}

#endif
