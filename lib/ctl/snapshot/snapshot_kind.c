#include "snapshot_kind.h"

#include <errno.h>

#include "ctl/file_kind.h"

const char *snapshot_kind_objection(const char *path)
{
	switch (file_kind(path)) {
	case FILE_KIND_NONE:
	case FILE_KIND_SNAPSHOT:
		return NULL;
	case FILE_KIND_TABLE:
		return "this is a table (ocspctl table makes it); give the snapshot, which ocspctl compile "
		       "makes";
	default:
		return "this is no snapshot; give what ocspctl compile has made";
	}
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
