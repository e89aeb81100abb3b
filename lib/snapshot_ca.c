#include "snapshot_parts.h"

/*@
  requires snapshot_sound(s) && slice_within(record, s->file) && record.len >= 1;
  assigns \nothing;
*/
static uint64_t offset_of(const struct snapshot *s, struct slice record)
{
	return (uint64_t)(record.data - s->file.data);
}

/*@ requires \valid_read(ca); assigns \nothing; */
static bool ca_values_known(const struct snapshot_ca *ca)
{
	return (ca->status == SNAPSHOT_STATUS_REDIS || ca->status == SNAPSHOT_STATUS_TABLE) &&
	       (ca->status == SNAPSHOT_STATUS_TABLE) == (ca->table_offset != 0) &&
	       ca->unknown_serial <= SNAPSHOT_UNKNOWN_REVOKED && ca->reserved == 0 &&
	       ca->validity_seconds >= 1 && ca->validity_seconds <= SNAPSHOT_SECONDS_MAX &&
	       ca->start_skew_seconds >= 0 && ca->start_skew_seconds <= SNAPSHOT_SECONDS_MAX;
}

/* An array of whole elements. */
/*@
  requires \valid_read(ca) && slice_readable(ca->record) && size >= 1 && \valid(count);
  assigns *count;
  ensures \result ==> *count * size == span.length;
*/
static bool count_elements(const struct ca *ca, struct snapshot_span span, size_t size, size_t *count)
{
	struct slice array;
	if (!snapshot_span(ca->record, span, &array))
		return false;
	*count = array.len / size;
	return array.len % size == 0;
}

/*@
  requires \valid(ca) && slice_readable(ca->record);
  assigns ca->name, ca->redis_key, ca->signer_count, ca->chain_count, ca->requester_count;
  ensures \result ==> slice_readable(ca->name) && slice_readable(ca->redis_key);
*/
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
	struct slice record;
	const struct snapshot_region region = {
		h->cas_offset, h->keys_offset, SNAPSHOT_CA, h->ca_count, sizeof out->fixed};
	*out = (struct ca){0};
	if (!snapshot_record(s, &region, offset, &record, fault))
		return false;
	out->record = record;
	/*@ assert region.to == s->header.keys_offset && slice_within(record, s->file); */
	snapshot_copy_ca(&out->fixed, record.data);
	/*@ assert region.to == s->header.keys_offset && slice_within(record, s->file); */
	if (!ca_values_known(&out->fixed))
		return snapshot_refuse(fault, s->path, offset, "CA record: a value is out of range");
	if (!read_ca_spans(out))
		return snapshot_refuse(fault, s->path, offset, "CA record: a span leaves the record");
	/* without its prefix, a serial would ask Redis for another's key */
	if (out->fixed.status == SNAPSHOT_STATUS_REDIS && out->redis_key.len == 0)
		return snapshot_refuse(fault, s->path, offset, "CA record: no Redis key");
	/*@ assert region.to == s->header.keys_offset; */
	/*@ assert out->record.len == record.len && out->record.data == record.data; */
	/*@ assert slice_within(record, s->file); */
	*next = offset + record.len;
	return true;
}

/* The i-th element of an array inside the CA's record: its `size` octets. */
/*@
  requires \valid_read(ca) && slice_readable(ca->record) && size >= 1 && \valid(octets) && \separated(ca, octets);
  assigns *octets;
  ensures \result ==> \valid_read(*octets + (0 .. size - 1));
*/
static bool find_element(
	const struct ca *ca, struct snapshot_span array, size_t i, size_t size, const uint8_t **octets)
{
	struct slice whole;
	if (!snapshot_span(ca->record, array, &whole) || i >= whole.len / size)
		return false;
	/*@ assert i * size + size <= whole.len; */
	*octets = whole.data + i * size;
	return true;
}

bool snapshot_signer(const struct snapshot *s, const struct ca *ca, size_t i, struct signer *out,
	struct snapshot_fault *fault)
{
	struct snapshot_signer fixed;
	const uint8_t *octets = NULL;
	uint64_t offset = offset_of(s, ca->record);
	*out = (struct signer){0};
	if (!find_element(ca, ca->fixed.signers, i, sizeof fixed, &octets))
		return snapshot_refuse(fault, s->path, offset, "CA record: no such signer");
	snapshot_copy_signer(&fixed, octets);
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
	const uint8_t *octets = NULL;
	uint64_t offset = offset_of(s, ca->record);
	*out = (struct chain_cert){0};
	if (!find_element(ca, ca->fixed.chain, i, sizeof fixed, &octets))
		return snapshot_refuse(fault, s->path, offset, "CA record: no such chain certificate");
	snapshot_copy_cert(&fixed, octets);
	if (!snapshot_span(ca->record, fixed.der, &out->der) || out->der.len == 0)
		return snapshot_refuse(
			fault, s->path, offset, "chain certificate: empty, or its span leaves the record");
	out->not_before = fixed.not_before;
	out->not_after = fixed.not_after;
	return true;
}

/*@
  requires \valid_read(ca) && slice_readable(ca->record) && \valid_read(fixed) && \valid(out);
  requires \separated(ca, fixed, out);
  assigns *out;
  ensures \result ==> slice_readable(out->name);
*/
static bool read_requester(const struct ca *ca, const struct snapshot_requester *fixed, struct requester *out)
{
	/*@
	  loop invariant 0 <= i <= VERIFY_KEY_PARTS;
	  loop assigns i, out->key.part[0 .. VERIFY_KEY_PARTS - 1];
	  loop variant VERIFY_KEY_PARTS - i;
	*/
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
	const uint8_t *octets = NULL;
	uint64_t offset = offset_of(s, ca->record);
	*out = (struct requester){0};
	if (!find_element(ca, ca->fixed.requesters, i, sizeof fixed, &octets))
		return snapshot_refuse(fault, s->path, offset, "CA record: no such requester");
	snapshot_copy_requester(&fixed, octets);
	if (!read_requester(ca, &fixed, out))
		return snapshot_refuse(
			fault, s->path, offset, "requester: no public key, or a span leaves the record");
	return true;
}
