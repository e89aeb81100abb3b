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

/* Wraps a string literal; its terminating NUL does not count. */
#define SLICE(literal) ((struct slice){(const uint8_t *)(literal), sizeof(literal) - 1})

/* The octets of a C string, without its NUL; NULL gives the empty slice. */
struct slice bytes_of(const char *text);

bool bytes_equal(struct slice a, struct slice b);

/*
 * Appends to `data`, which is the caller's and holds `size` octets. What does not fit is left out whole and
 * sets `failed`, which stays set: check it once, at the end.
 */
struct buffer {
	uint8_t *data;
	size_t size, len;
	bool failed;
};

struct buffer bytes_buffer(uint8_t *storage, size_t size);
struct slice bytes_written(const struct buffer *out);
void bytes_append(struct buffer *out, struct slice octets);
void bytes_append_text(struct buffer *out, const char *text);
void bytes_append_char(struct buffer *out, char c);
void bytes_append_decimal(struct buffer *out, int64_t number);
/* At least `width` digits (at most 20), zero-padded. */
void bytes_append_padded(struct buffer *out, uint64_t number, unsigned width);
/* Lower-case hexadecimal, two digits an octet. */
void bytes_append_hex(struct buffer *out, struct slice octets);

/* The caller has checked that the octets are there. */
uint16_t bytes_le16(const uint8_t *p);
uint32_t bytes_le32(const uint8_t *p);
uint64_t bytes_le64(const uint8_t *p);

/*
 * Strict decimal: one or more digits and nothing else, value ≤ max. False, and *value untouched, otherwise.
 */
bool bytes_decimal(struct slice text, uint64_t max, uint64_t *value);

/* CRC-32C (Castagnoli, RFC 3720 12.1) of `octets`, continuing `crc` (0 to begin). */
uint32_t bytes_crc32c(uint32_t crc, struct slice octets);

#endif
