#include "snapshot_parts.h"

#include <stddef.h>

/*@
  requires slice_readable(from) && from.len >= sizeof(struct snapshot_record);
  requires \valid_read(region) && \valid(head) && \separated(region, head);
  assigns *head;
  ensures \result ==> region->fixed_size <= head->size <= from.len;
*/
static bool whole_record(
	struct slice from, const struct snapshot_region *region, struct snapshot_record *head)
{
	snapshot_copy_record(head, from.data);
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
	struct slice octets = {NULL, 0};
	bool fits =
		span.length == 0 || (span.offset <= record.len && span.length <= record.len - span.offset);
	if (fits && span.length > 0)
		octets = (struct slice){record.data + span.offset, span.length};
	*out = octets;
	return fits;
}

/* Exactly the algorithm's parts are there, none of them empty. */
/*@
  requires slice_readable(record) && \valid_read(key) && \valid(out) && \separated(key, out);
  assigns out->part[0 .. SIGN_KEY_PARTS - 1];
  ensures \result ==> \forall integer i; 0 <= i < SIGN_KEY_PARTS ==> slice_readable(out->part[i]);
*/
static bool read_key_parts(struct slice record, const struct snapshot_key *key, struct sign_key *out)
{
	/*@
	  loop invariant 0 <= i <= SIGN_KEY_PARTS;
	  loop invariant \forall integer k; 0 <= k < i ==> slice_readable(out->part[k]);
	  loop assigns i, out->part[0 .. SIGN_KEY_PARTS - 1];
	  loop variant SIGN_KEY_PARTS - i;
	*/
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
	*out = (struct sign_key){0};
	if (!snapshot_record(s, &region, offset, &record, fault))
		return false;
	snapshot_copy_key(&fixed, record.data);
	if (fixed.algorithm != (uint32_t)signer->algorithm)
		return snapshot_refuse(fault, s->path, offset, "key: of another algorithm than its signer");
	out->algorithm = signer->algorithm;
	out->part_count = sign_key_part_count(signer->algorithm);
	if (out->part_count == 0 || fixed.part_count != out->part_count ||
		!read_key_parts(record, &fixed, out))
		return snapshot_refuse(fault, s->path, offset, "key: a part is missing or leaves the record");
	return true;
}

/*@
  requires slice_readable(record) && slice_readable(array) && \valid(out);
  requires i < array.len / sizeof(struct snapshot_address);
  assigns *out;
*/
static bool read_address(struct slice record, struct slice array, size_t i, struct redis_address *out)
{
	struct snapshot_address fixed;
	/*@ assert i * sizeof(struct snapshot_address) + sizeof(struct snapshot_address) <= array.len; */
	snapshot_copy_address(&fixed, array.data + i * sizeof fixed);
	if (fixed.family != REDIS_UNIX && fixed.family != REDIS_IPV4 && fixed.family != REDIS_IPV6)
		return false;
	out->family = (enum redis_family)fixed.family;
	out->port = (uint16_t)fixed.port;
	out->scope = fixed.scope;
	/*@ loop invariant 0 <= k <= 16; loop assigns k, out->ip[0 .. 15]; loop variant 16 - k; */
	for (size_t k = 0; k < sizeof out->ip; k++)
		out->ip[k] = fixed.ip[k];
	return fixed.port <= UINT16_MAX && fixed.reserved == 0 &&
	       snapshot_span(record, fixed.path, &out->path) &&
	       snapshot_span(record, fixed.name, &out->name) && out->name.len <= REDIS_NAME_MAX &&
	       (fixed.family == REDIS_UNIX) == (out->path.len > 0);
}

/*@
  requires slice_readable(record) && \valid(out);
  assigns out->address_count, out->addresses[0 .. SNAPSHOT_ADDRESSES_MAX - 1];
  ensures \result ==> 1 <= out->address_count <= SNAPSHOT_ADDRESSES_MAX;
*/
static bool read_addresses(struct slice record, struct snapshot_span span, struct redis_settings *out)
{
	struct slice array;
	if (!snapshot_span(record, span, &array) || array.len % sizeof(struct snapshot_address) != 0)
		return false;
	out->address_count = array.len / sizeof(struct snapshot_address);
	if (out->address_count < 1 || out->address_count > SNAPSHOT_ADDRESSES_MAX)
		return false;
	/*@
	  loop invariant 0 <= i <= out->address_count;
	  loop assigns i, out->addresses[0 .. SNAPSHOT_ADDRESSES_MAX - 1];
	  loop variant out->address_count - i;
	*/
	for (size_t i = 0; i < out->address_count; i++)
		if (!read_address(record, array, i, &out->addresses[i]))
			return false;
	return true;
}

/* Nothing is half a TLS connection: a key without a certificate, a name nobody checks, TLS to a Unix socket. */
/*@
  requires slice_readable(record) && \valid_read(fixed) && \valid(out) && \separated(fixed, out);
  requires out->address_count <= SNAPSHOT_ADDRESSES_MAX;
  assigns out->tls_ca, out->tls_cert, out->tls_key;
  ensures \result ==> slice_readable(out->tls_ca) && slice_readable(out->tls_cert) && slice_readable(out->tls_key);
*/
static bool read_tls(struct slice record, const struct snapshot_redis *fixed, struct redis_settings *out)
{
	if (!snapshot_span(record, fixed->tls_ca, &out->tls_ca) ||
		!snapshot_span(record, fixed->tls_cert, &out->tls_cert) ||
		!snapshot_span(record, fixed->tls_key, &out->tls_key))
		return false;
	/*@
	  loop invariant 0 <= i <= out->address_count;
	  loop assigns i;
	  loop variant out->address_count - i;
	*/
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
	*out = (struct redis_settings){0};
	if (!snapshot_record(s, &region, offset, &record, fault))
		return false;
	snapshot_copy_redis(&fixed, record.data);
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
/*@
  requires slice_readable(record) && \valid_read(table);
  assigns \nothing;
  ensures \result ==> table->path.offset + table->path.length < record.len &&
    record.data[table->path.offset + table->path.length] == 0 &&
    1 <= table->folder_length < table->path.length;
*/
static bool path_is_sound(struct slice record, const struct snapshot_table *table)
{
	struct slice path;
	if (!snapshot_span(record, table->path, &path) || path.len < 2 || path.data[0] != '/')
		return false;
	if (table->path.length >= record.len - table->path.offset || path.data[path.len] != 0 ||
		bytes_before(path, 0) < path.len)
		return false;
	if (table->folder_length < 1 || table->folder_length >= path.len)
		return false;
	size_t slash = table->folder_length == 1 && path.data[1] != '/' ? 0 : table->folder_length;
	struct slice name = {path.data + slash + 1, path.len - slash - 1};
	return path.data[slash] == '/' && name.len > 0 && bytes_before(name, '/') == name.len;
}

bool snapshot_table_at(const struct snapshot *s, uint64_t offset, struct table_place *out, uint64_t *next,
	struct snapshot_fault *fault)
{
	const struct snapshot_header *h = &s->header;
	struct snapshot_table fixed;
	struct slice record;
	const struct snapshot_region region = {
		h->tables_offset, h->cas_offset, SNAPSHOT_TABLE, h->table_count, sizeof fixed};
	*out = (struct table_place){0};
	if (!snapshot_record(s, &region, offset, &record, fault))
		return false;
	snapshot_copy_table(&fixed, record.data);
	if (!path_is_sound(record, &fixed) || fixed.folder_number >= SNAPSHOT_FOLDERS_MAX)
		return snapshot_refuse(fault, s->path, offset, "table record: no path to a table");
	*out = (struct table_place){
		fixed.record.number,
		{record.data + fixed.path.offset, fixed.path.length},
		fixed.folder_length,
		fixed.folder_number,
	};
	/*@ assert region.to == s->header.cas_offset; */
	/*@ assert out->path.data == record.data + fixed.path.offset && out->path.len == fixed.path.length; */
	*next = offset + record.len;
	return true;
}
