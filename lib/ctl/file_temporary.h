/*
 * file_temporary: the name under which a file in the making lies, and whose it is: a writer holds flock() on it, so that one
 * that can be locked was left behind by a killed writer. Part of file.
 */
#ifndef CTL_FILE_TEMPORARY_H
#define CTL_FILE_TEMPORARY_H

#include <stdint.h>

#include "message.h"

/*
 * Creates it 0600, locked; what was left behind is taken over. From here on a signal that ends the process removes it
 * (file_guard). The descriptor, or -1 and errno; EEXIST: the name is another writer's, try the next.
 */
int file_temporary_create(const char *temporary);

/*
 * The same, but another writer of `path` is waited for, which is said, until `end_us` (process_monotonic_us()). EEXIST: what is
 * in the way is no writer's that ends; ETIMEDOUT: it has not ended.
 */
int file_temporary_await(const char *temporary, const char *path, int64_t end_us, struct messages *m);

#endif
