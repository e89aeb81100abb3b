#include "snapshot_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool snapshot_refuse(struct snapshot_fault *fault, const char *file, uint64_t offset, const char *reason)
{
	const char *advice = offset != SNAPSHOT_NO_OFFSET ? "ocspctl compile makes it anew" : NULL;
	*fault = (struct snapshot_fault){file, offset, reason, 0, advice};
	return false;
}

static bool refuse_with_errno(struct snapshot_fault *fault, const char *file, const char *reason)
{
	*fault = (struct snapshot_fault){file, SNAPSHOT_NO_OFFSET, reason, errno, NULL};
	return false;
}

/* Whoever else could write the file could answer for the CA; whoever could read a secret one could sign for it. */
static const char *objection(const struct stat *st, bool secret)
{
	if (!S_ISREG(st->st_mode))
		return "no regular file";
	if (st->st_uid != 0 && getauxval(AT_SECURE) != 0)
		return "owned by another than root, and this program has a group of its own: chown root";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "owned by neither root nor the user of this program: chown root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return secret ? "writable by group or others: chmod 0640"
			      : "writable by group or others: chmod go-w";
	if (secret && st->st_mode & S_IROTH)
		return "readable by others, and it holds private keys: chmod 0640";
	if (st->st_size <= 0)
		return "empty";
	if ((uintmax_t)st->st_size > SIZE_MAX / 2)
		return "larger than this program can map";
	return NULL;
}

static bool map_open(int fd, const char *path, bool secret, struct slice *file, struct snapshot_fault *fault)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return refuse_with_errno(fault, path, "cannot be examined");
	const char *reason = objection(&st, secret);
	if (reason)
		return snapshot_refuse(fault, path, SNAPSHOT_NO_OFFSET, reason);
	size_t size = (size_t)st.st_size;
	void *octets = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (octets == MAP_FAILED)
		return refuse_with_errno(fault, path, "cannot be mapped");
	madvise(octets, size, secret ? MADV_DONTDUMP : MADV_RANDOM); /* advice: a refusal changes no answer */
	*file = (struct slice){octets, size};
	return true;
}

/* Whoever reads this in a log must not give the keys to the web server's group where the program has one of its own. */
static const char *cannot_open(int error, bool secret)
{
	if (error == ELOOP)
		return "a symbolic link, which is not followed";
	if (error == ENOENT)
		return secret ? "cannot be opened; ocspctl compile makes it"
			      : "cannot be opened; ocspctl table makes it";
	if (error != EACCES)
		return "cannot be opened";
	if (!secret)
		return "cannot be opened; ocsp-cgi's user or group must be able to read it and to enter its "
		       "folder";
	if (getauxval(AT_SECURE) != 0)
		return "cannot be opened by this program's own group, which ls -l of it shows: "
		       "ocspctl compile --group GROUP, and chgrp its folder to that group, too";
	return "cannot be opened by this user: if ocsp-cgi is set-group-ID (ls -l shows an s), that does not "
	       "count here (NoNewPrivileges, nosuid); if it is not, ocspctl compile --group GROUP, one of "
	       "this user's";
}

bool snapshot_map(int folder, const char *path, bool secret, struct slice *file, struct snapshot_fault *fault)
{
	/* O_NONBLOCK: a FIFO must not keep the request waiting before it is refused */
	int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return refuse_with_errno(fault, path, cannot_open(errno, secret));
	bool mapped = map_open(fd, path, secret, file, fault);
	close(fd);
	return mapped;
}

bool snapshot_open(struct snapshot *s, const char *path, struct snapshot_fault *fault)
{
	*s = (struct snapshot){.path = path};
	bool mapped = getauxval(AT_SECURE) != 0 ? snapshot_map_beneath(SNAPSHOT_FOLDER, path, &s->file, fault)
						: snapshot_map(AT_FDCWD, path, true, &s->file, fault);
	if (!mapped)
		return false;
	if (snapshot_read_header(s, fault))
		return true;
	snapshot_close(s);
	return false;
}

void snapshot_close(struct snapshot *s)
{
	if (s->file.data)
		munmap((void *)(uintptr_t)s->file.data, s->file.len);
	s->file = (struct slice){NULL, 0};
}

void snapshot_fault_text(const struct snapshot_fault *fault, struct buffer *out)
{
	bytes_append_text(out, fault->file);
	if (fault->offset != SNAPSHOT_NO_OFFSET) {
		bytes_append_text(out, ": offset ");
		bytes_append_padded(out, fault->offset, 1);
	}
	bytes_append_text(out, ": ");
	bytes_append_text(out, fault->reason);
	if (fault->error != 0) {
		bytes_append_text(out, " (");
		bytes_append_text(out, strerrordesc_np(fault->error));
		bytes_append_text(out, ")");
	}
	if (fault->advice) {
		bytes_append_text(out, "; ");
		bytes_append_text(out, fault->advice);
	}
}
