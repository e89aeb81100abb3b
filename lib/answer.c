#include "answer.h"

#include "caching.h"
#include "calendar.h"
#include "requester.h"

#define SECONDS_PER_DAY 86400

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

/* From here on no sum of the time and a bounded number of seconds can overflow. */
static enum response_status check_clock(struct decision *d)
{
	if (d->now >= CALENDAR_MIN && d->now <= CALENDAR_MAX)
		return RESPONSE_SUCCESSFUL;
	struct buffer *note = log_note(d->log, LOG_ERROR);
	bytes_append_text(note, "the system's clock has no date between the years 0 and 9999: ");
	bytes_append_decimal(note, d->now);
	return RESPONSE_INTERNAL_ERROR;
}

static enum response_status decode(struct decision *d, struct slice der)
{
	struct request *request = &d->request;
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
	const struct request *request = &d->request;
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
	const struct request *request = &d->request;
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
	switch (delegate_choose(d->snapshot, &d->ca, &d->request, d->now, &d->signer, &fault)) {
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
	const struct request *request = &d->request;
	struct cert_state *states = d->states;
	enum response_status result = status_lookup(
		status, &d->ca, request->certids, request->certid_count, d->now, states, &d->times, d->log);
	for (size_t i = 0; i < request->certid_count && result == RESPONSE_SUCCESSFUL; i++)
		log_status(d->log, names[states[i].status]);
	return result;
}

/* Conformance H9a: rounding down to the window must not end what is still to be sent. The end of a certificate or table
 * is the same on every node, rounded or not. */
static int64_t quantise_end(int64_t end, int64_t now, int64_t window)
{
	int64_t rounded = caching_quantise(end, window);
	return rounded > now ? rounded : end;
}

/*
 * NSS asks whether the signer was valid at producedAt: rounding does not go back behind its notBefore, which is the same
 * on every node that this signer answers on.
 */
static int64_t produced_at(const struct decision *d, int64_t rounded)
{
	return rounded < d->signer.not_before ? d->signer.not_before : rounded;
}

/*
 * Conformance R3, R4: thisUpdate ≤ producedAt ≤ now; nextUpdate within everything it relies on. All of it counts from the
 * rounded now, so that it changes with the window and not in the midst of one.
 */
static enum response_status set_times(struct decision *d, struct answer *out)
{
	struct snapshot_fault fault = {0};
	int64_t window = d->snapshot->header.cache_window;
	int64_t now = caching_quantise(d->now, window);
	int64_t this_update = d->times.live ? now - d->ca.fixed.start_skew_seconds : d->times.this_update;
	int64_t next_update = now + d->ca.fixed.validity_seconds;
	if (!d->times.live && d->times.next_update < next_update)
		next_update = d->times.next_update;
	d->response.certs = d->certs;
	if (delegate_certificates(d->snapshot, &d->ca, &d->signer, d->now, d->certs, &d->response.cert_count,
		    &next_update, &fault) != DELEGATE_CHOSEN)
		return broken(d, &fault);
	d->response.produced_at = produced_at(d, now);
	out->this_update = caching_quantise(this_update, window);
	out->next_update = quantise_end(next_update, d->now, window);
	if (out->next_update > d->now)
		return RESPONSE_SUCCESSFUL;
	log_say(d->log, LOG_ERROR, "the answer would be over already: run this version's ocspctl compile");
	return RESPONSE_INTERNAL_ERROR;
}

static void set_singles(struct decision *d, struct answer *out)
{
	struct request *request = &d->request;
	int64_t days = d->ca.fixed.archive_cutoff_days;
	for (size_t i = 0; i < request->certid_count; i++) {
		const struct cert_state *state = &d->states[i];
		d->singles[i] = (struct single_response){
			.certid = request->certids[i].der,
			.status = state->status,
			.revocation_time = state->revocation_time,
			.reason = state->reason,
			.this_update = out->this_update,
			.next_update = out->next_update,
			.has_archive_cutoff = days > 0,
			.archive_cutoff = d->response.produced_at - days * SECONDS_PER_DAY,
		};
		d->response.extended_revoke |= state->extended_revoke;
		out->has_unknown |= state->status == CERT_STATUS_UNKNOWN || state->extended_revoke;
	}
	d->response.single_count = request->certid_count;
	d->response.singles = d->singles;
}

static bool hash_into(struct buffer *out, struct slice octets)
{
	uint8_t digest[SIGN_SHA256_OCTETS];
	bool good = sign_sha256(octets, digest);
	bytes_append(out, (struct slice){digest, sizeof digest});
	return good;
}

/* SHA-256 of tbsResponseData, signer, algorithm and certs: all that tells two answers apart but the signature. */
static bool set_validator(const struct decision *d, struct answer *out)
{
	uint8_t storage[(2 + DELEGATE_CERTS_MAX) * SIGN_SHA256_OCTETS + 128];
	struct buffer parts = bytes_buffer(storage, sizeof storage);
	bool good = hash_into(&parts, d->tbs) && hash_into(&parts, d->signer.certificate);
	bytes_append(&parts, sign_algorithm_identifier(d->signer.algorithm));
	for (size_t i = 0; i < d->response.cert_count && good; i++)
		good = hash_into(&parts, d->certs[i]);
	return good && !parts.failed && sign_sha256(bytes_written(&parts), out->validator);
}

static enum response_status encode_tbs(struct decision *d, struct answer *out)
{
	d->tbs = response_encode_tbs(&d->response, d->tbs_octets, sizeof d->tbs_octets);
	if (d->tbs.len == 0) {
		log_say(d->log, LOG_ERROR,
			"response: a time or reason cannot be encoded, or it is too large");
		return RESPONSE_INTERNAL_ERROR;
	}
	out->has_nonce = d->response.nonce.len > 0;
	out->deterministic = sign_is_deterministic(d->signer.algorithm);
	out->is_private = d->ca.requester_count > 0;
	out->has_validator = d->snapshot->header.cache_window > 0 && set_validator(d, out);
	return RESPONSE_SUCCESSFUL;
}

void answer_decide(const struct snapshot *snapshot, struct status *status, struct slice request, int64_t now,
	struct log *log, struct decision *d, struct answer *out)
{
	d->snapshot = snapshot;
	d->log = log;
	d->now = now;
	d->response = (struct response){0};
	*out = (struct answer){0};
	enum response_status result = check_clock(d);
	if (result == RESPONSE_SUCCESSFUL)
		result = decode(d, request);
	if (result == RESPONSE_SUCCESSFUL)
		result = apply_nonce_policy(d);
	if (result == RESPONSE_SUCCESSFUL)
		result = find_issuer(d);
	if (result == RESPONSE_SUCCESSFUL)
		result = requester_check(snapshot, &d->ca, &d->request, now, log);
	if (result == RESPONSE_SUCCESSFUL)
		result = choose_delegate(d);
	if (result == RESPONSE_SUCCESSFUL)
		result = look_up(d, status);
	if (result == RESPONSE_SUCCESSFUL)
		result = set_times(d, out);
	if (result == RESPONSE_SUCCESSFUL) {
		set_singles(d, out);
		result = encode_tbs(d, out);
	}
	if (result != RESPONSE_SUCCESSFUL)
		answer_error(result, out);
}

static enum response_status sign_and_encode(struct decision *d, struct answer *out)
{
	struct snapshot_fault fault = {0};
	struct sign_key key;
	size_t signature_len = 0;
	if (!snapshot_key(d->snapshot, &d->signer, &key, &fault))
		return broken(d, &fault);
	if (!sign(&key, d->tbs, d->signature, &signature_len)) {
		log_say(d->log, LOG_ERROR, "signing failed: run ocspctl check on the snapshot");
		return RESPONSE_INTERNAL_ERROR;
	}
	struct slice signature = {d->signature, signature_len};
	out->der = response_encode(
		&d->response, d->tbs, d->signer.algorithm, signature, d->der_octets, sizeof d->der_octets);
	if (out->der.len == 0) {
		log_say(d->log, LOG_ERROR, "response: too large");
		return RESPONSE_INTERNAL_ERROR;
	}
	return RESPONSE_SUCCESSFUL;
}

void answer_sign(struct decision *d, struct answer *out)
{
	if (out->status != RESPONSE_SUCCESSFUL)
		return;
	enum response_status result = sign_and_encode(d, out);
	if (result != RESPONSE_SUCCESSFUL)
		answer_error(result, out);
}
