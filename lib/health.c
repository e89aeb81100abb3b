#include "health.h"

#include "delegate.h"

static bool can_sign(const struct snapshot *snapshot, const struct ca *ca, int64_t now, struct log *log)
{
	struct snapshot_fault fault = {0};
	struct buffer *note = NULL;
	switch (delegate_any(snapshot, ca, now, &fault)) {
	case DELEGATE_CHOSEN:
		return true;
	case DELEGATE_NONE_VALID:
		note = log_note(log, LOG_ERROR);
		bytes_append_text(note, "no signer of CA ");
		bytes_append(note, ca->name);
		bytes_append_text(note, " is valid now");
		return false;
	case DELEGATE_BROKEN:
		break;
	}
	snapshot_fault_text(&fault, log_note(log, LOG_ERROR));
	return false;
}

static bool table_serves(struct status *status, const struct ca *ca, int64_t now, struct log *log)
{
	struct status_times times = {0};
	return status_lookup(status, ca, NULL, 0, now, NULL, &times, log) == RESPONSE_SUCCESSFUL;
}

static bool redis_serves(struct status *status, struct log *log)
{
	if (status->has_redis)
		return status_redis_ping(&status->redis, log) == RESPONSE_SUCCESSFUL;
	snapshot_fault_text(&status->redis_fault, log_note(log, LOG_ERROR));
	return false;
}

bool health(const struct snapshot *snapshot, struct status *status, int64_t now, struct log *log)
{
	uint64_t offset = snapshot->header.cas_offset;
	bool redis_would_help = false;
	for (uint32_t i = 0; i < snapshot->header.ca_count; i++) {
		struct snapshot_fault fault = {0};
		struct ca ca;
		if (!snapshot_ca_at(snapshot, offset, &ca, &offset, &fault)) {
			snapshot_fault_text(&fault, log_note(log, LOG_ERROR));
			break; /* where the next one begins is not known */
		}
		if (!can_sign(snapshot, &ca, now, log))
			continue;
		if (ca.fixed.status == SNAPSHOT_STATUS_REDIS)
			redis_would_help = true;
		else if (table_serves(status, &ca, now, log))
			return true;
	}
	return redis_would_help && redis_serves(status, log);
}
