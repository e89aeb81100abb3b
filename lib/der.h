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

#define DER_CONTEXT(n)             (0x80 | (n)) /* [n] IMPLICIT of a primitive type */
#define DER_CONTEXT_CONSTRUCTED(n) (0xA0 | (n)) /* [n] EXPLICIT, or IMPLICIT of a constructed type */

/* Any element: its tag and its content. False: no whole element of strict DER is there. */
bool der_read_any(struct slice *cursor, uint8_t *tag, struct slice *content);

/* The next element's tag without taking it; 0 at the end of the input (no element has tag 0 here). */
uint8_t der_peek(struct slice cursor);

/* An element of this tag. */
bool der_read(struct slice *cursor, uint8_t tag, struct slice *content);

/* An element of this tag as it stands, header and content (what CertID is echoed by). */
bool der_read_whole(struct slice *cursor, uint8_t tag, struct slice *whole);

/* INTEGER: content octets, at least one, no superfluous leading octet (X.690 8.3.2). */
bool der_read_integer(struct slice *cursor, struct slice *content);

/* INTEGER or ENUMERATED from 0 to max, `tag` says which. */
bool der_read_small(struct slice *cursor, uint8_t tag, uint32_t max, uint32_t *value);

/* BOOLEAN of strict DER: 0x00 or 0xFF. */
bool der_read_boolean(struct slice *cursor, bool *value);

/* OBJECT IDENTIFIER: content octets; each arc minimal and complete (X.690 8.19.2). */
bool der_read_oid(struct slice *cursor, struct slice *oid);

/* AlgorithmIdentifier ::= SEQUENCE { algorithm OID, parameters ANY OPTIONAL }: `parameters` is the whole
 * element, empty when absent. */
bool der_read_algorithm(struct slice *cursor, struct slice *oid, struct slice *parameters);

/* BIT STRING with no unused bits: its octets. */
bool der_read_bits(struct slice *cursor, struct slice *octets);

/*
 * UTCTime (YYMMDDHHMMSSZ) or GeneralizedTime (YYYYMMDDHHMMSSZ) in RFC 5280 4.1.2.5's strict form, as Unix
 * seconds. Dates that do not exist are refused.
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

struct der_writer der_writer(uint8_t *storage, size_t size);
struct slice der_written(const struct der_writer *w);
size_t der_mark(const struct der_writer *w);
/* Puts a header in front of everything written since der_mark() gave `end`. */
void der_wrap(struct der_writer *w, uint8_t tag, size_t end);
void der_put(struct der_writer *w, struct slice octets);
/* One primitive element: header and content. */
void der_put_element(struct der_writer *w, uint8_t tag, struct slice content);
/* GeneralizedTime YYYYMMDDHHMMSSZ (RFC 9919 3.2.4); years 0000 to 9999, anything else sets `failed`. */
void der_put_time(struct der_writer *w, int64_t unix_seconds);
/* ENUMERATED or INTEGER below 128. */
void der_put_small(struct der_writer *w, uint8_t tag, uint8_t value);

#endif
