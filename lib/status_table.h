/*
 * status_table: certStatus from a NAME.table file, which `ocspctl table` makes of a CRL or an index.txt. This header is
 * the file format and its reader; lib/ctl/table/table_write writes it. No secrets are in it.
 *
 * The file is:
 *     struct table_header
 *     buckets   bucket_count × struct table_bucket
 *     entries   entry_count × entry_size octets, sorted by (bucket, serial)
 *     parts     part_count × struct table_part: for `ocspctl table` alone, which replaces none by an older one
 * A serial is a non-negative integer, big-endian, left-padded with zeros to serial_size octets. Its bucket is
 * table_bucket_of(). A bucket's CRC covers its number, its place, its entries and the header's CRC, so that one look-up
 * checks all that it relies on and touches the header, one bucket and one or two pages of entries, whatever the table's
 * size. The header's CRC stands for all entries (`contents`): under the header of a newer table, as a copy in place leaves
 * it when it is cut off, no bucket of an older one counts.
 */
#ifndef STATUS_TABLE_H
#define STATUS_TABLE_H

#include "ocsp.h"
#include "snapshot.h"

#define TABLE_MAGIC          "OCSPTABL"
#define TABLE_VERSION        2
#define TABLE_BUCKET_ENTRIES 16 /* the writer aims at this many in a bucket */

enum table_kind {
	TABLE_CRL = 1,         /* knows the revoked: absent is good (S3) */
	TABLE_CRL_PARTIAL = 2, /* some of a partitioned CRL's parts: absent is unauthorized (S3a) */
	TABLE_INDEX = 3,       /* knows the issued: absent is the unknown_serial policy */
};

#define TABLE_CRL_NUMBER_MAX 20 /* octets, RFC 5280 5.2.3 */

struct table_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t crc; /* of the octets after this field */
	uint64_t file_size;
	uint64_t entry_count;
	uint64_t buckets_offset, entries_offset;
	uint32_t bucket_count; /* a power of two, 1 … 2^28 */
	uint32_t kind;         /* enum table_kind */
	uint32_t serial_size;  /* octets, 1 … CERTID_SERIAL_MAX */
	uint32_t entry_size;   /* serial_size + TABLE_ENTRY_TAIL */
	int64_t this_update;   /* the source's thisUpdate; an index: when the table was built */
	int64_t next_update;
	uint8_t name_hash[32],
		key_hash[32]; /* SHA-256 of the CA's Name and key: a table of another CA is refused */
	/* big-endian, left-padded; of several parts the lowest; all zero where there is none */
	uint8_t crl_number[TABLE_CRL_NUMBER_MAX];
	uint32_t has_crl_number; /* 0 or 1 */
	/* CRC-32C of all entries and parts, which binds the buckets to this header; the reader never computes it */
	uint32_t contents;
	uint32_t part_count; /* 0: of an index, or of one CRL for all certificates */
};
_Static_assert(sizeof(struct table_header) == 176, "table format");

/* One CRL of those that the table was made of. */
struct table_part {
	uint8_t scope[32]; /* SHA-256 of what its issuingDistributionPoint says */
	int64_t this_update;
	uint8_t crl_number[TABLE_CRL_NUMBER_MAX]; /* as in the header */
	uint32_t has_crl_number;
};
_Static_assert(sizeof(struct table_part) == 64, "table format");

struct table_bucket {
	uint32_t crc;          /* table_bucket_crc() */
	uint32_t first, count; /* entries */
};
_Static_assert(sizeof(struct table_bucket) == 12, "table format");

/* An entry: serial[serial_size], then these TABLE_ENTRY_TAIL octets, unaligned. */
#define TABLE_ENTRY_TAIL 10
/*   int64  revocation time, Unix seconds, little-endian; 0 when good
 *   uint8  enum cert_status: good or revoked
 *   uint8  CRLReason, or TABLE_NO_REASON
 */
#define TABLE_NO_REASON 0xFF

/* The bucket of a padded serial: the top bits of a multiplied CRC-32C of the serial without its leading zeros. */
/*@
  requires slice_readable(serial) && bucket_count >= 1;
  assigns \nothing;
  ensures \result < bucket_count;
*/
uint32_t table_bucket_of(struct slice serial, uint32_t bucket_count);

/* CRC-32C over the header's crc, number, first, count (each uint32, little-endian) and the bucket's entries. */
/*@
  requires \valid_read(bucket) && slice_readable(entries);
  assigns \nothing;
*/
uint32_t table_bucket_crc(
	uint32_t header_crc, uint32_t number, const struct table_bucket *bucket, struct slice entries);

/* ---- the reader ---- */

struct table {
	const char *path;
	struct slice file;
	struct table_header header; /* checked copy */
};

/*@
  // What the header says of the file's parts is so.
  predicate table_header_sound(struct table_header h, integer file_len) =
    1 <= h.bucket_count <= 0x10000000 && 1 <= h.serial_size <= CERTID_SERIAL_MAX &&
    h.entry_size == h.serial_size + TABLE_ENTRY_TAIL && h.entry_count <= UINT32_MAX &&
    h.buckets_offset == sizeof(struct table_header) &&
    h.entries_offset == h.buckets_offset + h.bucket_count * sizeof(struct table_bucket) &&
    0 <= h.entry_count * h.entry_size <= file_len - h.entries_offset;

  predicate table_sound(struct table *t) = slice_readable(t->file) && table_header_sound(t->header, t->file.len);
*/

/* snapshot_map()'s rules, then the header's checks. `folder` as there. */
bool table_open(struct table *t, int folder, const char *path, struct snapshot_fault *fault);
/* The same over octets in memory (tests, fuzzing); t->path is set by the caller and names them in *fault. */
/*@
  requires \valid(t) && \valid(fault) && \separated(t, fault) && slice_readable(file);
  assigns t->file, t->header, *fault;
  ensures \result ==> table_sound(t);
*/
bool table_read(struct table *t, struct slice file, struct snapshot_fault *fault);
void table_close(struct table *t);

/* Whether the table is this CA's: both SHA-256 hashes. */
bool table_is_of(const struct table *t, const struct ca *ca);

struct table_entry {
	enum cert_status status; /* good or revoked */
	int64_t revocation_time;
	int reason; /* enum crl_reason; as stored, not judged */
};

enum table_found { TABLE_FOUND, TABLE_ABSENT, TABLE_BROKEN };

/*
 * Looks a serialNumber up (INTEGER content octets as sent). A negative one, or one longer than the table's serials, is
 * TABLE_ABSENT. TABLE_BROKEN (a CRC, a bound, an unknown status octet) sets *fault.
 */
/*@
  requires \valid_read(t) && table_sound(t) && slice_readable(serial_number);
  requires \valid(out) && \valid(fault) && \separated(t, out, fault);
  assigns *out, *fault;
*/
enum table_found table_find(const struct table *t, struct slice serial_number, struct table_entry *out,
	struct snapshot_fault *fault);

#endif
