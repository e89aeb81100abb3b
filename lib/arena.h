/*
 * arena: memory that is only ever given out. The responder needs no heap of its own; libcrypto and hiredis do, for a request
 * that is over in a millisecond. arena_heap.c puts their malloc() here; ocsp-cgi alone links that.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Octets. A P-256 answer takes 13 KB, by EVP (which loads its providers) 140 KB; what is not taken costs nothing. */
#define ARENA_MAX ((size_t)8 * 1024 * 1024)

/*
 * Of these, `octets` are not given out before it is called again, with 0: what a stranger makes one stage take is not missing
 * in the next.
 */
void arena_reserve(size_t octets);

/* `size` octets, aligned for anything, all zero. NULL: exhausted, which whoever asked turns into an internalError. */
void *arena_take(size_t size);

/* The same, aligned for `alignment`, a power of two. */
void *arena_take_aligned(size_t alignment, size_t size);

/*
 * `old`, NULL or from arena_take(), made `size` octets: in place where it is the last one or shrinks, else its octets are
 * copied to a new one. NULL: exhausted, `old` is as it was.
 */
void *arena_resize(void *old, size_t size);

#endif
