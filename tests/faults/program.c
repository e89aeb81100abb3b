/*
 * program: what ocsp-cgi is linked with, in front of its own libraries, so that its surroundings can be made to fail:
 *
 * a heap whose n-th request fails, counted from process_start() on (the C library's own come before main(), and end it). OCSP_CGI_HEAP_AT=n names it, OCSP_CGI_HEAP_ON=1 lets all later ones fail too; whether it
 * came to that is said by one octet on descriptor OCSP_CGI_HEAP_TELL;
 *
 * and no sandbox: a system call that strace makes fail has the number -1, for which the filter would end the program.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#ifdef __has_include
#if __has_include("sandbox.h")
#include "sandbox.h"
void sandbox_enter(const struct sandbox *keep, struct log *log)
{
	(void)keep;
	(void)log;
}
#endif
#endif

static int started;

bool __real_process_start(struct log *log);
bool __wrap_process_start(struct log *log);

bool __wrap_process_start(struct log *log)
{
	started = 1;
	return __real_process_start(log);
}

#ifndef __SANITIZE_ADDRESS__ /* which brings a heap of its own */

#define HEAP_MAX ((size_t)16 << 20)

static _Alignas(16) uint8_t heap[HEAP_MAX];
static size_t used;
static unsigned long requests;
static unsigned long number_of(const char *name)
{
	size_t len = strlen(name);
	for (char **entry = environ; entry && *entry; entry++)
		if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
			return strtoul(*entry + len + 1, NULL, 10);
	return 0;
}

static int must_fail(void)
{
	unsigned long at = number_of("OCSP_CGI_HEAP_AT");
	if (!started)
		return 0;
	requests++;
	if (at == 0 || requests < at || (requests > at && number_of("OCSP_CGI_HEAP_ON") == 0))
		return 0;
	if (requests == at && write((int)number_of("OCSP_CGI_HEAP_TELL"), "!", 1) != 1)
		_exit(99);
	errno = ENOMEM;
	return 1;
}

/* Each block has its size in front of it. */
static void *take(size_t size)
{
	if (size > HEAP_MAX / 2 || used + size + 32 > HEAP_MAX)
		return NULL;
	uint8_t *block = heap + used + 16;
	memcpy(block - sizeof size, &size, sizeof size);
	used += (size + 31) & ~(size_t)15;
	return block;
}

void *malloc(size_t size)
{
	return must_fail() ? NULL : take(size);
}

void *calloc(size_t count, size_t size)
{
	if (must_fail() || (size > 0 && count > HEAP_MAX / size))
		return NULL;
	return take(count * size); /* nothing is ever given out twice */
}

void *realloc(void *old, size_t size)
{
	size_t before = 0;
	void *block = must_fail() ? NULL : take(size);
	if (!block || !old)
		return block;
	memcpy(&before, (uint8_t *)old - sizeof before, sizeof before);
	memcpy(block, old, before < size ? before : size);
	return block;
}

void free(void *block)
{
	(void)block;
}

#endif
