/*
 * The system calls that are left, as strace shows them to be needed by both signers with every algorithm and source, and
 * nothing beside them. Anything else, or one of these with other arguments, ends the process (SIGSYS) before it is done.
 *
 * A classic BPF program in three parts that are put together: what every answer needs, what Redis needs, what tables need
 * that are opened late. Precomputed: only the connection's descriptor is filled in.
 */
#include "sandbox_parts.h"

#if defined(__linux__) && !defined(NO_SANDBOX)

#include <errno.h>

#if defined(__x86_64__) || defined(__aarch64__)

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* ---- the language ---- */
/* clang-format off */

#define LOAD(field)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define ARGUMENT(n)        LOAD(args[n]) /* the lower half, on a little-endian machine: all of an int */
#define IF(value, t, f)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), t, f)
#define IF_ANY(bits, t, f) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bits), t, f)
#define ALLOW              BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL               BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/* The accumulator holds the call's number before and after each of these. */
#define CALL(name)                  IF(SYS_##name, 0, 1), ALLOW
#define CALL_WITH(name, n, value)   IF(SYS_##name, 0, 4), ARGUMENT(n), IF(value, 0, 1), ALLOW, KILL
#define CALL_WITHOUT(name, n, bits) IF(SYS_##name, 0, 4), ARGUMENT(n), IF_ANY(bits, 1, 0), ALLOW, KILL
#define CALL_EITHER(name, n, one, two)                                                                       \
	IF(SYS_##name, 0, 5), ARGUMENT(n), IF(one, 1, 0), IF(two, 0, 1), ALLOW, KILL
#define CALL_WITH_BOTH(name, n, value, m, other)                                                             \
	IF(SYS_##name, 0, 6), ARGUMENT(n), IF(value, 0, 3), ARGUMENT(m), IF(other, 0, 1), ALLOW, KILL

#define CONNECTION (-1) /* stands where the descriptor is filled in */

/* ---- the parts ---- */

/*
 * Neither read() nor anything that opens, nor brk(): memory is the arena's, and there is no more (SANDBOX_HEAP:
 * a program without the arena). setitimer() and rt_sigreturn()
 * are for the handlers of process.c.
 */
static const struct sock_filter always[] = {
	CALL_EITHER(write, 0, STDOUT_FILENO, STDERR_FILENO),
#ifdef SANDBOX_HEAP
	CALL(brk),
	CALL_WITH(futex, 1, FUTEX_WAKE_PRIVATE), /* pthread_once() wakes nobody */
#endif
	CALL(exit_group),
	CALL(clock_gettime),
	CALL(rt_sigreturn),
	CALL_WITH(setitimer, 0, ITIMER_REAL),
#ifdef SYS_poll
	CALL(poll), /* the handlers ask whether the log can be written without waiting */
#else
	CALL(ppoll),
#endif
	CALL(restart_syscall), /* poll(), after SIGSTOP and SIGCONT */
};

/* MSG_FASTOPEN would make a connection of sendto(): hence its flags. */
static const struct sock_filter redis[] = {
	CALL_WITH_BOTH(sendto, 0, CONNECTION, 3, MSG_NOSIGNAL),
	CALL_WITH(recvfrom, 0, CONNECTION),
	CALL_WITH(getsockopt, 0, CONNECTION), /* how connect() came out */
};

/* snapshot_map()'s calls. Which files those are is Landlock's to say. */
static const struct sock_filter tables[] = {
	CALL_WITHOUT(openat, 2, ~(O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)),
	CALL_WITH(newfstatat, 3, AT_EMPTY_PATH), /* one C library's fstat(), */
	CALL(fstat),                             /* the other's */
	CALL(geteuid),
	CALL_WITH_BOTH(mmap, 2, PROT_READ, 3, MAP_PRIVATE),
	CALL_WITH(madvise, 2, MADV_RANDOM),
	CALL(close),
};

/*
 * The first load is for nothing but time: on meeting an argument the kernel stops trying out each of its 460 numbers in
 * advance, for a cache that pays after thousands of calls. Without it, entering takes 33 us
 * instead of 13.
 */
static const struct sock_filter begin[] = {
	ARGUMENT(0),
	LOAD(arch),
	IF(ARCHITECTURE, 1, 0),
	KILL,
	LOAD(nr),
};

static const struct sock_filter end[] = {KILL};

/* clang-format on */
/* ---- putting together ---- */

#define COUNT(part)      (sizeof(part) / sizeof(part)[0])
#define INSTRUCTIONS_MAX (COUNT(begin) + COUNT(always) + COUNT(redis) + COUNT(tables) + COUNT(end))

struct program {
	struct sock_filter code[INSTRUCTIONS_MAX];
	size_t len;
};

static void append(struct program *p, const struct sock_filter *part, size_t count)
{
	memcpy(p->code + p->len, part, count * sizeof *part);
	p->len += count;
}

static void fill_in(struct program *p, size_t from, int connection)
{
	for (size_t i = from; i < p->len; i++)
		if (p->code[i].k == (uint32_t)CONNECTION)
			p->code[i].k = (uint32_t)connection;
}

const char *sandbox_filter(const struct sandbox *keep)
{
	struct program p = {.len = 0};
	append(&p, begin, COUNT(begin));
	append(&p, always, COUNT(always));
	if (keep->connection >= 0) {
		size_t from = p.len;
		append(&p, redis, COUNT(redis));
		fill_in(&p, from, keep->connection);
	}
	if (sandbox_opens(keep))
		append(&p, tables, COUNT(tables));
	append(&p, end, COUNT(end));
	const struct sock_fprog program = {(unsigned short)p.len, p.code};
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
		return NULL;
	return "answering without a filter of system calls, the kernel refuses it";
}

#else

const char *sandbox_filter(const struct sandbox *keep)
{
	(void)keep;
	errno = 0;
	return "answering without a filter of system calls, there is none for this processor";
}

#endif
#endif
