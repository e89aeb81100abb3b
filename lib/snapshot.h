/*
 * snapshot: the compiled configuration and keys, one file, mapped and read in place. This header is the file format and
 * its reader; lib/ctl/snapshot/snapshot_write writes it.
 *
 * All integers are little-endian and of fixed width; a reference is an offset, never a pointer. The file is:
 *     struct snapshot_header
 *     slots     slot_count × struct snapshot_slot: an open-addressing hash table over (issuerNameHash, issuerKeyHash)
 *     tables    table_count records of kind SNAPSHOT_TABLE
 *     CAs       ca_count records of kind SNAPSHOT_CA, one after another, in the configuration's order
 *     keys      records of kind SNAPSHOT_KEY and at most one SNAPSHOT_REDIS, from a page boundary (SNAPSHOT_PAGE) to the
 *               file's end, padded to a page: keys share no page with anything else
 * The regions follow one another without gaps but for the one before the keys. Every header, slot and record carries a
 * CRC-32C, snapshot_crc(), that binds its octets to their place in the file and to this file's generation: of a file that
 * was copied over another one and is half of each, no CA answers with the other half's key. It is checked when it is
 * touched and only then, so that the cost does not grow with the file. Whatever does not fit is a fault that names the
 * offset: internalError(2), never a guess.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "ocsp.h"
#include "sign.h"
#include "snapshot_map.h"
#include "verify.h"

#define SNAPSHOT_MAGIC   "OCSPSNAP"
#define SNAPSHOT_VERSION 3
#define SNAPSHOT_PAGE    4096

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"snapshot and tables are read in place: little-endian only");

/* ---- the file ---- */

/* Octets inside the record that holds the span: offset from the record's first octet. length 0: absent. */
struct snapshot_span {
	uint32_t offset, length;
};
_Static_assert(sizeof(struct snapshot_span) == 8, "snapshot format");

enum snapshot_nonce { SNAPSHOT_NONCE_IGNORE = 0, SNAPSHOT_NONCE_COPY = 1, SNAPSHOT_NONCE_REQUIRE = 2 };

struct snapshot_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t crc;        /* snapshot_crc(generation, 0, the octets after this field) */
	uint64_t generation; /* the same only where the whole file is the same, see snapshot_crc() */
	uint64_t file_size;
	uint64_t slots_offset;
	uint64_t tables_offset;
	uint64_t cas_offset;
	uint64_t keys_offset;
	uint64_t redis_offset; /* of the SNAPSHOT_REDIS record, among the keys; 0: no CA asks Redis */
	uint32_t slot_count;   /* a power of two, at least twice ca_count × CERTID_HASHES */
	uint32_t table_count;
	uint32_t ca_count;
	uint32_t key_count;
	uint32_t nonce;          /* enum snapshot_nonce */
	uint32_t cache_headers;  /* 0 or 1 */
	uint32_t max_cache_age;  /* seconds; SNAPSHOT_NO_MAX_AGE: not configured */
	uint32_t cache_window;   /* seconds; 0: off */
	uint32_t deadline_ms;    /* at least 1 */
	uint32_t request_octets; /* limits.request_bytes, 1 … REQUEST_DER_MAX */
	uint32_t certids;        /* limits.certids, 1 … REQUEST_CERTIDS_MAX */
	uint32_t log_format;     /* enum log_format */
	uint32_t log_level;      /* enum log_level */
	uint32_t reserved;       /* 0 */
};
_Static_assert(sizeof(struct snapshot_header) == 128, "snapshot format");
#define SNAPSHOT_NO_MAX_AGE 0xFFFFFFFFu

/*
 * CRC-32C over `generation`, `offset` (uint64_t, little-endian) and `octets`: a whole slot or record that stands in
 * another's place, or comes from another version of the file, is noticed too. `offset` is that of the header, slot or
 * record; `octets` are those after its crc field, to its end. `generation` is the first eight octets, little-endian, of the
 * SHA-256 of the file while it and every crc are still 0: the same configuration compiles to the same octets.
 */
/*@ requires slice_readable(octets); assigns \nothing; */
uint32_t snapshot_crc(uint64_t generation, uint64_t offset, struct slice octets);

/*
 * A slot is in use when ca_offset is not 0. Its place is the first free one from snapshot_slot_start() on, wrapping
 * around; an empty slot (ca_offset 0, its crc set too) ends a search.
 */
struct snapshot_slot {
	uint32_t crc;  /* snapshot_crc() */
	uint32_t hash; /* enum certid_hash */
	uint64_t ca_offset;
	uint8_t name_hash[8], key_hash[8]; /* the first octets of each; the CA record holds them whole */
};
_Static_assert(sizeof(struct snapshot_slot) == 32, "snapshot format");

/* The slot at which a search for these two hashes begins; both have at least 8 octets. */
/*@
  requires \valid_read(name_hash + (0 .. 7)) && \valid_read(key_hash + (0 .. 7)) && slot_count >= 1;
  assigns \nothing;
  ensures \result < slot_count;
*/
uint32_t snapshot_slot_start(const uint8_t *name_hash, const uint8_t *key_hash, uint32_t slot_count);

enum snapshot_kind {
	SNAPSHOT_TABLE = 0x4C424154,
	SNAPSHOT_CA = 0x20204143,
	SNAPSHOT_KEY = 0x2059454B,
	SNAPSHOT_REDIS = 0x49444552
};

/* Every record begins so and is a multiple of 8 octets long; what its spans leave over is 0. */
struct snapshot_record {
	uint32_t crc;    /* snapshot_crc() */
	uint32_t size;   /* of the whole record */
	uint32_t kind;   /* enum snapshot_kind */
	uint32_t number; /* its place among its kind, from 0 */
};
_Static_assert(sizeof(struct snapshot_record) == 16, "snapshot format");

struct snapshot_table { /* the table file of one or more CAs */
	struct snapshot_record record;
	struct snapshot_span path; /* absolute, followed by a NUL that length does not count */
	uint32_t folder_length;    /* of the path's part before its last '/' (1 for "/x") */
	uint32_t folder_number;    /* equal for tables of one folder; 0 … SNAPSHOT_FOLDERS_MAX - 1 */
};
_Static_assert(sizeof(struct snapshot_table) == 32, "snapshot format");
#define SNAPSHOT_FOLDERS_MAX 8

enum snapshot_status { SNAPSHOT_STATUS_REDIS = 1, SNAPSHOT_STATUS_TABLE = 2 };
enum snapshot_unknown {
	SNAPSHOT_UNKNOWN = 0,
	SNAPSHOT_UNKNOWN_UNAUTHORIZED = 1,
	SNAPSHOT_UNKNOWN_REVOKED = 2
};

struct snapshot_ca {
	struct snapshot_record record;
	uint8_t name_hash[CERTID_HASHES][CERTID_HASH_MAX]; /* of the issuer Name's DER; zero-padded */
	uint8_t key_hash[CERTID_HASHES][CERTID_HASH_MAX];  /* of the BIT STRING's content */
	struct snapshot_span name;                         /* the configuration's name for the CA */
	struct snapshot_span redis_key; /* "cert:<subject>:", to which the serial is appended */
	struct snapshot_span signers;   /* array of struct snapshot_signer, in the configuration's order */
	struct snapshot_span
		chain; /* array of struct snapshot_cert: ocsp_chain, sent after the signer's certificate */
	struct snapshot_span requesters; /* array of struct snapshot_requester, at most
					    SNAPSHOT_REQUESTERS_MAX; none: requests need no signature */
	uint32_t status;                 /* enum snapshot_status */
	uint32_t unknown_serial;         /* enum snapshot_unknown */
	uint32_t archive_cutoff_days;    /* 0: none */
	uint32_t reserved;               /* 0 */
	uint64_t table_offset;           /* of the SNAPSHOT_TABLE record when SNAPSHOT_STATUS_TABLE, else 0 */
	int64_t validity_seconds;        /* ocsp_validity_hours; 1 … SNAPSHOT_SECONDS_MAX */
	int64_t start_skew_seconds;      /* 0 … SNAPSHOT_SECONDS_MAX */
};
_Static_assert(sizeof(struct snapshot_ca) == 16 + 512 + 40 + 16 + 8 + 16, "snapshot format");
#define SNAPSHOT_SECONDS_MAX (INT64_C(1) << 36) /* added to a time of day, it cannot overflow */

struct snapshot_cert {
	struct snapshot_span der;
	int64_t not_before, not_after; /* Unix seconds, both inclusive (RFC 5280 4.1.2.5) */
};
_Static_assert(sizeof(struct snapshot_cert) == 24, "snapshot format");

/* One of those whose requests are answered: the public key of a certificate, which itself is not kept. */
struct snapshot_requester {
	uint32_t kind;                                /* enum verify_kind */
	uint32_t reserved;                            /* 0 */
	struct snapshot_span name;                    /* its subject as text, for the log */
	struct snapshot_span parts[VERIFY_KEY_PARTS]; /* struct verify_key's */
	int64_t not_before, not_after;                /* Unix seconds, both inclusive */
};
_Static_assert(sizeof(struct snapshot_requester) == 48, "snapshot format");
#define SNAPSHOT_REQUESTERS_MAX 16 /* of one CA: as many signatures may be verified for one request */

struct snapshot_signer {
	uint32_t algorithm;                /* enum sign_algorithm */
	uint32_t include_certificate;      /* include_signer: 0 or 1 */
	uint64_t key_offset;               /* of the SNAPSHOT_KEY record */
	struct snapshot_span responder_id; /* DER of the CHOICE: [1] Name or [2] KeyHash */
	struct snapshot_cert certificate;
};
_Static_assert(sizeof(struct snapshot_signer) == 48, "snapshot format");

struct snapshot_key {
	struct snapshot_record record;
	uint32_t algorithm; /* enum sign_algorithm */
	uint32_t part_count;
	struct snapshot_span parts[SIGN_KEY_PARTS]; /* struct sign_key's */
};
_Static_assert(sizeof(struct snapshot_key) == 88, "snapshot format");

/* How Redis is reached: a secret too, its password is in it. */
#define SNAPSHOT_ADDRESSES_MAX 8

struct snapshot_address {
	uint32_t family; /* enum redis_family */
	uint32_t port, scope;
	uint32_t reserved;         /* 0 */
	uint8_t ip[16];            /* network order; IPv4: the first four */
	struct snapshot_span path; /* of a Unix socket */
	struct snapshot_span name; /* of TLS: what the certificate must be for; none: the address itself */
};
_Static_assert(sizeof(struct snapshot_address) == 48, "snapshot format");

struct snapshot_redis {
	struct snapshot_record record;
	uint32_t database, timeout_ms;
	uint32_t cluster;               /* 0 or 1 */
	uint32_t reserved;              /* 0 */
	struct snapshot_span addresses; /* array of struct snapshot_address, in the order of trying */
	struct snapshot_span username, password;
	struct snapshot_span tls_ca;   /* certificates in DER, one behind another; none: no TLS */
	struct snapshot_span tls_cert; /* the responder's own and its chain, likewise; none: it has none */
	struct snapshot_span tls_key;  /* its key: PrivateKeyInfo in DER */
};
_Static_assert(sizeof(struct snapshot_redis) == 80, "snapshot format");

/* ---- the reader ---- */

struct snapshot {
	const char *path;              /* the caller's, borrowed */
	struct slice file;             /* the mapping; ended by the end of the process, or snapshot_close() */
	struct snapshot_header header; /* checked copy */
};

/*@
  // The regions follow one another inside the file, and the slots fill theirs.
  predicate snapshot_header_sound(struct snapshot_header *h, integer file_len) =
    h->slot_count >= 1 && h->slots_offset == sizeof(struct snapshot_header) &&
    h->slots_offset + h->slot_count * sizeof(struct snapshot_slot) == h->tables_offset &&
    h->tables_offset <= h->cas_offset <= h->keys_offset <= h->file_size == file_len;

  predicate snapshot_sound(struct snapshot *s) =
    \valid_read(s) && slice_readable(s->file) && snapshot_header_sound(&s->header, s->file.len);
*/

/* One CA, as read: borrows from the mapping. */
struct ca {
	struct slice record; /* checked; spans are inside it */
	struct snapshot_ca fixed;
	size_t signer_count, chain_count, requester_count;
	struct slice name, redis_key;
};

/*@
  predicate ca_sound(struct ca *ca, struct snapshot *s) = \valid_read(ca) &&
    slice_within(ca->record, s->file) && sizeof(struct snapshot_ca) <= ca->record.len &&
    slice_readable(ca->name) && slice_readable(ca->redis_key);
*/

struct signer {
	enum sign_algorithm algorithm;
	bool include_certificate;
	uint64_t key_offset;
	struct slice responder_id;
	struct slice certificate;
	int64_t not_before, not_after;
};

struct requester {
	struct verify_key key; /* plausible */
	struct slice name;
	int64_t not_before, not_after;
};

struct chain_cert {
	struct slice der;
	int64_t not_before, not_after;
};

/*
 * Maps it and checks its header: magic, version, CRC, sizes and bounds. In a program that has more rights than its caller
 * only what lies beneath SNAPSHOT_FOLDER: the caller chooses the path, and must not choose who answers for the CA.
 */
#define SNAPSHOT_FOLDER "/var/lib/ocsp-cgi"
bool snapshot_open(struct snapshot *s, const char *path, struct snapshot_fault *fault);
/* The same over octets that are already in memory (tests, fuzzing, what was just written); .path is "(memory)". */
/*@
  requires \valid(s) && \valid(fault) && \separated(s, fault) && slice_readable(file);
  assigns *s, *fault;
  ensures \result ==> snapshot_sound(s) && s->file == file;
*/
bool snapshot_read(struct snapshot *s, struct slice file, struct snapshot_fault *fault);
/* Undoes snapshot_open(). */
void snapshot_close(struct snapshot *s);

enum snapshot_found { SNAPSHOT_FOUND, SNAPSHOT_ABSENT, SNAPSHOT_BROKEN };

/*
 * The CA whose issuerNameHash and issuerKeyHash both match (conformance Q3). A hash algorithm that is not known, or hashes
 * of another length than its own, match none. SNAPSHOT_BROKEN sets *fault. *out counts only when found.
 */
/*@
  requires snapshot_sound(s) && \valid_read(id) && \valid(out) && \valid(fault) && \separated(s, id, out, fault);
  requires slice_readable(id->issuer_name_hash) && slice_readable(id->issuer_key_hash);
  assigns *out, *fault;
  ensures \result == SNAPSHOT_FOUND ==> ca_sound(out, s);
*/
enum snapshot_found snapshot_find_ca(
	const struct snapshot *s, const struct certid *id, struct ca *out, struct snapshot_fault *fault);

/* The CA record at `offset`; *next is the offset behind it. For walking all of them from header.cas_offset on. */
/*@
  requires snapshot_sound(s) && \valid(out) && \valid(next) && \valid(fault) && \separated(s, out, next, fault);
  assigns *out, *next, *fault;
  ensures \result ==> ca_sound(out, s);
  ensures \result ==> offset < *next <= s->header.keys_offset;
*/
bool snapshot_ca_at(const struct snapshot *s, uint64_t offset, struct ca *out, uint64_t *next,
	struct snapshot_fault *fault);

/* For i < ca->signer_count, chain_count, requester_count; false where something does not fit. */
/*@
  requires snapshot_sound(s) && ca_sound(ca, s) && \valid(out) && \valid(fault) && \separated(s, ca, out, fault);
  assigns *out, *fault;
  ensures \result ==> slice_readable(out->responder_id) && slice_readable(out->certificate);
*/
bool snapshot_signer(const struct snapshot *s, const struct ca *ca, size_t i, struct signer *out,
	struct snapshot_fault *fault);
/*@
  requires snapshot_sound(s) && ca_sound(ca, s) && \valid(out) && \valid(fault) && \separated(s, ca, out, fault);
  assigns *out, *fault;
  ensures \result ==> slice_readable(out->der);
*/
bool snapshot_chain_cert(const struct snapshot *s, const struct ca *ca, size_t i, struct chain_cert *out,
	struct snapshot_fault *fault);
/*@
  requires snapshot_sound(s) && ca_sound(ca, s) && \valid(out) && \valid(fault) && \separated(s, ca, out, fault);
  assigns *out, *fault;
  ensures \result ==> slice_readable(out->name);
*/
bool snapshot_requester(const struct snapshot *s, const struct ca *ca, size_t i, struct requester *out,
	struct snapshot_fault *fault);

/* The key at `key_offset`, its algorithm compared with the signer's. The slices point into the key pages. */
/*@
  requires snapshot_sound(s) && \valid_read(signer) && \valid(out) && \valid(fault);
  requires \separated(s, signer, out, fault);
  assigns *out, *fault;
  ensures \result ==> \forall integer i; 0 <= i < SIGN_KEY_PARTS ==> slice_readable(out->part[i]);
*/
bool snapshot_key(const struct snapshot *s, const struct signer *signer, struct sign_key *out,
	struct snapshot_fault *fault);

enum redis_family { REDIS_UNIX = 1, REDIS_IPV4 = 4, REDIS_IPV6 = 6 };

struct redis_address {
	enum redis_family family;
	uint16_t port;
	uint32_t scope; /* of a link-local IPv6 address */
	uint8_t ip[16];
	struct slice path;
	struct slice name; /* of TLS: what the certificate must be for; empty: the address itself */
};
#define REDIS_NAME_MAX 255 /* octets: more than a host's name can have */

struct redis_settings {
	size_t address_count; /* at least 1 */
	struct redis_address addresses[SNAPSHOT_ADDRESSES_MAX];
	struct slice username, password; /* empty: no AUTH; borrowed from the key pages */
	uint32_t database;               /* 0: no SELECT */
	uint32_t timeout_ms;
	bool cluster;                   /* READONLY is sent: a replica of a cluster answers */
	struct slice tls_ca;            /* not empty: TLS, to every address */
	struct slice tls_cert, tls_key; /* both or none */
};

/* How Redis is reached; header.redis_offset is not 0. */
/*@
  requires snapshot_sound(s) && \valid(out) && \valid(fault) && \separated(s, out, fault);
  assigns *out, *fault;
  ensures \result ==> 1 <= out->address_count <= SNAPSHOT_ADDRESSES_MAX &&
    slice_readable(out->username) && slice_readable(out->password) && slice_readable(out->tls_ca) &&
    slice_readable(out->tls_cert) && slice_readable(out->tls_key);
*/
bool snapshot_redis(const struct snapshot *s, struct redis_settings *out, struct snapshot_fault *fault);

/* A table's path (absolute, a NUL behind it), its folder's length and number. */
struct table_place {
	uint32_t number; /* 0 … header.table_count - 1 */
	struct slice path;
	size_t folder_length;
	uint32_t folder_number;
};

/* The table record at `offset`; *next is the offset behind it. For a CA's table_offset, or walking from
 * header.tables_offset on. */
/*@
  requires snapshot_sound(s) && \valid(out) && \valid(next) && \valid(fault) && \separated(s, out, next, fault);
  assigns *out, *next, *fault;
  ensures \result ==> \valid_read(out->path.data + (0 .. out->path.len)) && out->path.data[out->path.len] == 0;
  ensures \result ==> 1 <= out->folder_length < out->path.len;
  ensures \result ==> offset < *next <= s->header.cas_offset;
*/
bool snapshot_table_at(const struct snapshot *s, uint64_t offset, struct table_place *out, uint64_t *next,
	struct snapshot_fault *fault);

#endif
