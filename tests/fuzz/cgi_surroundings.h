/*
 * cgi_surroundings: what fuzz_cgi.c puts around the program instead of a process: its descriptors, its clock, its files and
 * its end. The linker sends read(), write(), poll(), snapshot_map(), sandbox_enter(), cgi_decode() and request_decode() here
 * (--wrap); process.h is implemented here.
 */
#ifndef CGI_SURROUNDINGS_H
#define CGI_SURROUNDINGS_H

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <unistd.h>

#include "cgi.h"
#include "fuzz.h"
#include "process.h"
#include "request.h"
#include "sandbox.h"
#include "snapshot.h"

#define NOW 1800000000

static struct {
	bool running;
	bool in_sandbox; /* sandbox_enter() was called in this run */
	jmp_buf end;
	int exit_status;
	struct log *log;
	bool logged;
	struct slice body;   /* what standard input still holds */
	size_t piece;        /* octets of one read or write at most */
	bool is_interrupted; /* every other call ends in EINTR */
	bool is_full;        /* behind standard output is no room */
	unsigned calls;
	struct buffer out, line;
	uint8_t out_octets[256 * 1024], line_octets[2 * LOG_LINE_MAX];
} around;

ssize_t __real_read(int fd, void *octets, size_t size);
ssize_t __real_write(int fd, const void *octets, size_t size);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
ssize_t __wrap_read(int fd, void *octets, size_t size);
ssize_t __wrap_write(int fd, const void *octets, size_t size);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

static bool is_interrupted(void)
{
	errno = EINTR;
	return around.is_interrupted && ++around.calls % 2 == 1;
}

ssize_t __wrap_read(int fd, void *octets, size_t size)
{
	if (!around.running || fd != STDIN_FILENO)
		return __real_read(fd, octets, size);
	if (is_interrupted())
		return -1;
	size_t count = size < around.piece ? size : around.piece;
	if (count > around.body.len)
		count = around.body.len;
	if (count > 0)
		memcpy(octets, around.body.data, count);
	around.body = (struct slice){around.body.data + count, around.body.len - count};
	return (ssize_t)count;
}

ssize_t __wrap_write(int fd, const void *octets, size_t size)
{
	if (!around.running || (fd != STDOUT_FILENO && fd != STDERR_FILENO))
		return __real_write(fd, octets, size);
	if (fd == STDERR_FILENO) {
		bytes_append(&around.line, (struct slice){octets, size});
		return (ssize_t)size;
	}
	if (is_interrupted())
		return -1;
	errno = ENOSPC;
	if (around.is_full && around.out.len > 0)
		return -1;
	size_t count = size < around.piece ? size : around.piece;
	bytes_append(&around.out, (struct slice){octets, count});
	return (ssize_t)count;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (!around.running)
		return __real_poll(fds, count, timeout);
	fds[0].revents = fds[0].events;
	return 1;
}

_Noreturn static void end(int status)
{
	around.exit_status = status;
	around.running = false;
	longjmp(around.end, 1);
}

/* ---- process.h ---- */

bool process_start(struct log *log)
{
	around.log = log;
	return true;
}

void process_deadline(uint32_t ms)
{
	must(ms >= 1);
}

void process_stage(struct slice on_deadline, struct slice on_fault, const char *doing)
{
	must(doing && (on_deadline.len > 0) == (on_fault.len > 0));
}

void process_log(void)
{
	must(!around.logged);
	around.logged = true;
	log_write(around.log, STDERR_FILENO, NOW, process_monotonic_us());
}

int64_t process_now(void)
{
	return NOW;
}

int64_t process_monotonic_us(void)
{
	return 1000000;
}

/* ---- sandbox.h: one process answers many requests here ---- */

void __wrap_sandbox_enter(const struct sandbox *keep, struct log *log);

void __wrap_sandbox_enter(const struct sandbox *keep, struct log *log)
{
	must(keep->folder_count <= SNAPSHOT_FOLDERS_MAX);
	must(!around.in_sandbox);
	around.in_sandbox = true;
	(void)log;
}

/* ---- what a stranger wrote is decoded in the sandbox only ---- */

enum cgi_outcome __real_cgi_decode(const struct cgi_environment *env, struct slice body, size_t limit,
	uint8_t *storage, struct slice *der, struct log *log);
enum cgi_outcome __wrap_cgi_decode(const struct cgi_environment *env, struct slice body, size_t limit,
	uint8_t *storage, struct slice *der, struct log *log);
bool __real_request_decode(
	struct slice der, size_t certids_limit, struct request *out, struct request_fault *fault);
bool __wrap_request_decode(
	struct slice der, size_t certids_limit, struct request *out, struct request_fault *fault);

enum cgi_outcome __wrap_cgi_decode(const struct cgi_environment *env, struct slice body, size_t limit,
	uint8_t *storage, struct slice *der, struct log *log)
{
	must(around.in_sandbox);
	return __real_cgi_decode(env, body, limit, storage, der, log);
}

bool __wrap_request_decode(
	struct slice der, size_t certids_limit, struct request *out, struct request_fault *fault)
{
	must(around.in_sandbox);
	return __real_request_decode(der, certids_limit, out, fault);
}

#endif
