/*
 * file: reading small files whole, and replacing a file by rename only, so that each reader sees exactly one version.
 *   file.c            replacing
 *   file_read.c       reading, and what is due to secrets
 *   file_temporary.c  the name of a file in the making, and who else makes one
 *   file_guard.c      what a signal does to it
 */
#ifndef CTL_FILE_H
#define CTL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bytes.h"
#include "message.h"

/* The whole of a regular file (or a pipe) of at most `limit` octets, NUL-terminated behind its end; free() by the caller,
 * after memory_wipe() where it is secret. NULL: an error was said at `at`. */
uint8_t *file_read(const char *path, size_t limit, size_t *len, struct messages *m, struct place at);
/* The same, and the file's permissions (07777); 0 of a pipe. */
uint8_t *file_read_mode(
	const char *path, size_t limit, size_t *len, mode_t *mode, struct messages *m, struct place at);
/* The same of a file that holds a `what` ("key"): a warning where every user can read or write it. file_wipe() it. */
uint8_t *file_read_secret(
	const char *what, const char *path, size_t limit, size_t *len, struct messages *m, struct place at);
/* The first line of a password file, without its end, as `openssl -passin file:` reads it. file_wipe_text() it. */
char *file_read_password(const char *path, struct messages *m, struct place at);

/* Overwrites what was secret, and frees it; NULL is nothing. */
void file_wipe(void *octets, size_t len);
void file_wipe_text(char *text);

/* "cannot VERB PATH: ERROR; what to do" */
void file_failed(struct messages *m, struct place at, const char *verb, const char *path, int error);

/* The folder that `path` lies in, "." where it names none; the caller frees. */
char *file_folder(const char *path);

/* `name` beneath `folder` unless it is absolute; the caller frees. */
char *file_resolve(const char *folder, const char *name);

/* A replacement in the making: a temporary file beside `path`, created 0600. A signal that ends the process removes it. */
struct file_output {
	char *path, *temporary;
	int fd;
};

/* The replaced file's, unless a stranger may have put it there; else a set-group-ID folder's, else one's own. */
#define FILE_GROUP_KEEP ((gid_t)-1)

/* Begins one; `path` is copied. file_commit() or file_abandon() it. False: an error was said, and nothing is left to end. */
bool file_create(struct file_output *out, const char *path, struct messages *m);
/* The same, once every other writer that made its own so has ended: what is read of `path` from here on stays what is
 * replaced. Of another user's writers it waits for those whose temporary file it can open. After `patience_s` seconds of
 * waiting it is an error. */
bool file_create_alone(struct file_output *out, const char *path, unsigned patience_s, struct messages *m);
/* Appends to the temporary file. False: an error was said; file_abandon() is still the caller's. */
bool file_write(struct file_output *out, const void *octets, size_t len, struct messages *m);
/* fchown (group), fchmod(mode), fsync, rename, fsync of the folder; on failure the old file is untouched and the temporary
 * one is gone. */
bool file_commit(struct file_output *out, mode_t mode, gid_t group, struct messages *m);
void file_abandon(struct file_output *out);

#endif
