#include "file_temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file_guard.h"
#include "process.h"

#define AWAITED_MAX     1000    /* tries; a leftover that cannot be removed is not waited for without end */
#define AWAITED_STEP_MS 20      /* between two looks at whether the other has ended */
#define ENDING_US       2000000 /* from a new file's last mode to its name */

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

int file_temporary_create(const char *temporary)
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
	/* Only its writer can open it before its end; afterwards whoever may read it can lock it, if it was left behind. */
	const int64_t soon = process_monotonic_us() + ENDING_US;
	int fd = open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		ended = errno == ENOENT;
		errno = EEXIST;
		return ended;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto out;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		const bool private = (st.st_mode & 0777) == 0600;
		message_notice(
			m, (struct place){path, 0, 0}, "another ocspctl is writing it; waiting for its end");
		ended = lock_until(fd, private || end_us < soon ? end_us : soon);
		error = ended || !private ? EEXIST : errno;
	} else {
		ended = st.st_uid == geteuid() || !is_named(fd, temporary);
	}
out:
	close(fd);
	errno = error;
	return ended;
}

int file_temporary_await(const char *temporary, const char *path, int64_t end_us, struct messages *m)
{
	for (unsigned i = 0; i < AWAITED_MAX; i++) {
		int fd = file_temporary_create(temporary);
		if (fd >= 0 || errno != EEXIST)
			return fd;
		if (!wait_for_writer(temporary, path, end_us, m))
			break;
	}
	return -1;
}
