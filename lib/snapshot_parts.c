#include "snapshot.h"

#include <stddef.h>
#include <string.h>

/* One region's records: where they may be, and what they must be. */
struct region {
	uint64_t from, to;
	uint32_t kind, count;
	size_t fixed_size;
};

static bool whole_record(struct slice from, const struct region *region, struct snapshot_record *head)
{
	memcpy(head, from.data, sizeof *head);
	return head->kind == region->kind && head->size >= region->fixed_size && head->size % 8 == 0 &&
	       head->size <= from.len;
}

/* The record at `offset`, its place, kind, size and CRC checked. */
static bool read_record(const struct snapshot *s, const struct region *region, uint64_t offset,
	struct slice *record, struct snapshot_fault *fault)
{
	struct snapshot_record head;
	if (offset < region->from || offset > region->to || region->to - offset < region->fixed_size ||
		offset % 8 != 0)
		return snapshot_refuse(fault, s->path, offset, "a reference leaves its region");
	struct slice rest = {s->file.data + offset, (size_t)(region->to - offset)};
	if (!whole_record(rest, region, &head))
		return snapshot_refuse(fault, s->path, offset, "record: wrong kind or size");
	*record = (struct slice){rest.data, head.size};
	struct slice covered = {rest.data + sizeof head.crc, head.size - sizeof head.crc};
	if (head.crc != snapshot_crc(offset, covered))
		return snapshot_refuse(fault, s->path, offset, "record: checksum does not match");
	if (head.number >= region->count)
		return snapshot_refuse(fault, s->path, offset, "record: its number is out of range");
	return true;
}

static bool read_span(struct slice record, struct snapshot_span span, struct slice *out)
{
	*out = (struct slice){NULL, 0};
	if (span.length == 0)
		return true;
	if (span.offset > record.len || span.length > record.len - span.offset)
		return false;
	*out = (struct slice){record.data + span.offset, span.length};
	return true;
}

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

static bool read_ca_spans(struct ca *ca)
{
	struct slice signers, chain;
	if (!read_span(ca->record, ca->fixed.name, &ca->name) ||
		!read_span(ca->record, ca->fixed.redis_key, &ca->redis_key) ||
		!read_span(ca->record, ca->fixed.signers, &signers) ||
		!read_span(ca->record, ca->fixed.chain, &chain))
		return false;
	ca->signer_count = signers.len / sizeof(struct snapshot_signer);
	ca->chain_count = chain.len / sizeof(struct snapshot_cert);
	return signers.len % sizeof(struct snapshot_signer) == 0 &&
	       chain.len % sizeof(struct snapshot_cert) == 0;
}

bool snapshot_ca_at(const struct snapshot *s, uint64_t offset, struct ca *out, uint64_t *next,
	struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	const struct region region = {
		h->cas_offset, h->keys_offset, SNAPSHOT_CA, h->ca_count, sizeof out->fixed};
	memset(out, 0, sizeof *out);
	if (!read_record(s, &region, offset, &out->record, fault))
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
	if (!read_span(ca->record, array, &octets) || i >= octets.len / size)
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
	if (!read_span(ca->record, fixed.responder_id, &out->responder_id) ||
		!read_span(ca->record, fixed.certificate.der, &out->certificate))
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
	if (!read_span(ca->record, fixed.der, &out->der) || out->der.len == 0)
		return snapshot_refuse(
			fault, s->path, offset, "chain certificate: empty, or its span leaves the record");
	out->not_before = fixed.not_before;
	out->not_after = fixed.not_after;
	return true;
}

/* Exactly the algorithm's parts are there, none of them empty. */
static bool read_key_parts(struct slice record, const struct snapshot_key *key, struct sign_key *out)
{
	for (size_t i = 0; i < SIGN_KEY_PARTS; i++) {
		if (!read_span(record, key->parts[i], &out->part[i]))
			return false;
		if ((out->part[i].len > 0) != (i < out->part_count))
			return false;
	}
	return true;
}

bool snapshot_key(const struct snapshot *s, const struct signer *signer, struct sign_key *out,
	struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	struct snapshot_key fixed;
	struct slice record;
	uint64_t offset = signer->key_offset;
	const struct region region = {h->keys_offset, h->file_size, SNAPSHOT_KEY, h->key_count, sizeof fixed};
	memset(out, 0, sizeof *out);
	if (!read_record(s, &region, offset, &record, fault))
		return false;
	memcpy(&fixed, record.data, sizeof fixed);
	if (fixed.algorithm != (uint32_t)signer->algorithm)
		return snapshot_refuse(fault, s->path, offset, "key: of another algorithm than its signer");
	out->algorithm = signer->algorithm;
	out->part_count = sign_key_part_count(signer->algorithm);
	if (out->part_count == 0 || fixed.part_count != out->part_count ||
		!read_key_parts(record, &fixed, out))
		return snapshot_refuse(fault, s->path, offset, "key: a part is missing or leaves the record");
	return true;
}

static bool read_address(struct slice record, struct slice array, size_t i, struct redis_address *out)
{
	struct snapshot_address fixed;
	memcpy(&fixed, array.data + i * sizeof fixed, sizeof fixed);
	if (fixed.family != REDIS_UNIX && fixed.family != REDIS_IPV4 && fixed.family != REDIS_IPV6)
		return false;
	out->family = (enum redis_family)fixed.family;
	out->port = (uint16_t)fixed.port;
	out->scope = fixed.scope;
	memcpy(out->ip, fixed.ip, sizeof out->ip);
	return fixed.port <= UINT16_MAX && fixed.reserved == 0 && read_span(record, fixed.path, &out->path) &&
	       (fixed.family == REDIS_UNIX) == (out->path.len > 0);
}

static bool read_addresses(struct slice record, struct snapshot_span span, struct redis_settings *out)
{
	struct slice array;
	if (!read_span(record, span, &array) || array.len % sizeof(struct snapshot_address) != 0)
		return false;
	out->address_count = array.len / sizeof(struct snapshot_address);
	if (out->address_count < 1 || out->address_count > SNAPSHOT_ADDRESSES_MAX)
		return false;
	for (size_t i = 0; i < out->address_count; i++)
		if (!read_address(record, array, i, &out->addresses[i]))
			return false;
	return true;
}

bool snapshot_redis(const struct snapshot *s, struct redis_settings *out, struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	struct snapshot_redis fixed;
	struct slice record;
	uint64_t offset = h->redis_offset;
	const struct region region = {h->keys_offset, h->file_size, SNAPSHOT_REDIS, 1, sizeof fixed};
	memset(out, 0, sizeof *out);
	if (!read_record(s, &region, offset, &record, fault))
		return false;
	memcpy(&fixed, record.data, sizeof fixed);
	out->database = fixed.database;
	out->timeout_ms = fixed.timeout_ms;
	out->cluster = fixed.cluster == 1;
	if (fixed.timeout_ms < 1 || fixed.cluster > 1 || fixed.reserved != 0)
		return snapshot_refuse(fault, s->path, offset, "Redis record: a value is out of range");
	if (!read_addresses(record, fixed.addresses, out) ||
		!read_span(record, fixed.username, &out->username) ||
		!read_span(record, fixed.password, &out->password))
		return snapshot_refuse(fault, s->path, offset, "Redis record: an address or a span is wrong");
	return true;
}

/* "/folder/name" with a NUL behind and none inside; folder_length is that of "/folder", 1 for "/". */
static bool path_is_sound(struct slice record, const struct snapshot_table *table)
{
	struct slice path;
	if (!read_span(record, table->path, &path) || path.len < 2 || path.data[0] != '/')
		return false;
	if (table->path.length >= record.len - table->path.offset || path.data[path.len] != 0 ||
		memchr(path.data, 0, path.len))
		return false;
	if (table->folder_length < 1 || table->folder_length >= path.len)
		return false;
	size_t slash = table->folder_length == 1 && path.data[1] != '/' ? 0 : table->folder_length;
	struct slice name = {path.data + slash + 1, path.len - slash - 1};
	return path.data[slash] == '/' && name.len > 0 && !memchr(name.data, '/', name.len);
}

bool snapshot_table_at(const struct snapshot *s, uint64_t offset, struct table_place *out, uint64_t *next,
	struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	struct snapshot_table fixed;
	struct slice record;
	const struct region region = {
		h->tables_offset, h->cas_offset, SNAPSHOT_TABLE, h->table_count, sizeof fixed};
	memset(out, 0, sizeof *out);
	if (!read_record(s, &region, offset, &record, fault))
		return false;
	memcpy(&fixed, record.data, sizeof fixed);
	if (!path_is_sound(record, &fixed) || fixed.folder_number >= SNAPSHOT_FOLDERS_MAX)
		return snapshot_refuse(fault, s->path, offset, "table record: no path to a table");
	*out = (struct table_place){
		fixed.record.number,
		{record.data + fixed.path.offset, fixed.path.length},
		fixed.folder_length,
		fixed.folder_number,
	};
	*next = offset + record.len;
	return true;
}
