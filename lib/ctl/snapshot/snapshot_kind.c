#include "snapshot_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "status_table.h"

#define MAGIC_SIZE 8
_Static_assert(sizeof SNAPSHOT_MAGIC - 1 == MAGIC_SIZE, "snapshot format");
_Static_assert(sizeof TABLE_MAGIC - 1 == MAGIC_SIZE, "table format");

const char *snapshot_kind_objection(const char *path)
{
	char magic[MAGIC_SIZE];
	struct stat st = {0};
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const bool regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	const ssize_t got = regular ? read(fd, magic, sizeof magic) : 0;

	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return NULL;
	if (got == MAGIC_SIZE && memcmp(magic, SNAPSHOT_MAGIC, MAGIC_SIZE) == 0)
		return NULL;
	if (got == MAGIC_SIZE && memcmp(magic, TABLE_MAGIC, MAGIC_SIZE) == 0)
		return "this is a table (ocspctl table makes it); give the snapshot, which ocspctl compile "
		       "makes";
	return "this is no snapshot; give what ocspctl compile has made";
}

bool snapshot_kind_open(struct snapshot *s, const char *path, struct snapshot_fault *fault)
{
	const char *objection = snapshot_kind_objection(path);

	if (objection != NULL)
		return snapshot_refuse(fault, path, SNAPSHOT_NO_OFFSET, objection);
	if (snapshot_open(s, path, fault))
		return true;
	if (fault->error == EACCES)
		fault->reason = "this user may not read it; run ocspctl as root";
	return false;
}
