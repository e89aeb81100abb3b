/*
 * What of the file system, the network and other processes can still be reached: nothing, but files for reading beneath the
 * folders of tables. The filter alone cannot say that: it sees a path's address, not the path. What it costs: 3 us.
 */
#include "sandbox_parts.h"

#if defined(__linux__) && !defined(NO_SANDBOX)

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As linux/landlock.h has them; headers older than the kernel do not. The numbers are the same on all processors. */
#define CREATE_RULESET 444
#define ADD_RULE       445
#define RESTRICT_SELF  446
#define VERSION_FLAG   1u
#define PATH_BENEATH   1
#define ACCESS_READ    (UINT64_C(1) << 2) /* LANDLOCK_ACCESS_FS_READ_FILE */
#define ALL(rights)    ((UINT64_C(1) << (rights)) - 1)

struct ruleset {
	uint64_t filesystem, network, scoped;
};

struct beneath {
	uint64_t access;
	int32_t folder;
} __attribute__((packed));

/* What the kernel's Landlock of this version knows to refuse, and how much of struct ruleset it reads. */
static struct ruleset everything(long version, size_t *size)
{
	struct ruleset all = {ALL(13), 0, 0}; /* version 1: execute … make_sym */
	*size = sizeof(uint64_t);
	if (version >= 2)
		all.filesystem = ALL(14); /* refer */
	if (version >= 3)
		all.filesystem = ALL(15); /* truncate */
	if (version >= 4) {
		all.network = ALL(2); /* TCP: bind, connect */
		*size = 2 * sizeof(uint64_t);
	}
	if (version >= 5)
		all.filesystem = ALL(16); /* ioctl on devices */
	if (version >= 6) {
		all.scoped = ALL(2); /* abstract Unix sockets, signals */
		*size = 3 * sizeof(uint64_t);
	}
	return all;
}

static bool allow_folders(const struct sandbox *keep, int ruleset)
{
	for (size_t i = 0; i < keep->folder_count; i++) {
		struct beneath rule = {ACCESS_READ, keep->folders[i]};
		if (rule.folder >= 0 && syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0) != 0)
			return false;
	}
	return true;
}

const char *sandbox_landlock(const struct sandbox *keep)
{
	size_t size = 0;
	long version = syscall(CREATE_RULESET, NULL, 0, VERSION_FLAG);
	if (version < 1)
		return NULL; /* not every kernel has it */
	struct ruleset all = everything(version, &size);
	int ruleset = (int)syscall(CREATE_RULESET, &all, size, 0);
	if (ruleset < 0)
		return "answering without Landlock, the kernel refuses it";
	bool done = allow_folders(keep, ruleset) && syscall(RESTRICT_SELF, ruleset, 0) == 0;
	int error = errno;
	close(ruleset);
	errno = error;
	return done ? NULL : "answering without Landlock, the kernel refuses it";
}

#endif
