#include "table_write.h"

#include "ctl/memory.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX           (UINT32_MAX - 1) /* a bucket counts in 32 bits */
#define FIRST_SIZE         65536
#define CONTRADICTIONS_MAX 10 /* are named; the rest would scroll them away */

/* ---- collecting ---- */

/* A row in table_rows.octets: this, unaligned, and serial_len octets without leading zeros. */
struct row {
	uint8_t tail[TABLE_ENTRY_TAIL]; /* as in the file */
	uint16_t file;                  /* number in table_rows.files */
	uint32_t line;
	uint8_t serial_len;
};

static struct slice without_leading_zeros(struct slice serial)
{
	while (serial.len > 0 && serial.data[0] == 0)
		serial = (struct slice){serial.data + 1, serial.len - 1};
	return serial;
}

static uint16_t file_number(struct table_rows *rows, const char *file)
{
	if (rows->file_count > 0 && rows->files[rows->file_count - 1] == file)
		return (uint16_t)(rows->file_count - 1);
	rows->files = memory_resized(rows->files, rows->file_count + 1, sizeof *rows->files);
	rows->files[rows->file_count] = file;
	return (uint16_t)rows->file_count++;
}

static void write_tail(uint8_t *tail, const struct table_entry *entry)
{
	uint64_t time = (uint64_t)entry->revocation_time;
	for (unsigned i = 0; i < 8; i++)
		tail[i] = (uint8_t)(time >> 8 * i);
	tail[8] = (uint8_t)entry->status;
	tail[9] = entry->reason == CRL_REASON_NONE ? TABLE_NO_REASON : (uint8_t)entry->reason;
}

static void make_room(struct table_rows *rows, size_t octets)
{
	if (octets <= rows->size - rows->len)
		return;
	rows->size += rows->size / 2 + FIRST_SIZE;
	rows->octets = memory_resized(rows->octets, rows->size, 1);
}

bool table_rows_add(struct table_rows *rows, struct slice serial, const struct table_entry *entry,
	struct place place, struct messages *m)
{
	struct row row = {.line = place.line};
	serial = without_leading_zeros(serial);
	if (serial.len > CERTID_SERIAL_MAX) {
		message_error(m, place, "a serial of %zu octets; at most %d fit in a table", serial.len,
			CERTID_SERIAL_MAX);
		return false;
	}
	if (rows->count >= ROWS_MAX || rows->file_count >= UINT16_MAX) {
		message_error(m, place, "more entries or files than a table holds; split the CA");
		return false;
	}
	row.file = file_number(rows, place.file);
	row.serial_len = (uint8_t)serial.len;
	write_tail(row.tail, entry);
	make_room(rows, sizeof row + serial.len);
	memcpy(rows->octets + rows->len, &row, sizeof row);
	if (serial.len > 0)
		memcpy(rows->octets + rows->len + sizeof row, serial.data, serial.len);
	rows->len += sizeof row + serial.len;
	rows->count++;
	if (serial.len > rows->serial_size)
		rows->serial_size = (uint32_t)serial.len;
	return true;
}

void table_rows_free(struct table_rows *rows)
{
	free(rows->octets);
	free(rows->files);
	free(rows->parts);
	*rows = (struct table_rows){0};
}

/* The row at *offset, which moves behind it; false at the end. */
static bool next_row(const struct table_rows *rows, size_t *offset, struct row *row, struct slice *serial)
{
	if (*offset >= rows->len)
		return false;
	memcpy(row, rows->octets + *offset, sizeof *row);
	*serial = (struct slice){rows->octets + *offset + sizeof *row, row->serial_len};
	*offset += sizeof *row + row->serial_len;
	return true;
}

/* ---- sorting ---- */

/* The file in the making. */
struct image {
	const struct table_rows *rows;
	struct table_header *header;
	struct table_bucket *buckets;
	uint8_t *entries;
	struct messages *m;
	uint64_t duplicates;
	unsigned contradictions;
};

static uint32_t bucket_count_for(uint64_t entries)
{
	uint32_t count = 1;
	while ((uint64_t)count * TABLE_BUCKET_ENTRIES < entries)
		count *= 2;
	return count;
}

/* Counting sort: how many rows fall into each bucket, where each bucket begins, then every row to its place. */
static void place_rows(struct image *image)
{
	const struct table_header *h = image->header;
	struct table_bucket *buckets = image->buckets;
	struct row row;
	struct slice serial;
	uint32_t first = 0;
	for (size_t offset = 0; next_row(image->rows, &offset, &row, &serial);)
		buckets[table_bucket_of(serial, h->bucket_count)].count++;
	for (uint32_t i = 0; i < h->bucket_count; i++) {
		buckets[i].first = first;
		first += buckets[i].count;
		buckets[i].count = 0;
	}
	for (size_t offset = 0; next_row(image->rows, &offset, &row, &serial);) {
		struct table_bucket *bucket = &buckets[table_bucket_of(serial, h->bucket_count)];
		uint8_t *entry = image->entries + (size_t)(bucket->first + bucket->count++) * h->entry_size;
		memset(entry, 0, h->serial_size - serial.len);
		memcpy(entry + (h->serial_size - serial.len), serial.data, serial.len);
		memcpy(entry + h->serial_size, row.tail, sizeof row.tail);
	}
}

/* Insertion: a bucket has TABLE_BUCKET_ENTRIES or fewer on average, three times as many at most in all that was seen. */
static void sort_bucket(const struct image *image, const struct table_bucket *bucket)
{
	uint8_t moving[CERTID_SERIAL_MAX + TABLE_ENTRY_TAIL];
	size_t size = image->header->entry_size;
	uint8_t *entries = image->entries + bucket->first * size;
	for (size_t i = 1; i < bucket->count; i++) {
		size_t at = i;
		memcpy(moving, entries + i * size, size);
		while (at > 0 && memcmp(entries + (at - 1) * size, moving, size) > 0)
			at--;
		memmove(entries + (at + 1) * size, entries + at * size, (i - at) * size);
		memcpy(entries + at * size, moving, size);
	}
}

/* ---- duplicates ---- */

static void serial_text(struct slice serial, char *text)
{
	struct buffer out = bytes_buffer((uint8_t *)text, 2 * CERTID_SERIAL_MAX);
	bytes_append_hex(&out, serial);
	text[out.len] = 0;
}

/* Finds the first two places of a serial by walking all rows: slow, but there is nothing to keep for the usual case. */
static void say_contradiction(struct image *image, struct slice serial)
{
	struct row row, first = {0};
	struct slice found;
	char text[2 * CERTID_SERIAL_MAX + 1];
	bool index = image->header->kind == TABLE_INDEX, seen = false;
	const char *noun = index ? "line" : "entry";
	if (++image->contradictions > CONTRADICTIONS_MAX)
		return;
	serial = without_leading_zeros(serial);
	serial_text(serial, text);
	for (size_t offset = 0; next_row(image->rows, &offset, &row, &found);) {
		if (!bytes_equal(found, serial))
			continue;
		if (seen && memcmp(row.tail, first.tail, sizeof row.tail) != 0)
			break;
		if (!seen)
			first = row;
		seen = true;
	}
	message_error(image->m, (struct place){image->rows->files[row.file], index ? row.line : 0, 0},
		"serial 0x%s: %s %u contradicts %s %u of %s; correct the source", text, noun, row.line, noun,
		first.line, image->rows->files[first.file]);
}

/* Copies one sorted bucket to where the entries before it end, equal ones once. Returns its new count. */
static uint32_t compact_bucket(struct image *image, const struct table_bucket *bucket, uint8_t *target)
{
	size_t size = image->header->entry_size;
	size_t serial_size = image->header->serial_size;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < bucket->count; i++) {
		const uint8_t *entry = image->entries + (size_t)(bucket->first + i) * size;
		const uint8_t *last = kept > 0 ? target + (kept - 1) * size : NULL;
		if (last && memcmp(last, entry, size) == 0) {
			image->duplicates++;
			continue;
		}
		if (last && memcmp(last, entry, serial_size) == 0)
			say_contradiction(image, (struct slice){entry, serial_size});
		memmove(target + kept * size, entry, size);
		kept++;
	}
	return kept;
}

static void finish_buckets(struct image *image)
{
	struct table_header *h = image->header;
	h->entry_count = 0;
	for (uint32_t i = 0; i < h->bucket_count; i++) {
		struct table_bucket *bucket = &image->buckets[i];
		uint8_t *target = image->entries + h->entry_count * h->entry_size;
		sort_bucket(image, bucket);
		bucket->count = compact_bucket(image, bucket, target);
		bucket->first = (uint32_t)h->entry_count;
		h->entry_count += bucket->count;
	}
}

/* The header first: its CRC is in every bucket's. */
static void seal(struct image *image, uint8_t *file)
{
	size_t covered = offsetof(struct table_header, file_size);
	struct table_header *h = image->header;
	const size_t entries_size = (size_t)(h->entry_count * h->entry_size);
	const size_t parts_size = image->rows->part_count * sizeof *image->rows->parts;
	if (parts_size > 0)
		memcpy(image->entries + entries_size, image->rows->parts, parts_size);
	h->part_count = (uint32_t)image->rows->part_count;
	h->file_size = h->entries_offset + entries_size + parts_size;
	h->contents = bytes_crc32c(0, (struct slice){image->entries, entries_size + parts_size});
	memcpy(file, h, sizeof *h);
	h->crc = bytes_crc32c(0, (struct slice){file + covered, sizeof *h - covered});
	memcpy(file, h, sizeof *h);
	for (uint32_t i = 0; i < h->bucket_count; i++) {
		struct table_bucket *bucket = &image->buckets[i];
		const uint8_t *entries = image->entries + (size_t)bucket->first * h->entry_size;
		bucket->crc = table_bucket_crc(
			h->crc, i, bucket, (struct slice){entries, (size_t)bucket->count * h->entry_size});
	}
}

/* ---- the file ---- */

static void plan(const struct table_rows *rows, struct table_header *h)
{
	memcpy(h->magic, TABLE_MAGIC, sizeof h->magic);
	h->version = TABLE_VERSION;
	h->bucket_count = bucket_count_for(rows->count);
	h->serial_size = rows->serial_size > 0 ? rows->serial_size : 1;
	h->entry_size = h->serial_size + TABLE_ENTRY_TAIL;
	h->buckets_offset = sizeof *h;
	h->entries_offset = h->buckets_offset + (uint64_t)h->bucket_count * sizeof(struct table_bucket);
}

uint8_t *table_build(struct table_rows *rows, struct table_header *header, size_t *size, struct messages *m)
{
	struct image image = {.rows = rows, .header = header, .m = m};
	plan(rows, header);
	uint8_t *file = memory_zeroed((size_t)(header->entries_offset + rows->count * header->entry_size +
					       rows->part_count * sizeof *rows->parts),
		1);
	image.buckets = (struct table_bucket *)(void *)(file + header->buckets_offset);
	image.entries = file + header->entries_offset;
	place_rows(&image);
	finish_buckets(&image);

	if (image.contradictions > CONTRADICTIONS_MAX)
		message_error(m, (struct place){rows->files[0], 0, 0}, "and %u more contradictions",
			image.contradictions - CONTRADICTIONS_MAX);
	if (image.duplicates > 0)
		message_notice(m, (struct place){rows->files[0], 0, 0},
			"%llu entries were there more than once and became one",
			(unsigned long long)image.duplicates);
	if (image.contradictions > 0) {
		free(file);
		file = NULL;
	} else {
		seal(&image, file);
		*size = (size_t)header->file_size;
	}
	table_rows_free(rows);
	return file;
}
