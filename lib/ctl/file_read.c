/* file_read…(): files whole, and the care that those with secrets in them need. */
#include "file.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP         16384
#define PASSWORD_FILE_MAX 4096

/* realloc() would leave a copy of what may be a key behind. */
static uint8_t *grown(uint8_t *octets, size_t used, size_t size)
{
	uint8_t *larger = memory_zeroed(size, 1);
	if (used > 0)
		memcpy(larger, octets, used);
	memory_wipe(octets, used);
	free(octets);
	return larger;
}

/* Everything up to the end, at most limit + 1 octets: one more than the limit shows that there was more. */
static uint8_t *read_to_end(int fd, size_t expected, size_t limit, size_t *len)
{
	size_t size = (expected < limit ? expected : limit) + 2, used = 0;
	uint8_t *octets = memory_zeroed(size, 1);
	while (used <= limit) {
		if (size - used < 2) {
			size += size / 2 < READ_STEP ? READ_STEP : size / 2;
			octets = grown(octets, used, size);
		}
		size_t room = size - used - 1 < limit + 1 - used ? size - used - 1 : limit + 1 - used;
		ssize_t got = read(fd, octets + used, room);
		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			memory_wipe(octets, used);
			free(octets);
			return NULL;
		}
		used += (size_t)got;
	}
	octets[used] = 0;
	*len = used;
	return octets;
}

static void say_unopened(struct messages *m, struct place at, const char *path, int error)
{
	if (error == ENOENT || error == ENOTDIR)
		message_error(m, at, "cannot open %s: %s; check the path", path, strerror(error));
	else
		file_failed(m, at, "open", path, error);
}

/* The file that was opened is the one that is looked at: a name may mean another one a moment later. */
static uint8_t *read_whole(
	const char *path, size_t limit, size_t *len, mode_t *mode, struct messages *m, struct place at)
{
	struct stat st;
	uint8_t *octets = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		say_unopened(m, at, path, errno);
		goto out;
	}
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		message_error(m, at, "%s is no regular file; name one", path);
		goto out;
	}
	*mode = S_ISREG(st.st_mode) ? st.st_mode & 07777 : 0;
	octets = read_to_end(fd, S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0, limit, len);
	if (!octets) {
		file_failed(m, at, "read", path, errno);
	} else if (*len > limit) {
		message_error(m, at, "%s is longer than %zu octets; is it the right file?", path, limit);
		file_wipe(octets, *len);
		octets = NULL;
	}
out:
	if (fd >= 0)
		close(fd);
	return octets;
}

uint8_t *file_read(const char *path, size_t limit, size_t *len, struct messages *m, struct place at)
{
	mode_t mode = 0;
	return read_whole(path, limit, len, &mode, m, at);
}

uint8_t *file_read_mode(
	const char *path, size_t limit, size_t *len, mode_t *mode, struct messages *m, struct place at)
{
	return read_whole(path, limit, len, mode, m, at);
}

uint8_t *file_read_secret(
	const char *what, const char *path, size_t limit, size_t *len, struct messages *m, struct place at)
{
	mode_t mode = 0;
	uint8_t *octets = read_whole(path, limit, len, &mode, m, at);
	if (octets && (mode & (S_IROTH | S_IWOTH)) != 0)
		message_warning(m, at,
			"the %s file %s can be read or written by every user (mode %04o); chmod o-rwx it",
			what, path, (unsigned)mode);
	return octets;
}

char *file_read_password(const char *path, struct messages *m, struct place at)
{
	size_t len = 0;
	uint8_t *octets = file_read_secret("password", path, PASSWORD_FILE_MAX, &len, m, at);
	if (octets && memchr(octets, 0, len)) {
		message_error(m, at, "%s holds a NUL; write the password as text into its first line", path);
		file_wipe(octets, len);
		octets = NULL;
	}
	if (octets) {
		const size_t line = strcspn((const char *)octets, "\r\n");
		memory_wipe(octets + line, len - line);
	}
	return (char *)octets;
}

void file_wipe(void *octets, size_t len)
{
	if (octets)
		memory_wipe(octets, len);
	free(octets);
}

void file_wipe_text(char *text)
{
	file_wipe(text, text ? strlen(text) : 0);
}

char *file_resolve(const char *folder, const char *name)
{
	if (name[0] == '/' || !folder || !folder[0])
		return memory_text(name);
	return memory_printf("%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
}
