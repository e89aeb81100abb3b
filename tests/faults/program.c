/*
 * program: what ocsp-cgi is linked with so that its surroundings can be made to fail (the Makefile's --wrap):
 *
 * the arena, whose n-th request from process_start() on fails. OCSP_CGI_ARENA_AT=n names it, OCSP_CGI_ARENA_ON=1 lets all
 * later ones fail too; that it came to that is said by one octet on descriptor OCSP_CGI_ARENA_TELL. Only a static program
 * has an arena (lib/startup/heap.c);
 *
 * and no sandbox: a system call that strace makes fail has the number -1, for which the filter would end the program. So the
 * sandbox's own calls (setrlimit, landlock_*, its prctls) never fail here: unit/test_sandbox_entering.c refuses them.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "process.h"
#include "sandbox.h"

void __wrap_sandbox_enter(const struct sandbox *keep, struct log *log);

void __wrap_sandbox_enter(const struct sandbox *keep, struct log *log)
{
	(void)keep;
	(void)log;
}

bool __real_process_start(struct log *log);
bool __wrap_process_start(struct log *log);
void *__real_arena_take(size_t size);
void *__wrap_arena_take(size_t size);
void *__real_arena_take_aligned(size_t alignment, size_t size);
void *__wrap_arena_take_aligned(size_t alignment, size_t size);
void *__real_arena_resize(void *old, size_t size);
void *__wrap_arena_resize(void *old, size_t size);

static bool started;
static unsigned long requests;

bool __wrap_process_start(struct log *log)
{
	started = true;
	return __real_process_start(log);
}

static unsigned long number_of(const char *name)
{
	size_t len = strlen(name);
	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=')
			return strtoul(*entry + len + 1, NULL, 10);
	return 0;
}

static bool must_fail(void)
{
	unsigned long at = started ? number_of("OCSP_CGI_ARENA_AT") : 0;
	requests += started;
	if (at == 0 || requests < at || (requests > at && number_of("OCSP_CGI_ARENA_ON") == 0))
		return false;
	if (requests == at && write((int)number_of("OCSP_CGI_ARENA_TELL"), "!", 1) != 1)
		_exit(99);
	return true;
}

void *__wrap_arena_take(size_t size)
{
	return must_fail() ? NULL : __real_arena_take(size);
}

void *__wrap_arena_take_aligned(size_t alignment, size_t size)
{
	return must_fail() ? NULL : __real_arena_take_aligned(alignment, size);
}

void *__wrap_arena_resize(void *old, size_t size)
{
	return must_fail() ? NULL : __real_arena_resize(old, size);
}
