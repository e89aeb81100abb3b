#include "file_kind.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "der.h"
#include "snapshot.h"
#include "status_table.h"

#define PEM_BEGIN  "-----BEGIN "
#define PEM_WITHIN 65536 /* octets: text may stand before it */
#define MAGIC_SIZE 8
_Static_assert(sizeof SNAPSHOT_MAGIC - 1 == MAGIC_SIZE, "snapshot format");
_Static_assert(sizeof TABLE_MAGIC - 1 == MAGIC_SIZE, "table format");

static bool begins_with(struct slice file, const char *magic)
{
	return file.len >= MAGIC_SIZE && memcmp(file.data, magic, MAGIC_SIZE) == 0;
}

static bool has_pem(struct slice file)
{
	const size_t len = file.len < PEM_WITHIN ? file.len : PEM_WITHIN;
	return memmem(file.data, len, PEM_BEGIN, sizeof PEM_BEGIN - 1) != NULL;
}

static bool is_der(struct slice file)
{
	struct slice content;
	return der_read(&file, DER_SEQUENCE, &content) && file.len == 0;
}

static enum file_kind kind_of(struct slice file)
{
	if (begins_with(file, SNAPSHOT_MAGIC))
		return FILE_KIND_SNAPSHOT;
	if (begins_with(file, TABLE_MAGIC))
		return FILE_KIND_TABLE;
	if (has_pem(file))
		return FILE_KIND_PEM;
	return is_der(file) ? FILE_KIND_DER : FILE_KIND_OTHER;
}

/* Mapped, not read: it may be a key, of which no copy is wanted. */
enum file_kind file_kind(const char *path)
{
	struct stat st = {0};
	enum file_kind kind = FILE_KIND_NONE;
	void *map = MAP_FAILED;
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return FILE_KIND_NONE;
	kind = kind_of((struct slice){map, (size_t)st.st_size});
	munmap(map, (size_t)st.st_size);
	return kind;
}

bool file_kind_replaceable(const char *path, enum file_kind own, struct messages *m)
{
	static const char *const names[] = {
		[FILE_KIND_SNAPSHOT] = "a snapshot (ocspctl compile makes it, with keys in it)",
		[FILE_KIND_TABLE] = "a status table (ocspctl table makes it)",
		[FILE_KIND_PEM] = "PEM (a certificate, a CRL or a key)",
		[FILE_KIND_DER] = "DER (a certificate, a CRL or a key)",
		[FILE_KIND_OTHER] = NULL,
	};
	const enum file_kind kind = file_kind(path);
	if (kind == own || !names[kind])
		return true;
	message_error(m, (struct place){path, 0, 0},
		"this is %s; it stays. Name another file with -o, or remove this one first", names[kind]);
	return false;
}
