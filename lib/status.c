#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void map_tables(struct status *status, const struct snapshot *snapshot)
{
	uint64_t offset = snapshot->header.tables_offset;
	for (size_t i = 0; i < snapshot->header.table_count; i++) {
		struct table_place place;
		struct snapshot_fault *fault = &status->table_faults[i];
		status->table_count = i + 1;
		if (!snapshot_table_at(snapshot, offset, &place, &offset, fault))
			return;
		(void)table_open(&status->tables[i], AT_FDCWD, (const char *)place.path.data, fault);
	}
}

static void open_folder(struct status *status, const struct table_place *place)
{
	char folder[4096];
	struct buffer path = bytes_buffer((uint8_t *)folder, sizeof folder);
	int *fd = &status->folders[place->folder_number];
	if (*fd != STATUS_FOLDER_CLOSED)
		return;
	bytes_append(&path, (struct slice){place->path.data, place->folder_length});
	bytes_append(&path, (struct slice){(const uint8_t *)"", 1});
	*fd = path.failed ? -1 : open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		*fd = path.failed ? -ENAMETOOLONG : -errno;
}

static void open_folders(struct status *status, const struct snapshot *snapshot)
{
	uint64_t offset = snapshot->header.tables_offset;
	for (uint32_t i = 0; i < snapshot->header.table_count; i++) {
		struct table_place place;
		struct snapshot_fault fault = {0};
		if (!snapshot_table_at(snapshot, offset, &place, &offset, &fault))
			return; /* whoever needs that record meets the same fault */
		open_folder(status, &place);
	}
}

static void open_redis(struct status *status, const struct snapshot *snapshot)
{
	struct redis_settings settings;
	(void)snapshot_refuse(&status->redis_fault, snapshot->path,
		offsetof(struct snapshot_header, redis_offset), "no Redis record");
	status->has_redis = snapshot->header.redis_offset != 0 &&
			    snapshot_redis(snapshot, &settings, &status->redis_fault);
	if (status->has_redis)
		status_redis_open(&status->redis, &settings);
}

void status_open(struct status *status, const struct snapshot *snapshot)
{
	status->snapshot = snapshot;
	status->table_count = 0;
	open_redis(status, snapshot);
	for (size_t i = 0; i < SNAPSHOT_FOLDERS_MAX; i++)
		status->folders[i] = STATUS_FOLDER_CLOSED;
	if (snapshot->header.table_count <= STATUS_TABLES_MAX)
		map_tables(status, snapshot);
	else
		open_folders(status, snapshot);
}

/* RFC 5280 5.3.1: what a response may carry; removeFromCRL makes sense in a delta CRL only (conformance S5). */
static bool reason_is_valid(int reason)
{
	return reason >= CRL_REASON_NONE && reason <= CRL_REASON_AA_COMPROMISE && reason != 7 &&
	       reason != CRL_REASON_REMOVE_FROM_CRL;
}

/* RFC 6960 2.2, 4.4.8 (conformance S2): a serial that its CA never issued. */
static enum response_status apply_unknown_policy(const struct ca *ca, struct cert_state *out, struct log *log)
{
	switch ((enum snapshot_unknown)ca->fixed.unknown_serial) {
	case SNAPSHOT_UNKNOWN_REVOKED:
		*out = (struct cert_state){CERT_STATUS_REVOKED, 0, CRL_REASON_CERTIFICATE_HOLD, true};
		return RESPONSE_SUCCESSFUL;
	case SNAPSHOT_UNKNOWN_UNAUTHORIZED:
		log_say(log, LOG_INFO, "serial is not known, and unknown_serial is unauthorized");
		return RESPONSE_UNAUTHORIZED;
	case SNAPSHOT_UNKNOWN:
		break;
	}
	*out = (struct cert_state){CERT_STATUS_UNKNOWN, 0, CRL_REASON_NONE, false};
	return RESPONSE_SUCCESSFUL;
}

/* A complete CRL knows all the bad (S3), a part of one says nothing of the rest (S3a). A negative serial was never issued
 * by anybody (Q10): no source may call it good. */
static enum response_status absent_in_table(const struct table *t, const struct ca *ca,
	const struct certid *id, struct cert_state *out, struct log *log)
{
	bool negative = (id->serial_number.data[0] & 0x80) != 0;
	if (t->header.kind == TABLE_CRL && !negative) {
		*out = (struct cert_state){CERT_STATUS_GOOD, 0, CRL_REASON_NONE, false};
		return RESPONSE_SUCCESSFUL;
	}
	if (t->header.kind == TABLE_CRL_PARTIAL) {
		log_say(log, LOG_INFO, "serial is not in this part of a partitioned CRL");
		return RESPONSE_UNAUTHORIZED;
	}
	return apply_unknown_policy(ca, out, log);
}

static enum response_status broken(const struct snapshot_fault *fault, struct log *log)
{
	snapshot_fault_text(fault, log_note(log, LOG_ERROR));
	return RESPONSE_INTERNAL_ERROR;
}

static enum response_status present_in_table(
	const struct table *t, const struct table_entry *entry, struct cert_state *out, struct log *log)
{
	if (entry->status == CERT_STATUS_REVOKED && !reason_is_valid(entry->reason)) {
		struct buffer *note = log_note(log, LOG_ERROR);
		bytes_append_text(note, "table ");
		bytes_append_text(note, t->path);
		bytes_append_text(note, ": revocation reason ");
		bytes_append_decimal(note, entry->reason);
		bytes_append_text(note, " cannot stand in a response: build the table anew");
		return RESPONSE_INTERNAL_ERROR;
	}
	*out = (struct cert_state){entry->status, entry->revocation_time, entry->reason, false};
	return RESPONSE_SUCCESSFUL;
}

static enum response_status find_in_table(const struct table *t, const struct ca *ca, const struct certid *id,
	struct cert_state *out, struct log *log)
{
	struct snapshot_fault fault = {0};
	struct table_entry entry = {0};
	switch (table_find(t, id->serial_number, &entry, &fault)) {
	case TABLE_FOUND:
		return present_in_table(t, &entry, out, log);
	case TABLE_ABSENT:
		return absent_in_table(t, ca, id, out, log);
	case TABLE_BROKEN:
		break;
	}
	return broken(&fault, log);
}

static enum response_status try_later(const struct table *t, const char *why, int64_t time, struct log *log)
{
	struct buffer *note = log_note(log, LOG_ERROR);
	bytes_append_text(note, "table ");
	bytes_append_text(note, t->path);
	bytes_append_text(note, why);
	log_append_time(note, time);
	bytes_append_text(note, ": look at the job that refreshes it");
	return RESPONSE_TRY_LATER;
}

/* Conformance S7: what is stale or from the future says nothing of today. */
static enum response_status check_table(
	const struct table *t, const struct ca *ca, int64_t now, struct log *log)
{
	if (!table_is_of(t, ca)) {
		struct buffer *note = log_note(log, LOG_ERROR);
		bytes_append_text(note, "table ");
		bytes_append_text(note, t->path);
		bytes_append_text(note, " belongs to another CA: build it with this CA's certificate");
		return RESPONSE_INTERNAL_ERROR;
	}
	if (t->header.this_update > now)
		return try_later(t, " is from the future, thisUpdate ", t->header.this_update, log);
	if (t->header.next_update <= now)
		return try_later(t, " is stale, nextUpdate was ", t->header.next_update, log);
	return RESPONSE_SUCCESSFUL;
}

/* The mapped table of this place, or one that is opened now beneath its folder. NULL: *result and the log say why. */
static const struct table *table_at(struct status *status, const struct table_place *place,
	struct table *opened, enum response_status *result, struct log *log)
{
	const struct snapshot_fault *fault = NULL;
	struct snapshot_fault now_fault = {0};
	if (place->number < status->table_count) {
		fault = &status->table_faults[place->number];
		if (!fault->reason)
			return &status->tables[place->number];
	} else {
		const char *name = (const char *)place->path.data + place->folder_length;
		int folder = status->folders[place->folder_number];
		fault = &now_fault;
		if (folder >= 0 && table_open(opened, folder, name + (*name == '/'), &now_fault))
			return opened;
		if (folder < 0)
			now_fault = (struct snapshot_fault){.offset = SNAPSHOT_NO_OFFSET,
				.reason = "its folder cannot be opened",
				.error = -folder};
		now_fault.file = (const char *)place->path.data; /* the whole path, for the log */
	}
	(void)broken(fault, log);
	*result = fault->error != 0 ? RESPONSE_TRY_LATER : RESPONSE_INTERNAL_ERROR;
	return NULL;
}

static enum response_status lookup_table(struct status *status, const struct ca *ca,
	const struct certid *certids, size_t count, int64_t now, struct cert_state *out,
	struct status_times *times, struct log *log)
{
	struct snapshot_fault fault = {0};
	struct table_place place;
	struct table opened = {0};
	uint64_t next = 0;
	enum response_status result = RESPONSE_SUCCESSFUL;
	if (!snapshot_table_at(status->snapshot, ca->fixed.table_offset, &place, &next, &fault))
		return broken(&fault, log);
	const struct table *t = table_at(status, &place, &opened, &result, log);
	if (!t)
		return result;
	result = check_table(t, ca, now, log);
	for (size_t i = 0; i < count && result == RESPONSE_SUCCESSFUL; i++)
		result = find_in_table(t, ca, &certids[i], &out[i], log);
	*times = (struct status_times){false, t->header.this_update, t->header.next_update};
	return result;
}

/* Q10, S2, S5: what a record of the CA's means. */
static enum response_status judge_record(
	const struct ca *ca, const struct redis_record *record, struct cert_state *out, struct log *log)
{
	if (!record->present)
		return apply_unknown_policy(ca, out, log);
	*out = (struct cert_state){
		(enum cert_status)record->status, record->revocation_time, record->reason, false};
	return RESPONSE_SUCCESSFUL;
}

static enum response_status lookup_redis(struct status *status, const struct ca *ca,
	const struct certid *certids, size_t count, struct cert_state *out, struct status_times *times,
	struct log *log)
{
	if (!status->has_redis)
		return broken(&status->redis_fault, log);
	enum response_status result =
		status_redis_lookup(&status->redis, ca->redis_key, certids, count, status->records, log);
	for (size_t i = 0; i < count && result == RESPONSE_SUCCESSFUL; i++)
		result = judge_record(ca, &status->records[i], &out[i], log);
	*times = (struct status_times){.live = true};
	return result;
}

enum response_status status_lookup(struct status *status, const struct ca *ca, const struct certid *certids,
	size_t count, int64_t now, struct cert_state *out, struct status_times *times, struct log *log)
{
	if (ca->fixed.status == SNAPSHOT_STATUS_TABLE)
		return lookup_table(status, ca, certids, count, now, out, times, log);
	return lookup_redis(status, ca, certids, count, out, times, log);
}
