#include "snapshot_parts.h"

#include <stddef.h>
#include <string.h>

static bool whole_record(
	struct slice from, const struct snapshot_region *region, struct snapshot_record *head)
{
	memcpy(head, from.data, sizeof *head);
	return head->kind == region->kind && head->size >= region->fixed_size && head->size % 8 == 0 &&
	       head->size <= from.len;
}

bool snapshot_record(const struct snapshot *s, const struct snapshot_region *region, uint64_t offset,
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
	if (head.crc != snapshot_crc(s->header.generation, offset, covered))
		return snapshot_refuse(fault, s->path, offset, "record: checksum does not match");
	if (head.number >= region->count)
		return snapshot_refuse(fault, s->path, offset, "record: its number is out of range");
	return true;
}

bool snapshot_span(struct slice record, struct snapshot_span span, struct slice *out)
{
	*out = (struct slice){NULL, 0};
	if (span.length == 0)
		return true;
	if (span.offset > record.len || span.length > record.len - span.offset)
		return false;
	*out = (struct slice){record.data + span.offset, span.length};
	return true;
}

/* Exactly the algorithm's parts are there, none of them empty. */
static bool read_key_parts(struct slice record, const struct snapshot_key *key, struct sign_key *out)
{
	for (size_t i = 0; i < SIGN_KEY_PARTS; i++) {
		if (!snapshot_span(record, key->parts[i], &out->part[i]))
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
	const struct snapshot_region region = {
		h->keys_offset, h->file_size, SNAPSHOT_KEY, h->key_count, sizeof fixed};
	memset(out, 0, sizeof *out);
	if (!snapshot_record(s, &region, offset, &record, fault))
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
	return fixed.port <= UINT16_MAX && fixed.reserved == 0 &&
	       snapshot_span(record, fixed.path, &out->path) &&
	       snapshot_span(record, fixed.name, &out->name) && out->name.len <= REDIS_NAME_MAX &&
	       (fixed.family == REDIS_UNIX) == (out->path.len > 0);
}

static bool read_addresses(struct slice record, struct snapshot_span span, struct redis_settings *out)
{
	struct slice array;
	if (!snapshot_span(record, span, &array) || array.len % sizeof(struct snapshot_address) != 0)
		return false;
	out->address_count = array.len / sizeof(struct snapshot_address);
	if (out->address_count < 1 || out->address_count > SNAPSHOT_ADDRESSES_MAX)
		return false;
	for (size_t i = 0; i < out->address_count; i++)
		if (!read_address(record, array, i, &out->addresses[i]))
			return false;
	return true;
}

/* Nothing is half a TLS connection: a key without a certificate, a name nobody checks, TLS to a Unix socket. */
static bool read_tls(struct slice record, const struct snapshot_redis *fixed, struct redis_settings *out)
{
	if (!snapshot_span(record, fixed->tls_ca, &out->tls_ca) ||
		!snapshot_span(record, fixed->tls_cert, &out->tls_cert) ||
		!snapshot_span(record, fixed->tls_key, &out->tls_key))
		return false;
	for (size_t i = 0; i < out->address_count; i++) {
		const struct redis_address *a = &out->addresses[i];
		if (out->tls_ca.len > 0 ? a->family == REDIS_UNIX : a->name.len > 0)
			return false;
	}
	return (out->tls_cert.len > 0) == (out->tls_key.len > 0) &&
	       (out->tls_ca.len > 0 || out->tls_cert.len == 0);
}

bool snapshot_redis(const struct snapshot *s, struct redis_settings *out, struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	struct snapshot_redis fixed;
	struct slice record;
	uint64_t offset = h->redis_offset;
	const struct snapshot_region region = {h->keys_offset, h->file_size, SNAPSHOT_REDIS, 1, sizeof fixed};
	memset(out, 0, sizeof *out);
	if (!snapshot_record(s, &region, offset, &record, fault))
		return false;
	memcpy(&fixed, record.data, sizeof fixed);
	out->database = fixed.database;
	out->timeout_ms = fixed.timeout_ms;
	out->cluster = fixed.cluster == 1;
	if (fixed.timeout_ms < 1 || fixed.cluster > 1 || fixed.reserved != 0)
		return snapshot_refuse(fault, s->path, offset, "Redis record: a value is out of range");
	if (!read_addresses(record, fixed.addresses, out) ||
		!snapshot_span(record, fixed.username, &out->username) ||
		!snapshot_span(record, fixed.password, &out->password))
		return snapshot_refuse(fault, s->path, offset, "Redis record: an address or a span is wrong");
	if (!read_tls(record, &fixed, out))
		return snapshot_refuse(fault, s->path, offset, "Redis record: what TLS needs is not whole");
	return true;
}

/* "/folder/name" with a NUL behind and none inside; folder_length is that of "/folder", 1 for "/". */
static bool path_is_sound(struct slice record, const struct snapshot_table *table)
{
	struct slice path;
	if (!snapshot_span(record, table->path, &path) || path.len < 2 || path.data[0] != '/')
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
	const struct snapshot_region region = {
		h->tables_offset, h->cas_offset, SNAPSHOT_TABLE, h->table_count, sizeof fixed};
	memset(out, 0, sizeof *out);
	if (!snapshot_record(s, &region, offset, &record, fault))
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
