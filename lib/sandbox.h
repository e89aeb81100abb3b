/*
 * sandbox: what the process may still do once it begins to decode what a stranger sent (design "Order of one request", step
 * 5): compute, ask Redis on the one connection that is there, write the reply and the log line, end. Whatever else it tries
 * ends it by SIGSYS. Where tables are too many to be mapped beforehand, also: open files for reading and map them,
 * beneath the folders that are open already.
 *
 * Four lines, one behind the other: no new privileges, resource limits (sandbox.c), Landlock (sandbox_landlock.c), a filter of
 * system calls (sandbox_filter.c); on OpenBSD unveil and pledge instead (sandbox_openbsd.c).
 *
 * A build with NO_SANDBOX leaves all of it out, for sanitizers and valgrind; nothing in the environment does.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "log.h"

struct sandbox {
	int connection;      /* to Redis; below 0: there is none */
	const int *folders;  /* of tables that will be opened; those below 0 are passed over */
	size_t folder_count; /* 0: nothing will be opened */
};

/*
 * Gives up everything else, for good. Needs no privilege. A kernel that refuses (an old one, or a container's own filter)
 * does not keep the responder from answering: each line of the log carries a warning then.
 */
void sandbox_enter(const struct sandbox *keep, struct log *log);

#endif
