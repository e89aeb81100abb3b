/*
 * der: a strict DER cursor and a backward writer (X.690 8 and 10). Borrows, copies nothing, allocates nothing.
 *
 * Reading: a cursor is a slice of what remains. Each der_read* takes one element off its front, or leaves it
 * untouched and returns false. Accepted lengths are definite, minimal and at most DER_LENGTH_MAX; tags are of
 * one octet (numbers below 31), which is all that OCSP, CRLs and X.509 use.
 */
#ifndef DER_H
#define DER_H

#include "bytes.h"

#define DER_LENGTH_MAX 0xFFFFFFFFu /* four length octets: a CRL may have hundreds of megabytes */

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0A,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

/*@
  // An element was taken off the front of `before`: its content lies in front of what remains, behind a header.
  predicate der_taken(struct slice before, struct slice rest, struct slice content) =
    slice_ends(rest, before) && content.len + 2 <= before.len - rest.len &&
    content.data == before.data + (before.len - rest.len - content.len);

  // Of these types no content is empty.
  predicate der_says_something(integer tag, struct slice content) =
    tag == DER_BOOLEAN || tag == DER_INTEGER || tag == DER_ENUMERATED || tag == DER_BIT_STRING || tag == DER_OID ==>
      content.len >= 1;
*/

#define DER_CONTEXT(n)             (0x80 | (n)) /* [n] IMPLICIT of a primitive type */
#define DER_CONTEXT_CONSTRUCTED(n) (0xA0 | (n)) /* [n] EXPLICIT, or IMPLICIT of a constructed type */

/* Any element: its tag and its content. False: no whole element of strict DER is there. */
/*@
  requires \valid(cursor) && \valid(tag) && \valid(content) && \separated(cursor, tag, content);
  requires slice_readable(*cursor);
  assigns *cursor, *tag, *content;
  ensures taken: \result ==> der_taken(\old(*cursor), *cursor, *content) && der_says_something(*tag, *content);
  ensures \result ==> *tag == \old(cursor->data[0]);
  ensures untouched: !\result ==> *cursor == \old(*cursor);
*/
bool der_read_any(struct slice *cursor, uint8_t *tag, struct slice *content);

/* The next element's tag without taking it; 0 at the end of the input (no element has tag 0 here). */
/*@
  requires slice_readable(cursor);
  assigns \nothing;
  ensures \result == (cursor.len > 0 ? cursor.data[0] : 0);
*/
uint8_t der_peek(struct slice cursor);

/* An element of this tag. */
/*@
  requires \valid(cursor) && \valid(content) && \separated(cursor, content);
  requires slice_readable(*cursor);
  assigns *cursor, *content;
  ensures taken: \result ==> der_taken(\old(*cursor), *cursor, *content) && der_says_something(tag, *content);
  ensures untouched: !\result ==> *cursor == \old(*cursor);
*/
bool der_read(struct slice *cursor, uint8_t tag, struct slice *content);

/* An element of this tag as it stands, header and content (what CertID is echoed by). */
/*@
  requires \valid(cursor) && \valid(whole) && \separated(cursor, whole);
  requires slice_readable(*cursor);
  assigns *cursor, *whole;
  ensures taken: \result ==> slice_ends(*cursor, \old(*cursor)) && whole->data == \old(cursor->data) &&
    2 <= whole->len == \old(cursor->len) - cursor->len;
  ensures untouched: !\result ==> *cursor == \old(*cursor);
*/
bool der_read_whole(struct slice *cursor, uint8_t tag, struct slice *whole);

/* INTEGER: content octets, at least one, no superfluous leading octet (X.690 8.3.2). */
/*@
  requires \valid(cursor) && \valid(content) && \separated(cursor, content);
  requires slice_readable(*cursor);
  assigns *cursor, *content;
  ensures taken: \result ==> der_taken(\old(*cursor), *cursor, *content) && content->len >= 1;
  ensures untouched: !\result ==> *cursor == \old(*cursor);
*/
bool der_read_integer(struct slice *cursor, struct slice *content);

/* INTEGER or ENUMERATED from 0 to max, `tag` says which. */
/*@
  requires \valid(cursor) && \valid(value) && \separated(cursor, value);
  requires slice_readable(*cursor);
  assigns *cursor, *value;
  ensures taken: \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len) && *value <= max;
  ensures untouched: !\result ==> *cursor == \old(*cursor) && *value == \old(*value);
*/
bool der_read_small(struct slice *cursor, uint8_t tag, uint32_t max, uint32_t *value);

/* BOOLEAN of strict DER: 0x00 or 0xFF. */
/*@
  requires \valid(cursor) && \valid(value) && \separated(cursor, value);
  requires slice_readable(*cursor);
  assigns *cursor, *value;
  ensures taken: \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
  ensures untouched: !\result ==> *cursor == \old(*cursor) && *value == \old(*value);
*/
bool der_read_boolean(struct slice *cursor, bool *value);

/* OBJECT IDENTIFIER: content octets; each arc minimal and complete (X.690 8.19.2). */
/*@
  requires \valid(cursor) && \valid(oid) && \separated(cursor, oid);
  requires slice_readable(*cursor);
  assigns *cursor, *oid;
  ensures taken: \result ==> der_taken(\old(*cursor), *cursor, *oid) && oid->len >= 1;
  ensures untouched: !\result ==> *cursor == \old(*cursor);
*/
bool der_read_oid(struct slice *cursor, struct slice *oid);

/* AlgorithmIdentifier ::= SEQUENCE { algorithm OID, parameters ANY OPTIONAL }: `parameters` is the whole
 * element, empty when absent. */
/*@
  requires \valid(cursor) && \valid(oid) && \valid(parameters) && \separated(cursor, oid, parameters);
  requires slice_readable(*cursor);
  assigns *cursor, *oid, *parameters;
  ensures taken: \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len) &&
    slice_within(*oid, \old(*cursor)) && slice_within(*parameters, \old(*cursor));
  ensures untouched: !\result ==> *cursor == \old(*cursor);
*/
bool der_read_algorithm(struct slice *cursor, struct slice *oid, struct slice *parameters);

/* BIT STRING with no unused bits: its octets. */
/*@
  requires \valid(cursor) && \valid(octets) && \separated(cursor, octets);
  requires slice_readable(*cursor);
  assigns *cursor, *octets;
  ensures taken: \result ==> der_taken(\old(*cursor), *cursor, *octets);
  ensures untouched: !\result ==> *cursor == \old(*cursor);
*/
bool der_read_bits(struct slice *cursor, struct slice *octets);

/*
 * UTCTime (YYMMDDHHMMSSZ) or GeneralizedTime (YYYYMMDDHHMMSSZ) in RFC 5280 4.1.2.5's strict form, as Unix
 * seconds. Dates that do not exist are refused.
 */
/*@
  requires \valid(cursor) && \valid(unix_seconds) && \separated(cursor, unix_seconds);
  requires slice_readable(*cursor);
  assigns *cursor, *unix_seconds;
  ensures taken: \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
  ensures untouched: !\result ==> *cursor == \old(*cursor) && *unix_seconds == \old(*unix_seconds);
*/
bool der_read_time(struct slice *cursor, int64_t *unix_seconds);

/*
 * Writing goes backwards, from the end of the caller's storage to its front, so that every length is known when
 * its header is written:
 *     size_t end = der_mark(&w);  … contents, last one first …  der_wrap(&w, DER_SEQUENCE, end);
 * What does not fit sets `failed`, which stays set.
 */
struct der_writer {
	uint8_t *data;
	size_t start; /* the first octet written; data[start .. size) is what was written */
	size_t size;
	bool failed;
};

/*@
  predicate der_writer_sound(struct der_writer *w) =
    \valid(w) && w->start <= w->size && \valid(w->data + (0 .. w->size - 1)) &&
    \separated(w, w->data + (0 .. w->size - 1));
*/
/*@
  requires \valid(storage + (0 .. size - 1));
  assigns \nothing;
  ensures \result.data == storage && \result.start == size && \result.size == size && !\result.failed;
*/
struct der_writer der_writer(uint8_t *storage, size_t size);
/*@
  requires der_writer_sound((struct der_writer *)w);
  assigns \nothing;
  ensures \result.data == w->data + w->start && \result.len == w->size - w->start;
*/
struct slice der_written(const struct der_writer *w);
/*@
  requires \valid_read(w);
  assigns \nothing;
  ensures \result == w->start;
*/
size_t der_mark(const struct der_writer *w);
/* Puts a header in front of everything written since der_mark() gave `end`. */
/*@
  requires der_writer_sound(w) && w->start <= end <= w->size;
  assigns w->start, w->failed, w->data[0 .. w->size - 1];
  ensures der_writer_sound(w) && w->start <= \old(w->start);
*/
void der_wrap(struct der_writer *w, uint8_t tag, size_t end);
/*@
  requires der_writer_sound(w) && slice_readable(octets);
  requires \separated(octets.data + (0 .. octets.len - 1), w, w->data + (0 .. w->size - 1));
  assigns w->start, w->failed, w->data[0 .. w->size - 1];
  ensures der_writer_sound(w) && w->start <= \old(w->start);
  ensures whole_or_nothing: w->start == \old(w->start) - octets.len || (w->failed && w->start == \old(w->start));
*/
void der_put(struct der_writer *w, struct slice octets);
/* One primitive element: header and content. */
/*@
  requires der_writer_sound(w) && slice_readable(content);
  requires \separated(content.data + (0 .. content.len - 1), w, w->data + (0 .. w->size - 1));
  assigns w->start, w->failed, w->data[0 .. w->size - 1];
  ensures der_writer_sound(w) && w->start <= \old(w->start);
*/
void der_put_element(struct der_writer *w, uint8_t tag, struct slice content);
/* GeneralizedTime YYYYMMDDHHMMSSZ (RFC 9919 3.2.4); years 0000 to 9999, anything else sets `failed`. */
/*@
  requires der_writer_sound(w);
  assigns w->start, w->failed, w->data[0 .. w->size - 1];
  ensures der_writer_sound(w) && w->start <= \old(w->start);
*/
void der_put_time(struct der_writer *w, int64_t unix_seconds);
/* ENUMERATED or INTEGER below 128. */
/*@
  requires der_writer_sound(w);
  assigns w->start, w->failed, w->data[0 .. w->size - 1];
  ensures der_writer_sound(w) && w->start <= \old(w->start);
*/
void der_put_small(struct der_writer *w, uint8_t tag, uint8_t value);

#endif
