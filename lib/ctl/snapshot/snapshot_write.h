/*
 * snapshot_write: the compiled parts of a configuration → the octets of a snapshot (format: lib/snapshot.h). The same
 * input gives the same octets; nothing of time, machine or process gets in.
 */
#ifndef SNAPSHOT_WRITE_H
#define SNAPSHOT_WRITE_H

#include "log.h"
#include "snapshot.h"

struct write_cert {
	struct slice der;
	int64_t not_before, not_after;
};

struct write_signer {
	struct sign_key key; /* .algorithm is the signer's too */
	bool include_certificate;
	struct slice responder_id;
	struct write_cert certificate;
};

struct write_requester {
	struct verify_key key;
	struct slice name;
	int64_t not_before, not_after;
};

struct write_ca {
	struct slice name;
	struct slice name_hash[CERTID_HASHES], key_hash[CERTID_HASHES];
	struct slice redis_key;
	enum snapshot_status status;
	const char *
		table_path; /* absolute, when SNAPSHOT_STATUS_TABLE; CAs that name the same path share its record */
	enum snapshot_unknown unknown_serial;
	uint32_t archive_cutoff_days;
	int64_t validity_seconds, start_skew_seconds;
	size_t signer_count, chain_count, requester_count;
	const struct write_signer *signers;
	const struct write_cert *chain;
	const struct write_requester *requesters; /* none: requests need no signature */
};

struct write_settings {
	enum snapshot_nonce nonce;
	bool cache_headers;
	uint32_t max_cache_age, cache_window, deadline_ms, request_octets, certids;
	enum log_format log_format;
	enum log_level log_level;
	const struct redis_settings *redis; /* NULL: no CA asks Redis */
};

/*
 * The whole file, 8-aligned, in one allocation that the caller wipes (memory_wipe: it holds keys) and frees; *size its
 * octets. NULL: too large for the format (a record beyond 2^31 octets, more than SNAPSHOT_FOLDERS_MAX table folders where
 * there are more than STATUS_TABLES_MAX tables), or something that the responder's reader refuses: every snapshot is read
 * back, and each CA looked up by each of its hashes, before it is handed out; *why says so.
 */
uint8_t *snapshot_write(const struct write_settings *settings, const struct write_ca *cas, size_t ca_count,
	size_t *size, const char **why);

#endif
