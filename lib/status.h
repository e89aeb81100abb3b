/*
 * status: one question, "what is the certStatus of these serials?", asked of the CA's source. Two sources: status_redis
 * and status_table. Nothing that goes wrong comes out as good, nothing that is merely unreachable as unknown
 * (conformance S4, S7).
 */
#ifndef STATUS_H
#define STATUS_H

#include "log.h"
#include "snapshot.h"
#include "status_redis.h"
#include "status_table.h"

#define STATUS_TABLES_MAX                                                                                    \
	8 /* so many tables are mapped before the request is known; of more, their folders are opened */

/* What a source says of one serial, policies applied. */
struct cert_state {
	enum cert_status status;
	int64_t revocation_time; /* Unix seconds, when revoked */
	int reason;              /* enum crl_reason; CRL_REASON_NONE: not encoded */
	bool extended_revoke;    /* revoked only because it was never issued (RFC 6960 4.4.8) */
};

/* When the answers were known to be right. */
struct status_times {
	bool live; /* asked now: thisUpdate is now − skew, nextUpdate is not bounded by the source */
	int64_t this_update; /* when not live */
	int64_t next_update;
};

#define STATUS_FOLDER_CLOSED (-4096) /* no errno: nobody has tried */

/* The caller's storage; everything that needs opening is opened by status_open(). */
struct status {
	const struct snapshot *snapshot;
	bool has_redis;
	struct status_redis redis;
	struct redis_record records[REQUEST_CERTIDS_MAX];
	struct snapshot_fault redis_fault; /* .reason set: the snapshot does not say how to reach it */
	size_t table_count; /* mapped: one for each table of the snapshot, or 0 when there are more than STATUS_TABLES_MAX */
	struct table tables[STATUS_TABLES_MAX];
	struct snapshot_fault
		table_faults[STATUS_TABLES_MAX]; /* .reason set: it could not be opened; counts if asked */
	int folders[SNAPSHOT_FOLDERS_MAX];       /* -1: not opened */
};

/* Opens and maps what any request may need. Nothing here fails: what is missing counts when it is asked for. */
void status_open(struct status *status, const struct snapshot *snapshot);

/*
 * The states of `count` serials of one CA, in order. Returns successful(0), or tryLater(3) (missing, stale, future,
 * unreachable), internalError(2) (broken), unauthorized(6) (the unknown_serial policy, a partial CRL), with a note in
 * the log that names the file or key. `now` is Unix seconds. A `count` of 0 asks a table only whether it may be believed.
 */
enum response_status status_lookup(struct status *status, const struct ca *ca, const struct certid *certids,
	size_t count, int64_t now, struct cert_state *out, struct status_times *times, struct log *log);

#endif
