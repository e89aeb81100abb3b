#include "status_table.h"

#include "calendar.h"

#include <string.h>
#include <sys/mman.h>

#define BUCKETS_MAX (1u << 28)

/* ---- the buckets ---- */

/*@
  requires slice_readable(serial);
  assigns \nothing;
  ensures slice_ends(\result, serial);
*/
static struct slice without_leading_zeros(struct slice serial)
{
	/*@ loop invariant slice_ends(serial, \at(serial, Pre)); loop assigns serial; loop variant serial.len; */
	while (serial.len > 0 && serial.data[0] == 0)
		serial = (struct slice){serial.data + 1, serial.len - 1};
	return serial;
}

uint32_t table_bucket_of(struct slice serial, uint32_t bucket_count)
{
	uint32_t crc = bytes_crc32c(0, without_leading_zeros(serial));
	/* A CRC is linear in its input's bits; the multiplication carries all of them into the top ones. */
	uint32_t mixed = (uint32_t)(crc * UINT64_C(0x9E3779B1));
	return (uint32_t)((uint64_t)mixed * bucket_count / (UINT64_C(1) << 32));
}

uint32_t table_bucket_crc(
	uint32_t header_crc, uint32_t number, const struct table_bucket *bucket, struct slice entries)
{
	uint32_t words[4] = {header_crc, number, bucket->first, bucket->count};
	uint8_t octets[sizeof words];
	memcpy(octets, words, sizeof words);
	return bytes_crc32c(bytes_crc32c(0, (struct slice){octets, sizeof octets}), entries);
}

/* ---- the header ---- */

/*@
  requires \valid_read(t) && \valid(fault);
  assigns *fault;
  ensures !\result;
*/
static bool refuse(const struct table *t, uint64_t offset, const char *reason, struct snapshot_fault *fault)
{
	(void)snapshot_refuse(fault, t->path, offset, reason);
	fault->advice = "ocspctl table makes it anew";
	return false;
}

/* The copies of structures out of the file, and comparisons: `make prove` takes these contracts for granted. */
/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct table_header) - 1)); assigns *out; */
static void take_header(struct table_header *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

/*@ requires \valid(out) && \valid_read(octets + (0 .. sizeof(struct table_bucket) - 1)); assigns *out; */
static void take_bucket(struct table_bucket *out, const uint8_t *octets)
{
	memcpy(out, octets, sizeof *out);
}

/*@ requires \valid_read(h); assigns \nothing; */
static bool has_magic(const struct table_header *h)
{
	return memcmp(h->magic, TABLE_MAGIC, sizeof h->magic) == 0;
}

/*@ requires \valid_read(a + (0 .. len - 1)) && \valid_read(b + (0 .. len - 1)); assigns \nothing; */
static int compare(const uint8_t *a, const uint8_t *b, size_t len)
{
	return memcmp(a, b, len);
}

/*@
  requires slice_readable(file) && file.len >= sizeof(struct table_header);
  assigns \nothing;
*/
static uint32_t header_crc(struct slice file)
{
	size_t covered = offsetof(struct table_header, file_size);
	return bytes_crc32c(0, (struct slice){file.data + covered, sizeof(struct table_header) - covered});
}

/*@
  requires \valid_read(h);
  assigns \nothing;
  ensures \result ==> 1 <= h->bucket_count <= 0x10000000 && 1 <= h->serial_size <= CERTID_SERIAL_MAX &&
    h->entry_size == h->serial_size + TABLE_ENTRY_TAIL && h->entry_count <= UINT32_MAX;
*/
static bool counts_hold(const struct table_header *h)
{
	if (h->bucket_count < 1 || h->bucket_count > BUCKETS_MAX)
		return false;
	if ((h->bucket_count & (h->bucket_count - 1)) != 0)
		return false;
	if (h->serial_size < 1 || h->serial_size > CERTID_SERIAL_MAX)
		return false;
	return h->entry_size == h->serial_size + TABLE_ENTRY_TAIL && h->entry_count <= UINT32_MAX;
}

/* The parts lie one behind the other and fill the file. counts_hold(): no product or sum here exceeds 64 bits. */
/*@
  requires \valid_read(h) && 1 <= h->bucket_count <= 0x10000000 && 1 <= h->serial_size <= CERTID_SERIAL_MAX;
  requires h->entry_size == h->serial_size + TABLE_ENTRY_TAIL && h->entry_count <= UINT32_MAX;
  assigns \nothing;
  ensures \result ==> table_header_sound(*h, file_len);
*/
static bool layout_holds(const struct table_header *h, size_t file_len)
{
	uint64_t buckets_end =
		sizeof(struct table_header) + (uint64_t)h->bucket_count * sizeof(struct table_bucket);
	if (h->buckets_offset != sizeof(struct table_header) || h->entries_offset != buckets_end)
		return false;
	uint64_t entries_end = buckets_end + h->entry_count * h->entry_size;
	return h->file_size == file_len &&
	       h->file_size == entries_end + (uint64_t)h->part_count * sizeof(struct table_part);
}

/*@
  requires \valid_read(h);
  assigns \nothing;
*/
static bool kind_holds(const struct table_header *h)
{
	if (h->kind != TABLE_CRL && h->kind != TABLE_CRL_PARTIAL && h->kind != TABLE_INDEX)
		return false;
	return h->has_crl_number <= 1;
}

/*@
  requires \valid_read(h);
  assigns \nothing;
*/
static bool times_hold(const struct table_header *h)
{
	return h->this_update >= CALENDAR_MIN && h->this_update <= h->next_update &&
	       h->next_update <= CALENDAR_MAX;
}

bool table_read(struct table *t, struct slice file, struct snapshot_fault *fault)
{
	struct table_header h;
	t->file = file;
	if (file.len < sizeof h)
		return refuse(t, file.len, "shorter than a table's header", fault);
	take_header(&h, file.data);
	if (!has_magic(&h))
		return refuse(t, 0, "not a status table", fault);
	if (h.version != TABLE_VERSION)
		return refuse(t, offsetof(struct table_header, version), "a table of another version", fault);
	if (h.crc != header_crc(file))
		return refuse(
			t, offsetof(struct table_header, crc), "the header's CRC does not match", fault);
	if (!counts_hold(&h))
		return refuse(
			t, offsetof(struct table_header, bucket_count), "impossible sizes or counts", fault);
	if (!layout_holds(&h, file.len))
		return refuse(t, offsetof(struct table_header, file_size),
			"the parts do not fill the file exactly", fault);
	if (!kind_holds(&h))
		return refuse(t, offsetof(struct table_header, kind), "an unknown kind of source", fault);
	if (!times_hold(&h))
		return refuse(t, offsetof(struct table_header, this_update),
			"impossible thisUpdate or nextUpdate", fault);
	t->header = h;
	return true;
}

/* ---- the file ---- */

bool table_open(struct table *t, int folder, const char *path, struct snapshot_fault *fault)
{
	*t = (struct table){.path = path};
	if (!snapshot_map(folder, path, false, &t->file, fault))
		return false;
	if (table_read(t, t->file, fault))
		return true;
	table_close(t);
	return false;
}

void table_close(struct table *t)
{
	if (t->file.data)
		munmap((void *)(uintptr_t)t->file.data, t->file.len);
	t->file = (struct slice){NULL, 0};
}

bool table_is_of(const struct table *t, const struct ca *ca)
{
	const struct table_header *h = &t->header;
	return memcmp(h->name_hash, ca->fixed.name_hash[CERTID_SHA256], sizeof h->name_hash) == 0 &&
	       memcmp(h->key_hash, ca->fixed.key_hash[CERTID_SHA256], sizeof h->key_hash) == 0;
}

/* ---- one serial ---- */

/* INTEGER content → the table's form. False: negative or too long, so that no entry can be equal to it. */
/*@
  requires slice_readable(serial_number) && \valid(padded + (0 .. size - 1));
  assigns padded[0 .. size - 1];
*/
static bool pad_serial(struct slice serial_number, size_t size, uint8_t *padded)
{
	if (serial_number.len < 1 || (serial_number.data[0] & 0x80) != 0)
		return false;
	struct slice magnitude = without_leading_zeros(serial_number);
	if (magnitude.len > size)
		return false;
	size_t zeros = size - magnitude.len;
	/*@ loop invariant 0 <= i <= size; loop assigns i, padded[0 .. size - 1]; loop variant size - i; */
	for (size_t i = 0; i < size; i++)
		padded[i] = i < zeros ? 0 : magnitude.data[i - zeros];
	return true;
}

/* `count` elements of an array from the `first` on. False: they leave it. */
/*@
  requires slice_readable(array) && 1 <= size <= 1024 && \valid(out);
  assigns *out;
  ensures \result ==> slice_within(*out, array);
*/
static bool take_elements(struct slice array, size_t size, size_t first, size_t count, struct slice *out)
{
	size_t total = array.len / size;
	if (first > total || count > total - first)
		return false;
	/*@ assert 0 <= (total - first - count) * size; */
	/*@ assert 0 <= first * size && 0 <= count * size; */
	/*@ assert first * size + count * size <= array.len; */
	*out = (struct slice){array.data + first * size, count * size};
	return true;
}

/* The bucket's entries, its place and CRC checked. */
/*@
  requires \valid_read(t) && table_sound(t) && number < t->header.bucket_count;
  requires \valid(entries) && \valid(fault) && \separated(t, entries, fault);
  assigns *entries, *fault;
  ensures \result ==> slice_within(*entries, t->file);
*/
static bool read_bucket(
	const struct table *t, uint32_t number, struct slice *entries, struct snapshot_fault *fault)
{
	struct table_bucket bucket;
	const struct table_header *h = &t->header;
	uint64_t offset = h->buckets_offset + (uint64_t)number * sizeof bucket;
	take_bucket(&bucket, t->file.data + offset);
	struct slice all = {t->file.data + h->entries_offset, (size_t)(h->entry_count * h->entry_size)};
	/*@ assert all.len == h->entry_count * h->entry_size; */
	/*@ assert slice_within(all, t->file); */
	if (!take_elements(all, h->entry_size, bucket.first, bucket.count, entries))
		return refuse(t, offset, "a bucket beyond the entries", fault);
	if (bucket.crc != table_bucket_crc(h->crc, number, &bucket, *entries))
		return refuse(t, offset, "a bucket's CRC does not match", fault);
	return true;
}

/* Binary search by the entries' first serial_size octets. NULL: not there. */
/*@
  requires slice_readable(entries) && \valid_read(h) && h->entry_size == h->serial_size + TABLE_ENTRY_TAIL;
  requires 1 <= h->serial_size <= CERTID_SERIAL_MAX && \valid_read(serial + (0 .. h->serial_size - 1));
  assigns \nothing;
  ensures \result == \null || (\base_addr(\result) == \base_addr(entries.data) &&
    0 <= \result - entries.data <= entries.len - h->entry_size);
*/
static const uint8_t *search(struct slice entries, const struct table_header *h, const uint8_t *serial)
{
	size_t low = 0;
	size_t high = entries.len / h->entry_size;
	/*@
	  loop invariant low <= high <= entries.len / h->entry_size;
	  loop assigns low, high;
	  loop variant high - low;
	*/
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		/*@ assert middle * h->entry_size + h->entry_size <= entries.len; */
		const uint8_t *entry = entries.data + middle * h->entry_size;
		int order = compare(serial, entry, h->serial_size);
		if (order == 0)
			return entry;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/*@
  requires \valid_read(tail + (0 .. TABLE_ENTRY_TAIL - 1)) && \valid(out);
  assigns *out;
*/
static bool read_tail(const uint8_t *tail, struct table_entry *out)
{
	uint8_t status = tail[8];
	if (status != CERT_STATUS_GOOD && status != CERT_STATUS_REVOKED)
		return false;
	out->status = (enum cert_status)status;
	out->revocation_time = (int64_t)bytes_le64(tail);
	out->reason = tail[9] == TABLE_NO_REASON ? CRL_REASON_NONE : tail[9];
	return true;
}

enum table_found table_find(const struct table *t, struct slice serial_number, struct table_entry *out,
	struct snapshot_fault *fault)
{
	uint8_t serial[CERTID_SERIAL_MAX];
	struct slice entries = {NULL, 0};
	const struct table_header *h = &t->header;
	if (!pad_serial(serial_number, h->serial_size, serial))
		return TABLE_ABSENT;
	uint32_t number = table_bucket_of((struct slice){serial, h->serial_size}, h->bucket_count);
	if (!read_bucket(t, number, &entries, fault))
		return TABLE_BROKEN;
	const uint8_t *entry = search(entries, h, serial);
	if (!entry)
		return TABLE_ABSENT;
	if (!read_tail(entry + h->serial_size, out)) {
		refuse(t, (uint64_t)(entry - t->file.data), "an entry neither good nor revoked", fault);
		return TABLE_BROKEN;
	}
	return TABLE_FOUND;
}
