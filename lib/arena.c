#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define ALIGNMENT alignof(max_align_t)

/* In front of each block: what arena_resize() has to copy. */
struct header {
	alignas(max_align_t) size_t size;
};

/* Static: a page costs nothing before it is touched, and neither brk() nor mmap() is called. */
static alignas(max_align_t) uint8_t arena_octets[ARENA_MAX];
static size_t arena_used, arena_reserved;

static struct header *header_of(void *block)
{
	return (struct header *)block - 1;
}

static size_t left(void)
{
	size_t free = sizeof arena_octets - arena_used;
	return free > arena_reserved ? free - arena_reserved : 0;
}

void arena_reserve(size_t octets)
{
	arena_reserved = octets;
}

/* The size of a block that has room for `size`; more than any arena has, where that would wrap. */
static size_t rounded(size_t size)
{
	return size > ARENA_MAX ? SIZE_MAX : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void *take(size_t size)
{
	size_t whole = rounded(size);
	if (left() < sizeof(struct header) || whole > left() - sizeof(struct header))
		return NULL;
	struct header *header = (struct header *)(void *)(arena_octets + arena_used);
	header->size = whole;
	arena_used += sizeof *header + whole;
	return header + 1;
}

void *arena_take(size_t size)
{
	return take(size);
}

void *arena_take_aligned(size_t alignment, size_t size)
{
	uintptr_t block = (uintptr_t)(arena_octets + arena_used + sizeof(struct header));
	size_t gap = (size_t)(-block & (alignment - 1));
	if (gap > left())
		return NULL;
	arena_used += gap;
	return take(size);
}

/* The last block grows where it is: a reply that comes in pieces would otherwise be copied for each. */
static bool grow_last(void *block, struct header *header, size_t whole)
{
	bool is_last = (uint8_t *)block + header->size == arena_octets + arena_used;
	if (!is_last || whole - header->size > left())
		return false;
	arena_used += whole - header->size;
	header->size = whole;
	return true;
}

void *arena_resize(void *old, size_t size)
{
	if (!old)
		return take(size);
	struct header *header = header_of(old);
	size_t whole = rounded(size);
	if (whole <= header->size || (whole < SIZE_MAX && grow_last(old, header, whole)))
		return old;
	void *new = take(size);
	if (new)
		memcpy(new, old, header->size);
	return new;
}
