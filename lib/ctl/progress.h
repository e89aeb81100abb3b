/*
 * progress: a bar on standard error while somebody waits, and nothing where it is no terminal.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

/* `total` 0: not known. */
void progress_show(const char *what, uint64_t done, uint64_t total);

/* Takes the bar away: before anything else is said, and at the end. */
void progress_clear(void);

#endif
