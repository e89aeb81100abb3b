/*
 * file_guard: a signal that ends ocspctl takes the temporary file along, which may be large and hold keys; SIGKILL leaves it to
 * the next writer.
 */
#ifndef CTL_FILE_GUARD_H
#define CTL_FILE_GUARD_H

#include <signal.h>

/* Between these two no such signal is delivered: what is done to the file, and what is known of it, change together. */
void file_guard_begin(sigset_t *before);
void file_guard_end(const sigset_t *before);

/* `temporary`, which stays the caller's, is removed where a signal ends the process, until it is cleared. One at a time:
 * a second is not guarded until the first is gone. From the first call on SIGXFSZ is ignored: write() says EFBIG. */
void file_guard_set(const char *temporary);
void file_guard_clear(const char *temporary);

#endif
