/*
 * A status table whose octets are anybody's, but whose checksums hold: the reader stays inside the file, and what it finds is
 * what a plain search of all entries finds. What a flipped bit does is tests/unit/test_status_table_damage.c's.
 */
#include "ctl/table/table_write.h"
#include "edits.h"

#define SERIALS 40

static uint8_t *sound_file(size_t *size)
{
	static uint8_t *file;
	static size_t file_size;
	if (!file) {
		struct table_rows rows = {0};
		struct messages m = {0};
		struct table_header header = {.kind = TABLE_INDEX, .this_update = 1000, .next_update = 2000};
		for (unsigned i = 0; i < SERIALS; i++) {
			uint8_t serial[2] = {(uint8_t)(i % 5), (uint8_t)(i * 7 + 3)};
			struct table_entry entry = {CERT_STATUS_GOOD, 0, CRL_REASON_NONE};
			if (i % 2 == 1)
				entry = (struct table_entry){
					CERT_STATUS_REVOKED, 1700000000, CRL_REASON_SUPERSEDED};
			must(table_rows_add(&rows, (struct slice){serial, 2}, &entry,
				(struct place){"fuzz", i + 1, 0}, &m));
		}
		file = table_build(&rows, &header, &file_size, &m);
		must(file);
	}
	*size = file_size;
	return own_copy((struct slice){file, file_size});
}

/* ---- checksums made right again ---- */

static void seal_header(uint8_t *file)
{
	size_t covered = offsetof(struct table_header, file_size);
	uint32_t crc = bytes_crc32c(0, (struct slice){file + covered, sizeof(struct table_header) - covered});
	memcpy(file + offsetof(struct table_header, crc), &crc, sizeof crc);
}

static void seal_bucket(uint8_t *file, const struct table_header *h, uint32_t number)
{
	struct table_bucket bucket;
	uint8_t *at = file + h->buckets_offset + number * sizeof bucket;
	memcpy(&bucket, at, sizeof bucket);
	if (bucket.first > h->entry_count || bucket.count > h->entry_count - bucket.first)
		return;
	struct slice entries = {file + h->entries_offset + (uint64_t)bucket.first * h->entry_size,
		(size_t)bucket.count * h->entry_size};
	bucket.crc = table_bucket_crc(h->crc, number, &bucket, entries);
	memcpy(at, &bucket, sizeof bucket);
}

static bool seal_all(uint8_t *file, size_t size, struct table *t)
{
	struct snapshot_fault fault = {0};
	uint64_t length = size;
	if (size >= sizeof(struct table_header)) {
		memcpy(file + offsetof(struct table_header, file_size), &length, sizeof length);
		seal_header(file);
	}
	if (!table_read(t, (struct slice){file, size}, &fault)) {
		must(fault.reason && fault.offset <= size);
		return false;
	}
	for (uint32_t i = 0; i < t->header.bucket_count; i++)
		seal_bucket(file, &t->header, i);
	return true;
}

/* ---- look-ups ---- */

static const uint8_t *tail_of(const struct table *t, uint64_t i)
{
	return t->file.data + t->header.entries_offset + i * t->header.entry_size + t->header.serial_size;
}

/* An entry of this serial that says the same; the entries may be anything, also several of one serial. */
static bool is_there(const struct table *t, const uint8_t *serial, const struct table_entry *entry)
{
	for (uint64_t i = 0; i < t->header.entry_count; i++) {
		const uint8_t *tail = tail_of(t, i);
		int reason = tail[9] == TABLE_NO_REASON ? CRL_REASON_NONE : tail[9];
		if (memcmp(tail - t->header.serial_size, serial, t->header.serial_size) == 0 &&
			tail[8] == (uint8_t)entry->status && reason == entry->reason &&
			(int64_t)bytes_le64(tail) == entry->revocation_time)
			return true;
	}
	return false;
}

static void look_up(const struct table *t, const uint8_t *serial)
{
	struct snapshot_fault fault = {0};
	struct table_entry entry = {0};
	struct slice number = {serial, t->header.serial_size};
	switch (table_find(t, number, &entry, &fault)) {
	case TABLE_FOUND:
		must((serial[0] & 0x80) == 0);
		must(entry.status == CERT_STATUS_GOOD || entry.status == CERT_STATUS_REVOKED);
		must(is_there(t, serial, &entry));
		break;
	case TABLE_BROKEN:
		must(fault.reason && fault.offset < t->file.len);
		break;
	case TABLE_ABSENT:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table t = {.path = "fuzz"};
	size_t file_size = 0;
	uint8_t *file = sound_file(&file_size);
	apply_edits((struct slice){data, size}, file, &file_size);
	uint8_t *exact = own_copy((struct slice){file, file_size});
	free(file);
	if (seal_all(exact, file_size, &t)) {
		struct slice serial = {data, size < CERTID_SERIAL_MAX ? size : CERTID_SERIAL_MAX};
		struct table_entry entry;
		struct snapshot_fault fault = {0};
		for (uint64_t i = 0; i < t.header.entry_count; i++)
			look_up(&t, tail_of(&t, i) - t.header.serial_size);
		if (size > 0)
			(void)table_find(&t, serial, &entry, &fault);
	}
	free(exact);
	return 0;
}
