/*
 * file: reading small files whole, and replacing a file by rename only, so that each reader sees exactly one version.
 */
#ifndef CTL_FILE_H
#define CTL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../bytes.h"
#include "message.h"

/* The whole of a regular file (or a pipe) of at most `limit` octets, NUL-terminated behind its end; free() by the caller,
 * after memory_wipe() where it is secret. NULL: an error was said at `at`. */
uint8_t *file_read(const char *path, size_t limit, size_t *len, struct messages *m, struct place at);

/* `name` beneath `folder` unless it is absolute; the caller frees. */
char *file_resolve(const char *folder, const char *name);

/* A replacement in the making: a temporary file beside `path`, created 0600. */
struct file_output {
	char *path, *temporary;
	int fd;
};

#define FILE_GROUP_KEEP ((gid_t)-1) /* the replaced file's group, else one's own */

bool file_create(struct file_output *out, const char *path, struct messages *m);
bool file_write(struct file_output *out, const void *octets, size_t len, struct messages *m);
/* fchown (group), fchmod(mode), fsync, rename, fsync of the folder; on failure the old file is untouched and the temporary
 * one is gone. */
bool file_commit(struct file_output *out, mode_t mode, gid_t group, struct messages *m);
void file_abandon(struct file_output *out);

#endif
