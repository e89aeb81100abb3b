/*
 * bytes: borrowed octets, a bounded appender into the caller's storage, little-endian integers, CRC-32C.
 * A leaf: it includes nothing of this project and allocates nothing.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets that belong to somebody else: the request's body, the mapped snapshot, a string literal. */
struct slice {
	const uint8_t *data;
	size_t len;
};

/*
 * The contracts in these comments of C's specification language ACSL are what `make prove` shows to hold for every input:
 * see tests/prove/README.md.
 */
/*@
  predicate slice_readable(struct slice s) = \valid_read(s.data + (0 .. s.len - 1));

  // What remains of `whole` behind something that was taken off its front.
  predicate slice_ends(struct slice rest, struct slice whole) =
    rest.len <= whole.len && rest.data == whole.data + (whole.len - rest.len);

  predicate slice_within(struct slice part, struct slice whole) =
    \base_addr(part.data) == \base_addr(whole.data) &&
    0 <= part.data - whole.data <= whole.len - part.len;

  lemma ends_within: \forall struct slice rest, whole; slice_ends(rest, whole) ==> slice_within(rest, whole);
  lemma within_within: \forall struct slice part, whole, all;
    slice_within(part, whole) && slice_within(whole, all) ==> slice_within(part, all);

  predicate octets_hold(integer octets, integer value) = 0 <= value <
    (octets <= 0 ? 1 : octets == 1 ? 0x100 : octets == 2 ? 0x10000 : octets == 3 ? 0x1000000 :
     octets == 4 ? 0x100000000 : 0x10000000000);
*/

/* Wraps a string literal; its terminating NUL does not count. */
#define SLICE(literal) ((struct slice){(const uint8_t *)(literal), sizeof(literal) - 1})

/* The octets of a C string, without its NUL; NULL gives the empty slice. */
/*@
  assigns \nothing;
  ensures slice_readable(\result);
*/
struct slice bytes_of(const char *text);

/*@
  requires slice_readable(a) && slice_readable(b);
  assigns \nothing;
  ensures \result ==> a.len == b.len;
*/
bool bytes_equal(struct slice a, struct slice b);

/* How many octets stand in front of the first `wanted`; all of them where there is none. */
/*@
  requires slice_readable(octets);
  assigns \nothing;
  ensures \result <= octets.len;
  ensures \result < octets.len ==> octets.data[\result] == wanted;
*/
size_t bytes_before(struct slice octets, uint8_t wanted);

/*
 * Appends to `data`, which is the caller's and holds `size` octets. What does not fit is left out whole and
 * sets `failed`, which stays set: check it once, at the end.
 */
struct buffer {
	uint8_t *data;
	size_t size, len;
	bool failed;
};

/*@
  predicate buffer_sound(struct buffer *out) =
    \valid(out) && out->len <= out->size && \valid(out->data + (0 .. out->size - 1)) &&
    \separated(out, out->data + (0 .. out->size - 1));

  // What may be appended: not the storage itself.
  predicate buffer_takes(struct buffer *out, struct slice octets) =
    buffer_sound(out) && slice_readable(octets) &&
    \separated(octets.data + (0 .. octets.len - 1), out) &&
    \separated(octets.data + (0 .. octets.len - 1), out->data + (0 .. out->size - 1));
*/
/*@
  requires \valid(storage + (0 .. size - 1));
  assigns \nothing;
  ensures \result.data == storage && \result.size == size && \result.len == 0 && !\result.failed;
*/
struct buffer bytes_buffer(uint8_t *storage, size_t size);
/*@
  requires \valid_read(out);
  assigns \nothing;
  ensures \result.data == out->data && \result.len == out->len;
*/
struct slice bytes_written(const struct buffer *out);
/*@
  requires buffer_takes(out, octets);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures whole_or_nothing: out->len == \old(out->len) + octets.len ||
    (out->failed && out->len == \old(out->len));
  ensures buffer_sound(out);
*/
void bytes_append(struct buffer *out, struct slice octets);
/*@
  requires buffer_sound(out);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures buffer_sound(out) && out->len >= \old(out->len);
*/
void bytes_append_text(struct buffer *out, const char *text);
/*@
  requires buffer_sound(out);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures out->len == \old(out->len) + 1 || (out->failed && out->len == \old(out->len));
  ensures buffer_sound(out);
*/
void bytes_append_char(struct buffer *out, char c);
/*@
  requires buffer_sound(out);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures buffer_sound(out) && out->len >= \old(out->len);
*/
void bytes_append_decimal(struct buffer *out, int64_t number);
/* At least `width` digits (at most 20), zero-padded. */
/*@
  requires buffer_sound(out);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures buffer_sound(out) && out->len >= \old(out->len);
*/
void bytes_append_padded(struct buffer *out, uint64_t number, unsigned width);
/* Lower-case hexadecimal, two digits an octet. */
/*@
  requires buffer_takes(out, octets);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures buffer_sound(out) && out->len >= \old(out->len);
*/
void bytes_append_hex(struct buffer *out, struct slice octets);

/* The caller has checked that the octets are there. */
/*@
  requires \valid_read(p + (0 .. 1));
  assigns \nothing;
*/
uint16_t bytes_le16(const uint8_t *p);
/*@
  requires \valid_read(p + (0 .. 3));
  assigns \nothing;
*/
uint32_t bytes_le32(const uint8_t *p);
/*@
  requires \valid_read(p + (0 .. 7));
  assigns \nothing;
*/
uint64_t bytes_le64(const uint8_t *p);

/*
 * Strict decimal: one or more digits and nothing else, zeros in front being no matter, value ≤ max. False, and *value untouched, otherwise.
 */
/*@
  requires slice_readable(text) && \valid(value);
  assigns *value;
  ensures \result ==> *value <= max;
  ensures untouched: !\result ==> *value == \old(*value);
*/
bool bytes_decimal(struct slice text, uint64_t max, uint64_t *value);

/*
 * The same, and as a number is written: without zeros in front, so that each value has one text.
 */
/*@
  requires slice_readable(text) && \valid(value);
  assigns *value;
  ensures \result ==> *value <= max;
  ensures one_text: \result && text.len > 1 ==> \old(text.data[0]) != '0';
  ensures untouched: !\result ==> *value == \old(*value);
*/
bool bytes_decimal_canonical(struct slice text, uint64_t max, uint64_t *value);

/* CRC-32C (Castagnoli, RFC 3720 12.1) of `octets`, continuing `crc` (0 to begin). */
/*@
  requires slice_readable(octets);
  assigns \nothing;
*/
uint32_t bytes_crc32c(uint32_t crc, struct slice octets);

#endif
