#include "answer.h"

#define SECONDS_PER_DAY 86400

/* What is decided of one request, step by step. */
struct decision {
	const struct snapshot *snapshot;
	struct answer_storage *storage;
	struct log *log;
	int64_t now;
	struct ca ca;
	struct signer signer;
	struct status_times times;
	struct response response;
};

void answer_error(enum response_status status, struct answer *out)
{
	*out = (struct answer){0};
	out->status = status;
	out->der = response_error(status);
}

static enum response_status broken(struct decision *d, const struct snapshot_fault *fault)
{
	snapshot_fault_text(fault, log_note(d->log, LOG_ERROR));
	return RESPONSE_INTERNAL_ERROR;
}

static enum response_status decode(struct decision *d, struct slice der)
{
	struct request *request = &d->storage->request;
	struct request_fault fault = {0};
	if (!request_decode(der, d->snapshot->header.certids, request, &fault)) {
		struct buffer *note = log_note(d->log, LOG_INFO);
		bytes_append_text(note, fault.reason);
		if (fault.oid.len > 0) {
			bytes_append_char(note, ' ');
			request_oid_text(fault.oid, note);
		}
		return RESPONSE_MALFORMED_REQUEST;
	}
	for (size_t i = 0; i < request->certid_count; i++)
		log_serial(d->log, request->certids[i].serial_number);
	return RESPONSE_SUCCESSFUL;
}

/* RFC 9654 2.1, conformance N2–N5. */
static enum response_status apply_nonce_policy(struct decision *d)
{
	const struct request *request = &d->storage->request;
	if (d->snapshot->header.nonce == SNAPSHOT_NONCE_IGNORE)
		return RESPONSE_SUCCESSFUL;
	if (request->nonce_state == NONCE_INVALID) {
		log_say(d->log, LOG_INFO, "nonce: not an OCTET STRING of 1 to 128 octets (RFC 9654 2.1)");
		return RESPONSE_MALFORMED_REQUEST;
	}
	if (request->nonce_state == NONCE_ABSENT && d->snapshot->header.nonce == SNAPSHOT_NONCE_REQUIRE) {
		log_say(d->log, LOG_INFO, "nonce: absent, and the configuration requires one");
		return RESPONSE_MALFORMED_REQUEST;
	}
	if (request->nonce_state == NONCE_VALID)
		d->response.nonce = request->nonce;
	return RESPONSE_SUCCESSFUL;
}

static bool same_issuer(const struct certid *a, const struct certid *b)
{
	return a->hash == b->hash && bytes_equal(a->issuer_name_hash, b->issuer_name_hash) &&
	       bytes_equal(a->issuer_key_hash, b->issuer_key_hash);
}

static enum response_status find_ca(struct decision *d, const struct certid *id, struct ca *out)
{
	struct snapshot_fault fault = {0};
	switch (snapshot_find_ca(d->snapshot, id, out, &fault)) {
	case SNAPSHOT_FOUND:
		return RESPONSE_SUCCESSFUL;
	case SNAPSHOT_ABSENT:
		log_say(d->log, LOG_INFO, "issuer is not configured");
		return RESPONSE_UNAUTHORIZED;
	case SNAPSHOT_BROKEN:
		break;
	}
	return broken(d, &fault);
}

/* All CertIDs are of one CA, or the request is unauthorized (conformance Q8, S1). */
static enum response_status find_issuer(struct decision *d)
{
	const struct request *request = &d->storage->request;
	enum response_status result = find_ca(d, &request->certids[0], &d->ca);
	for (size_t i = 1; i < request->certid_count && result == RESPONSE_SUCCESSFUL; i++) {
		struct ca other;
		if (same_issuer(&request->certids[0], &request->certids[i]))
			continue;
		result = find_ca(d, &request->certids[i], &other);
		if (result == RESPONSE_SUCCESSFUL && other.record.data != d->ca.record.data) {
			log_say(d->log, LOG_INFO, "certificates of more than one CA");
			result = RESPONSE_UNAUTHORIZED;
		}
	}
	if (result == RESPONSE_SUCCESSFUL)
		d->log->ca = d->ca.name;
	return result;
}

static enum response_status choose_delegate(struct decision *d)
{
	struct snapshot_fault fault = {0};
	switch (delegate_choose(d->snapshot, &d->ca, &d->storage->request, d->now, &d->signer, &fault)) {
	case DELEGATE_CHOSEN:
		d->response.responder_id = d->signer.responder_id;
		return RESPONSE_SUCCESSFUL;
	case DELEGATE_NONE_VALID:
		log_say(d->log, LOG_ERROR,
			"no signer of this CA is valid now: install a new delegate and run ocspctl compile");
		return RESPONSE_TRY_LATER;
	case DELEGATE_BROKEN:
		break;
	}
	return broken(d, &fault);
}

static enum response_status look_up(struct decision *d, struct status *status)
{
	static const char *const names[] = {"good", "revoked", "unknown"};
	const struct request *request = &d->storage->request;
	struct cert_state *states = d->storage->states;
	enum response_status result = status_lookup(
		status, &d->ca, request->certids, request->certid_count, d->now, states, &d->times, d->log);
	for (size_t i = 0; i < request->certid_count && result == RESPONSE_SUCCESSFUL; i++)
		log_status(d->log, names[states[i].status]);
	return result;
}

/* Conformance R3, R4: thisUpdate ≤ producedAt = now; nextUpdate within everything it relies on. */
static enum response_status set_times(struct decision *d, struct answer *out)
{
	struct snapshot_fault fault = {0};
	out->this_update = d->times.live ? d->now - d->ca.fixed.start_skew_seconds : d->times.this_update;
	out->next_update = d->now + d->ca.fixed.validity_seconds;
	if (!d->times.live && d->times.next_update < out->next_update)
		out->next_update = d->times.next_update;
	d->response.produced_at = d->now;
	d->response.certs = d->storage->certs;
	if (delegate_certificates(d->snapshot, &d->ca, &d->signer, d->now, d->storage->certs,
		    &d->response.cert_count, &out->next_update, &fault) != DELEGATE_CHOSEN)
		return broken(d, &fault);
	return RESPONSE_SUCCESSFUL;
}

static void set_singles(struct decision *d, struct answer *out)
{
	struct request *request = &d->storage->request;
	int64_t days = d->ca.fixed.archive_cutoff_days;
	for (size_t i = 0; i < request->certid_count; i++) {
		const struct cert_state *state = &d->storage->states[i];
		d->storage->singles[i] = (struct single_response){
			.certid = request->certids[i].der,
			.status = state->status,
			.revocation_time = state->revocation_time,
			.reason = state->reason,
			.this_update = out->this_update,
			.next_update = out->next_update,
			.has_archive_cutoff = days > 0,
			.archive_cutoff = d->now - days * SECONDS_PER_DAY,
		};
		d->response.extended_revoke |= state->extended_revoke;
		out->has_unknown |= state->status == CERT_STATUS_UNKNOWN;
	}
	d->response.single_count = request->certid_count;
	d->response.singles = d->storage->singles;
}

static enum response_status encode(struct decision *d, struct answer *out)
{
	struct answer_storage *storage = d->storage;
	struct snapshot_fault fault = {0};
	struct sign_key key;
	size_t signature_len = 0;
	struct slice tbs = response_encode_tbs(&d->response, storage->tbs, sizeof storage->tbs);
	if (tbs.len == 0) {
		log_say(d->log, LOG_ERROR,
			"response: a time or reason cannot be encoded, or it is too large");
		return RESPONSE_INTERNAL_ERROR;
	}
	if (!snapshot_key(d->snapshot, &d->signer, &key, &fault))
		return broken(d, &fault);
	if (!sign(&key, tbs, storage->signature, &signature_len)) {
		log_say(d->log, LOG_ERROR, "signing failed: run ocspctl check on the snapshot");
		return RESPONSE_INTERNAL_ERROR;
	}
	struct slice signature = {storage->signature, signature_len};
	out->der = response_encode(
		&d->response, tbs, d->signer.algorithm, signature, storage->der, sizeof storage->der);
	if (out->der.len == 0) {
		log_say(d->log, LOG_ERROR, "response: too large");
		return RESPONSE_INTERNAL_ERROR;
	}
	return RESPONSE_SUCCESSFUL;
}

void answer(const struct snapshot *snapshot, struct status *status, struct slice request, int64_t now,
	struct log *log, struct answer_storage *storage, struct answer *out)
{
	struct decision d = {.snapshot = snapshot, .storage = storage, .log = log, .now = now};
	*out = (struct answer){0};
	enum response_status result = decode(&d, request);
	if (result == RESPONSE_SUCCESSFUL)
		result = apply_nonce_policy(&d);
	if (result == RESPONSE_SUCCESSFUL)
		result = find_issuer(&d);
	if (result == RESPONSE_SUCCESSFUL)
		result = choose_delegate(&d);
	if (result == RESPONSE_SUCCESSFUL)
		result = look_up(&d, status);
	if (result == RESPONSE_SUCCESSFUL)
		result = set_times(&d, out);
	if (result == RESPONSE_SUCCESSFUL) {
		set_singles(&d, out);
		result = encode(&d, out);
	}
	if (result != RESPONSE_SUCCESSFUL) {
		answer_error(result, out);
		return;
	}
	out->has_nonce = d.response.nonce.len > 0;
	out->deterministic = sign_is_deterministic(d.signer.algorithm);
}
