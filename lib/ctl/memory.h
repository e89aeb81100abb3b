/*
 * memory: allocation that cannot fail quietly: ocspctl prints "out of memory" and ends with exit status 1. Secrets are
 * wiped before they are freed.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

void *memory_zeroed(size_t count, size_t size);
void *memory_resized(void *old, size_t count, size_t size);
char *memory_text(const char *text); /* a copy; NULL stays NULL */
__attribute__((format(printf, 1, 2))) char *memory_printf(const char *format, ...);
void memory_wipe(void *p, size_t size); /* not optimised away */

#endif
