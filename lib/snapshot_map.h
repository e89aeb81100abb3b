/*
 * snapshot_map: a file that is opened, examined and mapped, and what is said where it was refused: of snapshots and tables.
 */
#ifndef SNAPSHOT_MAP_H
#define SNAPSHOT_MAP_H

#include "bytes.h"

/* Where and why a snapshot (or table) was refused: for the log line. */
struct snapshot_fault {
	const char *file;
	uint64_t offset;    /* SNAPSHOT_NO_OFFSET: the file as a whole */
	const char *reason; /* static */
	int error;          /* errno, or 0 */
	const char *advice; /* what to do, static; NULL: the reason says it */
};
#define SNAPSHOT_NO_OFFSET UINT64_MAX

/* Sets *fault, without an errno; where it has an offset the snapshot is to be compiled anew. Always false, for
 * `return snapshot_refuse(…)`. */
/*@
  requires \valid(fault);
  assigns *fault;
  ensures !\result;
*/
bool snapshot_refuse(struct snapshot_fault *fault, const char *file, uint64_t offset, const char *reason);

/*
 * Opens (O_NOFOLLOW | O_CLOEXEC), checks and maps a file read-only: regular, not empty, owned by root or the caller, not
 * writable by group or others. In a program that has more rights than its caller (AT_SECURE: set-group-ID), the caller's
 * own files count for nothing: root's only. A `secret` one must not be readable by others either, and is left out of core dumps; of
 * another, pages are read one by one (MADV_RANDOM). Shared by snapshots and tables. `folder` is a directory's descriptor
 * for a relative path, or AT_FDCWD. System calls: openat, fstat, geteuid, mmap, madvise, close.
 */
bool snapshot_map(
	int folder, const char *path, bool secret, struct slice *file, struct snapshot_fault *fault);

/*
 * snapshot_map() of a secret file beneath `root`: "ROOT/NAME…", in which no part is empty, ".", ".." or a symbolic link.
 * fault->file is `path`; the reason names SNAPSHOT_FOLDER, which `root` is but in tests.
 */
bool snapshot_map_beneath(
	const char *root, const char *path, struct slice *file, struct snapshot_fault *fault);
/* Appends "FILE: offset N: REASON (ERRNO TEXT); ADVICE" to a log note; of offset, errno and advice those that there are. */
void snapshot_fault_text(const struct snapshot_fault *fault, struct buffer *out);

#endif
