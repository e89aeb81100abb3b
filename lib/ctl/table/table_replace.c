#include "table_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGE_INDEX 1000 /* entries */

static struct place place_of(const char *path)
{
	return (struct place){path, 0, 0};
}

static bool is_same_ca(const struct table_header *a, const struct table_header *b)
{
	return memcmp(a->name_hash, b->name_hash, sizeof a->name_hash) == 0 &&
	       memcmp(a->key_hash, b->key_hash, sizeof a->key_hash) == 0;
}

static bool has_lower_number(const struct table_header *fresh, const struct table_header *old)
{
	return fresh->has_crl_number == 1 && old->has_crl_number == 1 &&
	       memcmp(fresh->crl_number, old->crl_number, sizeof fresh->crl_number) < 0;
}

static struct table_part part_of(const struct table *t, uint32_t i)
{
	struct table_part part;
	const struct table_header *h = &t->header;
	const uint64_t parts = h->entries_offset + h->entry_count * h->entry_size;
	memcpy(&part, t->file.data + parts + (uint64_t)i * sizeof part, sizeof part);
	return part;
}

/* The part of `t` with this scope; false: it has none. */
static bool find_part(const struct table *t, const uint8_t *scope, struct table_part *out)
{
	for (uint32_t i = 0; i < t->header.part_count; i++) {
		*out = part_of(t, i);
		if (memcmp(out->scope, scope, sizeof out->scope) == 0)
			return true;
	}
	return false;
}

/* The headers have the lowest of all parts, so that an older part may hide behind another. NULL, or why not. */
static const char *objection_to_parts(const struct table *fresh, const struct table *old)
{
	for (uint32_t i = 0; i < old->header.part_count; i++) {
		struct table_part before = part_of(old, i), now;
		if (fresh->header.part_count == 0 && fresh->header.this_update < before.this_update)
			return "was made of a part of the CRL that is newer than the new CRL, which would "
			       "bring "
			       "revoked certificates back";
		if (fresh->header.part_count == 0)
			continue; /* a number of its own scope */
		if (!find_part(fresh, before.scope, &now))
			return "was made of a part of the CRL that is not among the new ones";
		if (now.this_update < before.this_update ||
			(now.has_crl_number == 1 && before.has_crl_number == 1 &&
				memcmp(now.crl_number, before.crl_number, sizeof now.crl_number) < 0))
			return "was made of a newer part of the CRL than one of the new ones: an old CRL "
			       "would "
			       "bring revoked certificates back";
	}
	return NULL;
}

/*
 * A large index does not lose most of itself: it is a file cut short, or another's. A small one may; a CRL loses what has
 * expired.
 */
static bool lost_most(const struct table_header *fresh, const struct table_header *old)
{
	return fresh->kind == TABLE_INDEX && old->entry_count >= LARGE_INDEX &&
	       fresh->entry_count < old->entry_count &&
	       fresh->entry_count < old->entry_count - fresh->entry_count;
}

/* An index begun anew looks like one that was cut to nothing: the operator knows which it is. */
static bool lost_all(const struct table_header *fresh, const struct table_header *old)
{
	return fresh->kind == TABLE_INDEX && fresh->entry_count == 0 && old->entry_count > 0;
}

/* NULL, or why not. */
static const char *objection_to_header(const struct table_header *fresh, const struct table_header *old)
{
	if (!is_same_ca(fresh, old))
		return "is the table of another CA";
	if ((fresh->kind == TABLE_INDEX) != (old->kind == TABLE_INDEX))
		return fresh->kind == TABLE_INDEX ? "was made of a CRL, the new one is of an index"
						  : "was made of an index, the new one is of a CRL";
	if (has_lower_number(fresh, old))
		return "has a higher cRLNumber than the new one: an old CRL would bring revoked "
		       "certificates back";
	if (fresh->this_update < old->this_update)
		return fresh->kind == TABLE_INDEX
			       ? "was made after this command began: by another one, or is the clock wrong?"
			       : "has a later thisUpdate than the new one: an old CRL would "
				 "bring revoked certificates back";
	if (lost_all(fresh, old))
		return "has entries, and the new index is empty: no serial would be known any more, not even "
		       "as revoked";
	if (lost_most(fresh, old))
		return "has more than twice as many entries as the new one, as if the index had been cut";
	return NULL;
}

static bool object(const char *path, const char *why, bool force, struct messages *m)
{
	if (force)
		message_warning(m, place_of(path), "%s; replaced, as --force says", why);
	else
		message_error(m, place_of(path), "%s; it stays. If this is right, say --force", why);
	return force;
}

/*
 * Whoever owns it, unlike table_open(): that somebody else made it is no reason not to compare. False: *why; `damaged`
 * where it was a table, cut short or with flipped bits, which a refresh is to heal.
 */
static bool open_old(const char *path, struct table *old, bool *damaged, const char **why)
{
	struct stat st = {0};
	struct snapshot_fault fault = {0};
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	void *map = MAP_FAILED;
	*old = (struct table){.path = path};
	*why = "cannot be read, so that nobody knows whether the new one is older";
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	*damaged = S_ISREG(st.st_mode) && st.st_size == 0;
	if (*damaged)
		*why = "it is empty";
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return false;
	const struct slice file = {map, (size_t)st.st_size};
	if (table_read(old, file, &fault))
		return true;
	*damaged = file.len >= sizeof old->header.magic &&
		   memcmp(file.data, TABLE_MAGIC, sizeof old->header.magic) == 0;
	*why = *damaged ? fault.reason : "is no status table";
	table_close(old);
	return false;
}

bool table_replace_allowed(const char *path, struct slice file, bool force, struct messages *m)
{
	struct table fresh = {.path = path}, old;
	struct snapshot_fault fault = {0};
	bool damaged = false;
	const char *why = NULL;
	if (!table_read(&fresh, file, &fault)) {
		message_error(
			m, place_of(path), "the new table is none (%s); please report this", fault.reason);
		return false;
	}
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return true;
	if (!open_old(path, &old, &damaged, &why)) {
		if (!damaged)
			return object(path, why, force, m);
		message_warning(m, place_of(path),
			"the old table cannot be compared with (%s), and is replaced", why);
		return true;
	}
	why = objection_to_header(&fresh.header, &old.header);
	if (!why)
		why = objection_to_parts(&fresh, &old);
	const bool allowed = !why || object(path, why, force, m);
	if (!why && fresh.header.kind == TABLE_INDEX && fresh.header.entry_count < old.header.entry_count)
		message_warning(m, place_of(path),
			"had %" PRIu64 " entries, the new one has %" PRIu64 "; was the index cut?",
			old.header.entry_count, fresh.header.entry_count);
	table_close(&old);
	return allowed;
}
