#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static bool refuse(struct snapshot_fault *fault, const char *path, const char *reason)
{
	return snapshot_refuse(fault, path, SNAPSHOT_NO_OFFSET, reason);
}

static bool refuse_with_errno(struct snapshot_fault *fault, const char *path, const char *reason)
{
	int error = errno;
	(void)refuse(fault, path, reason);
	fault->error = error;
	return false;
}

/* What stands behind "ROOT/", or NULL. */
static const char *behind(const char *root, const char *path)
{
	size_t len = strlen(root);
	return strncmp(path, root, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static bool is_dots(const char *component, size_t len)
{
	return len == 0 || (len == 1 && component[0] == '.') ||
	       (len == 2 && component[0] == '.' && component[1] == '.');
}

/* Goes from *folder into its folder `component`, which is no symbolic link. */
static bool descend(int *folder, const char *component, size_t len)
{
	char name[NAME_MAX + 1];
	if (len >= sizeof name) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(name, component, len);
	name[len] = '\0';
	int next = openat(*folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return false;
	close(*folder);
	*folder = next;
	return true;
}

/* Component by component: the kernel's way to say it, openat2(), is younger than some kernels. */
bool snapshot_map_beneath(
	const char *root, const char *path, struct slice *file, struct snapshot_fault *fault)
{
	bool mapped = false;
	const char *rest = behind(root, path);
	if (!rest)
		return refuse(fault, path,
			"not beneath " SNAPSHOT_FOLDER
			", and a program with a group of its own takes nothing else");
	int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return refuse_with_errno(fault, path, "its folder cannot be opened");
	for (;;) {
		size_t len = strcspn(rest, "/");
		if (is_dots(rest, len)) {
			(void)refuse(fault, path, "has an empty part, \".\" or \"..\"");
			goto out;
		}
		if (rest[len] == '\0')
			break;
		if (!descend(&folder, rest, len)) {
			(void)refuse_with_errno(fault, path, "a folder of it is none, or a symbolic link");
			goto out;
		}
		rest += len + 1;
	}
	mapped = snapshot_map(folder, rest, true, file, fault);
	fault->file = path;
out:
	close(folder);
	return mapped;
}
