#include "table_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

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

/* An issued certificate never leaves an index: one that lost most of itself is a file cut short, or another's. */
static bool lost_most(const struct table_header *fresh, const struct table_header *old)
{
	return fresh->kind == TABLE_INDEX && fresh->entry_count < old->entry_count &&
	       fresh->entry_count < old->entry_count - fresh->entry_count;
}

/* NULL, or why not. */
static const char *objection(const struct table_header *fresh, const struct table_header *old)
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
			       ? "was made later than now: is the clock right?"
			       : "has a later thisUpdate than the new one: an old CRL would "
				 "bring revoked certificates back";
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

/* A table cut short or damaged is what a refresh is to heal; somebody's certificate is not. */
static bool replace_unreadable(
	const char *path, const struct snapshot_fault *fault, bool force, struct messages *m)
{
	char start[sizeof TABLE_MAGIC - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	ssize_t got = fd < 0 ? -1 : read(fd, start, sizeof start);
	if (fd >= 0)
		close(fd);
	if (got > 0 && ((size_t)got < sizeof start || memcmp(start, TABLE_MAGIC, sizeof start) != 0))
		return object(path, "is no status table", force, m);
	message_warning(m, place_of(path), "the old table cannot be compared with (%s%s%s), and is replaced",
		fault->reason, fault->error != 0 ? ": " : "",
		fault->error != 0 ? strerror(fault->error) : "");
	return true;
}

bool table_replace_allowed(const char *path, const struct table_header *fresh, bool force, struct messages *m)
{
	struct table old = {0};
	struct snapshot_fault fault = {0};
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return true;
	if (!table_open(&old, AT_FDCWD, path, &fault))
		return replace_unreadable(path, &fault, force, m);
	const char *why = objection(fresh, &old.header);
	bool allowed = !why || object(path, why, force, m);
	if (!why && fresh->kind == TABLE_INDEX && fresh->entry_count < old.header.entry_count)
		message_warning(m, place_of(path),
			"had %" PRIu64 " entries, the new one has %" PRIu64 "; was the index cut?",
			old.header.entry_count, fresh->entry_count);
	table_close(&old);
	return allowed;
}
