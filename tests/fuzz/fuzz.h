/*
 * fuzz: what the targets share. A target is one LLVMFuzzerTestOneInput(): it is linked with libFuzzer, with AFL++'s driver,
 * or with replay.c, which hands it files. It asserts with must(), so that a wrong answer ends it as a wild pointer does.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                                                      \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition);           \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

static inline bool lies_inside(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
					(size_t)(part.data - whole.data) <= whole.len - part.len);
}

/* Takes octets off the front of the input for the harness's own choices; 0 where there are none left. */
static inline uint8_t take(struct slice *input)
{
	if (input->len == 0)
		return 0;
	uint8_t octet = input->data[0];
	*input = (struct slice){input->data + 1, input->len - 1};
	return octet;
}

/* A copy in an allocation of its own size, so that a sanitizer sees a read beyond it; the caller frees it. */
static inline uint8_t *own_copy(struct slice octets)
{
	uint8_t *copy = malloc(octets.len > 0 ? octets.len : 1);
	must(copy);
	if (octets.len > 0)
		memcpy(copy, octets.data, octets.len);
	return copy;
}

#endif
