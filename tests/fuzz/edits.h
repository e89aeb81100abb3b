/*
 * edits: a fuzzer's input as changes to a sound file, which the product's own writer has just made. So corpora outlive a
 * change of format, and no input is lost on a magic number.
 *     input ::= { offset (2 octets, little-endian, modulo the size), count (1 octet), `count` octets to put there }
 * A count of 0 cuts the file at the offset, or, where that is beyond it, changes nothing.
 */
#ifndef EDITS_H
#define EDITS_H

#include "fuzz.h"

static inline void apply_edits(struct slice input, uint8_t *file, size_t *size)
{
	while (input.len >= 3 && *size > 0) {
		size_t offset = (size_t)bytes_le16(input.data) % *size;
		size_t count = input.data[2];
		input = (struct slice){input.data + 3, input.len - 3};
		if (count == 0)
			*size = offset;
		if (count > input.len)
			count = input.len;
		if (count > *size - offset)
			count = *size - offset;
		memcpy(file + offset, input.data, count);
		input = (struct slice){input.data + count, input.len - count};
	}
}

#endif
