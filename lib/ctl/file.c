#include "file.h"

#include "file_guard.h"
#include "memory.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AWAITED_MAX     1000 /* tries; a leftover that cannot be removed is not waited for without end */
#define AWAITED_STEP_MS 20   /* between two looks at whether the other has ended */
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

void file_failed(struct messages *m, struct place at, const char *verb, const char *path, int error)
{
	message_error(m, at, "cannot %s %s: %s; %s", verb, path, strerror(error), advice(error));
}

static bool is_named(int fd, const char *path)
{
	struct stat open_one, named;
	return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 && open_one.st_ino == named.st_ino &&
	       open_one.st_dev == named.st_dev;
}

/*
 * A writer holds flock() on its temporary file, so one that can be locked was left behind by a killed writer. The name is
 * compared after locking: meanwhile the file may have been renamed into place and the name be another writer's.
 */
static void remove_stale(const char *temporary)
{
	struct stat st;
	int fd = open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		flock(fd, LOCK_EX | LOCK_NB) == 0 && is_named(fd, temporary))
		unlink(temporary);
	close(fd);
}

/* -1 with EEXIST: the name is another writer's, try the next. */
static int create_locked(const char *temporary)
{
	remove_stale(temporary);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	bool busy = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	if (busy || !is_named(fd, temporary)) {
		close(fd);
		errno = EEXIST;
		return -1;
	}
	return fd;
}

/* The same; from here on a signal that ends the process removes it. */
static int create_guarded(const char *temporary)
{
	sigset_t before;
	file_guard_begin(&before);
	int fd = create_locked(temporary), error = errno;
	if (fd >= 0)
		file_guard_set(temporary);
	file_guard_end(&before);
	errno = error;
	return fd;
}

/* False with ETIMEDOUT: somebody holds it still. */
static bool lock_until(int fd, int64_t end_us)
{
	const struct timespec step = {0, AWAITED_STEP_MS * 1000000};
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		if (process_monotonic_us() >= end_us) {
			errno = ETIMEDOUT;
			return false;
		}
		nanosleep(&step, NULL);
	}
	return true;
}

/* True once the writer whose name it is has ended, so that the name is free or left behind. False with EEXIST: it is in the
 * way; with ETIMEDOUT: it has not ended. */
static bool wait_for_writer(const char *temporary, const char *path, int64_t end_us, struct messages *m)
{
	struct stat st;
	bool ended = false;
	int error = EEXIST;
	int fd = open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		ended = errno == ENOENT;
		errno = EEXIST;
		return ended;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto out;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		message_notice(m, place_of(path), "another ocspctl is writing it; waiting for its end");
		ended = lock_until(fd, end_us);
		error = ended ? EEXIST : errno;
	} else {
		ended = st.st_uid == geteuid() || !is_named(fd, temporary);
	}
out:
	close(fd);
	errno = error;
	return ended;
}

/* As create_guarded(), but the name is waited for while it is another writer's. */
static int create_awaited(const char *temporary, const char *path, int64_t end_us, struct messages *m)
{
	for (unsigned i = 0; i < AWAITED_MAX; i++) {
		int fd = create_guarded(temporary);
		if (fd >= 0 || errno != EEXIST)
			return fd;
		if (!wait_for_writer(temporary, path, end_us, m))
			break;
	}
	return -1;
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
		out->fd = end_us == NOT_ALONE ? create_guarded(out->temporary)
					      : create_awaited(out->temporary, path, end_us, m);
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

static bool give_group(const struct file_output *out, gid_t group, struct messages *m)
{
	struct stat old, own;
	const bool kept = group == FILE_GROUP_KEEP;
	if (kept) {
		if (lstat(out->path, &old) < 0)
			return true;
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
	char *folder = memory_text(path);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = 0;
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
