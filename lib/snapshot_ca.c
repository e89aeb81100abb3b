#include "snapshot_parts.h"

#include <string.h>

static uint64_t offset_of(const struct snapshot *s, struct slice record)
{
	return (uint64_t)(record.data - s->file.data);
}

static bool ca_values_known(const struct snapshot_ca *ca)
{
	return (ca->status == SNAPSHOT_STATUS_REDIS || ca->status == SNAPSHOT_STATUS_TABLE) &&
	       (ca->status == SNAPSHOT_STATUS_TABLE) == (ca->table_offset != 0) &&
	       ca->unknown_serial <= SNAPSHOT_UNKNOWN_REVOKED && ca->reserved == 0 &&
	       ca->validity_seconds >= 1 && ca->validity_seconds <= SNAPSHOT_SECONDS_MAX &&
	       ca->start_skew_seconds >= 0 && ca->start_skew_seconds <= SNAPSHOT_SECONDS_MAX;
}

/* An array of whole elements. */
static bool count_elements(const struct ca *ca, struct snapshot_span span, size_t size, size_t *count)
{
	struct slice array;
	if (!snapshot_span(ca->record, span, &array))
		return false;
	*count = array.len / size;
	return array.len % size == 0;
}

static bool read_ca_spans(struct ca *ca)
{
	const struct snapshot_ca *fixed = &ca->fixed;
	return snapshot_span(ca->record, fixed->name, &ca->name) &&
	       snapshot_span(ca->record, fixed->redis_key, &ca->redis_key) &&
	       count_elements(ca, fixed->signers, sizeof(struct snapshot_signer), &ca->signer_count) &&
	       count_elements(ca, fixed->chain, sizeof(struct snapshot_cert), &ca->chain_count) &&
	       count_elements(
		       ca, fixed->requesters, sizeof(struct snapshot_requester), &ca->requester_count) &&
	       ca->requester_count <= SNAPSHOT_REQUESTERS_MAX;
}

bool snapshot_ca_at(const struct snapshot *s, uint64_t offset, struct ca *out, uint64_t *next,
	struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	const struct snapshot_region region = {
		h->cas_offset, h->keys_offset, SNAPSHOT_CA, h->ca_count, sizeof out->fixed};
	memset(out, 0, sizeof *out);
	if (!snapshot_record(s, &region, offset, &out->record, fault))
		return false;
	memcpy(&out->fixed, out->record.data, sizeof out->fixed);
	if (!ca_values_known(&out->fixed))
		return snapshot_refuse(fault, s->path, offset, "CA record: a value is out of range");
	if (!read_ca_spans(out))
		return snapshot_refuse(fault, s->path, offset, "CA record: a span leaves the record");
	/* without its prefix, a serial would ask Redis for another's key */
	if (out->fixed.status == SNAPSHOT_STATUS_REDIS && out->redis_key.len == 0)
		return snapshot_refuse(fault, s->path, offset, "CA record: no Redis key");
	*next = offset + out->record.len;
	return true;
}

/* The i-th element of an array inside the CA's record. */
static bool read_element(
	const struct ca *ca, struct snapshot_span array, size_t i, void *element, size_t size)
{
	struct slice octets;
	if (!snapshot_span(ca->record, array, &octets) || i >= octets.len / size)
		return false;
	memcpy(element, octets.data + i * size, size);
	return true;
}

bool snapshot_signer(const struct snapshot *s, const struct ca *ca, size_t i, struct signer *out,
	struct snapshot_fault *fault)
{
	struct snapshot_signer fixed;
	uint64_t offset = offset_of(s, ca->record);
	memset(out, 0, sizeof *out);
	if (!read_element(ca, ca->fixed.signers, i, &fixed, sizeof fixed))
		return snapshot_refuse(fault, s->path, offset, "CA record: no such signer");
	if (fixed.algorithm <= SIGN_NONE || fixed.algorithm >= SIGN_ALGORITHMS ||
		fixed.include_certificate > 1)
		return snapshot_refuse(fault, s->path, offset, "signer: a value is out of range");
	if (!snapshot_span(ca->record, fixed.responder_id, &out->responder_id) ||
		!snapshot_span(ca->record, fixed.certificate.der, &out->certificate))
		return snapshot_refuse(fault, s->path, offset, "signer: a span leaves the record");
	if (out->responder_id.len == 0 || out->certificate.len == 0)
		return snapshot_refuse(fault, s->path, offset, "signer: no ResponderID or no certificate");
	out->algorithm = (enum sign_algorithm)fixed.algorithm;
	out->include_certificate = fixed.include_certificate == 1;
	out->key_offset = fixed.key_offset;
	out->not_before = fixed.certificate.not_before;
	out->not_after = fixed.certificate.not_after;
	return true;
}

bool snapshot_chain_cert(const struct snapshot *s, const struct ca *ca, size_t i, struct chain_cert *out,
	struct snapshot_fault *fault)
{
	struct snapshot_cert fixed;
	uint64_t offset = offset_of(s, ca->record);
	memset(out, 0, sizeof *out);
	if (!read_element(ca, ca->fixed.chain, i, &fixed, sizeof fixed))
		return snapshot_refuse(fault, s->path, offset, "CA record: no such chain certificate");
	if (!snapshot_span(ca->record, fixed.der, &out->der) || out->der.len == 0)
		return snapshot_refuse(
			fault, s->path, offset, "chain certificate: empty, or its span leaves the record");
	out->not_before = fixed.not_before;
	out->not_after = fixed.not_after;
	return true;
}

static bool read_requester(const struct ca *ca, const struct snapshot_requester *fixed, struct requester *out)
{
	for (size_t i = 0; i < VERIFY_KEY_PARTS; i++)
		if (!snapshot_span(ca->record, fixed->parts[i], &out->key.part[i]))
			return false;
	out->key.kind = (enum verify_kind)fixed->kind;
	out->not_before = fixed->not_before;
	out->not_after = fixed->not_after;
	return fixed->kind < VERIFY_KINDS && fixed->reserved == 0 &&
	       snapshot_span(ca->record, fixed->name, &out->name) && verify_key_is_plausible(&out->key);
}

bool snapshot_requester(const struct snapshot *s, const struct ca *ca, size_t i, struct requester *out,
	struct snapshot_fault *fault)
{
	struct snapshot_requester fixed;
	uint64_t offset = offset_of(s, ca->record);
	memset(out, 0, sizeof *out);
	if (!read_element(ca, ca->fixed.requesters, i, &fixed, sizeof fixed))
		return snapshot_refuse(fault, s->path, offset, "CA record: no such requester");
	if (!read_requester(ca, &fixed, out))
		return snapshot_refuse(
			fault, s->path, offset, "requester: no public key, or a span leaves the record");
	return true;
}
