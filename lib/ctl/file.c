#include "file.h"

#include "file_guard.h"
#include "file_temporary.h"
#include "memory.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOT_ALONE       INT64_MIN
#define TEMPORARIES_MAX 16 /* concurrent writers of one file; a killed one's is taken over by the next */

static const char *advice(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "check the path, or make the folder";
	case EACCES:
	case EPERM:
		return "run as a user who may, or change the permissions";
	case EISDIR:
		return "name a file, not a folder";
	case ENOSPC:
	case EDQUOT:
		return "make room and try again";
	case EFBIG:
		return "raise the limit of file sizes (ulimit -f)";
	case EROFS:
		return "choose a place that can be written";
	default:
		return "see the system's log";
	}
}

static struct place place_of(const char *path)
{
	return (struct place){path, 0, 0};
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return memory_text(".");
	return memory_printf("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

void file_failed(struct messages *m, struct place at, const char *verb, const char *path, int error)
{
	message_error(m, at, "cannot %s %s: %s; %s", verb, path, strerror(error), advice(error));
}

/* Replacing a device or a link by rename is never what was meant, and ocsp-cgi follows no link. */
static bool is_replaceable(const char *path, struct messages *m)
{
	struct stat st;
	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode))
		return true;
	if (S_ISLNK(st.st_mode))
		message_error(m, place_of(path), "a symbolic link is not replaced; name the file itself");
	else
		message_error(m, place_of(path), "only a regular file is replaced; name another");
	return false;
}

/* Waits for other writers until `end_us`; NOT_ALONE: for none. */
static bool create(struct file_output *out, const char *path, int64_t end_us, struct messages *m)
{
	*out = (struct file_output){NULL, NULL, -1};
	if (!is_replaceable(path, m))
		return false;
	errno = EEXIST;
	for (unsigned i = 0; i < TEMPORARIES_MAX && out->fd < 0 && errno == EEXIST; i++) {
		free(out->temporary);
		out->temporary = memory_printf("%s.new%u", path, i);
		out->fd = end_us == NOT_ALONE ? file_temporary_create(out->temporary)
					      : file_temporary_await(out->temporary, path, end_us, m);
	}
	if (out->fd < 0) {
		if (errno == EEXIST)
			message_error(m, place_of(path),
				"all temporary names up to %s are taken; remove those that no ocspctl writes",
				out->temporary);
		else if (errno == ETIMEDOUT)
			message_error(m, place_of(path),
				"another program has not ended its work on %s; see which one it is (fuser), "
				"end "
				"it and try again",
				out->temporary);
		else
			file_failed(m, place_of(path), "create", out->temporary, errno);
		free(out->temporary);
		*out = (struct file_output){NULL, NULL, -1};
		return false;
	}
	out->path = memory_text(path);
	return true;
}

bool file_create(struct file_output *out, const char *path, struct messages *m)
{
	return create(out, path, NOT_ALONE, m);
}

bool file_create_alone(struct file_output *out, const char *path, unsigned patience_s, struct messages *m)
{
	return create(out, path, process_monotonic_us() + INT64_C(1000000) * patience_s, m);
}

bool file_write(struct file_output *out, const void *octets, size_t len, struct messages *m)
{
	const uint8_t *next = octets;
	while (len > 0) {
		ssize_t done = write(out->fd, next, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			file_failed(
				m, place_of(out->path), "write", out->temporary, done < 0 ? errno : ENOSPC);
			return false;
		}
		next += done;
		len -= (size_t)done;
	}
	return true;
}

/* Whether somebody else may have put it there: whose group it has would be their choice. */
static bool is_planted(const char *path, const struct stat *file)
{
	struct stat folder = {0};
	char *name = file_folder(path);
	const bool open_to_others = stat(name, &folder) < 0 || (folder.st_mode & (S_IWGRP | S_IWOTH)) != 0;
	free(name);
	return open_to_others && file->st_uid != 0 && file->st_uid != geteuid() &&
	       file->st_uid != folder.st_uid;
}

static bool give_group(const struct file_output *out, gid_t group, struct messages *m)
{
	struct stat old, own;
	const bool kept = group == FILE_GROUP_KEEP;
	if (kept) {
		if (lstat(out->path, &old) < 0)
			return true;
		if (is_planted(out->path, &old)) {
			message_warning(m, place_of(out->path),
				"belongs to user %lu in a folder that others may write: its group is not "
				"kept",
				(unsigned long)old.st_uid);
			return true;
		}
		group = old.st_gid;
	}
	if (fstat(out->fd, &own) == 0 && own.st_gid == group)
		return true;
	if (fchown(out->fd, (uid_t)-1, group) == 0)
		return true;
	int error = errno;
	const struct group *entry = getgrgid(group);
	message_error(m, place_of(out->path),
		"cannot give the new file to %sgroup %s (%lu): %s; run as root or as a member of that "
		"group%s; the old file stays",
		kept ? "the old one's " : "", entry ? entry->gr_name : "without a name", (unsigned long)group,
		strerror(error), kept ? "" : ", or choose another");
	return false;
}

/* The file is replaced by now: what can still be lost is lost only with the power. */
static void sync_folder(const char *path, struct messages *m)
{
	char *folder = file_folder(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		message_warning(m, place_of(path),
			"is replaced, but its folder cannot be synchronised: %s; a power failure may bring "
			"the old one back",
			strerror(errno));
	if (fd >= 0)
		close(fd);
	free(folder);
}

static bool replace(struct file_output *out, struct messages *m)
{
	sigset_t before;
	file_guard_begin(&before);
	bool done = rename(out->temporary, out->path) == 0;
	if (done)
		file_guard_clear(out->temporary);
	else
		file_failed(m, place_of(out->path), "replace", out->path, errno);
	file_guard_end(&before);
	return done;
}

bool file_commit(struct file_output *out, mode_t mode, gid_t group, struct messages *m)
{
	bool done = false;
	if (!give_group(out, group, m))
		goto out;
	if (fchmod(out->fd, mode) < 0 || fsync(out->fd) < 0) {
		file_failed(m, place_of(out->path), "finish", out->temporary, errno);
		goto out;
	}
	if (!replace(out, m))
		goto out;
	sync_folder(out->path, m);
	free(out->temporary);
	out->temporary = NULL;
	done = true;
out:
	file_abandon(out);
	return done;
}

static void remove_temporary(const char *temporary)
{
	sigset_t before;
	file_guard_begin(&before);
	unlink(temporary);
	file_guard_clear(temporary);
	file_guard_end(&before);
}

void file_abandon(struct file_output *out)
{
	if (!out->path)
		return;
	if (out->temporary)
		remove_temporary(out->temporary);
	close(out->fd);
	free(out->temporary);
	free(out->path);
	*out = (struct file_output){NULL, NULL, -1};
}
