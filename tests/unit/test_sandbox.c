/* sandbox: each case is a child that enters and tries one thing. What is allowed works; all else ends by SIGSYS, undone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef NO_SANDBOX

#include "sandbox_off.h"

#else

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "sandbox_lab.h"

/* ---- what is tried: 0 where it works ---- */

static int write_to_stdout(void)
{
	return write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
}

static int write_to_stderr(void)
{
	return write(STDERR_FILENO, "x", 1) == 1 ? 0 : 1;
}

static int end(void)
{
	_exit(0);
}

/* Whatever the C library reaches for by itself. */
static int ask_the_time(void)
{
	struct timespec t;
	return clock_gettime(CLOCK_REALTIME, &t) == 0 && syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) == 0
		       ? 0
		       : 1;
}

/* The handler comes back by rt_sigreturn(), and the poll() that it broke off is an EINTR. */
static int arm_the_timer(void)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 1000}};
	if (setitimer(ITIMER_REAL, &soon, NULL) != 0)
		return 1;
	return poll(NULL, 0, 2000) < 0 && errno == EINTR && ticks ? 0 : 1;
}

static int ask_redis(void)
{
	int error = 1;
	char octet = 0;
	socklen_t size = sizeof error;
	struct pollfd wanted = {.fd = redis, .events = POLLIN};
	if (getsockopt(redis, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
		return 1;
	if (send(redis, "x", 1, MSG_NOSIGNAL) != 1 || poll(&wanted, 1, 1000) != 1)
		return 1;
	return recv(redis, &octet, 1, 0) == 1 ? 0 : 1;
}

static int map_a_table(void)
{
	struct stat st;
	int fd = open_table("table", READ_ONLY);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size != 6 || geteuid() == (uid_t)-1)
		return 1;
	const char *octets = mmap(NULL, 6, PROT_READ, MAP_PRIVATE, fd, 0);
	if (octets == MAP_FAILED || madvise((void *)(uintptr_t)octets, 6, MADV_RANDOM) != 0 || close(fd) != 0)
		return 1;
	return memcmp(octets, "octets", 6) == 0 ? 0 : 1;
}

/* Landlock's part: an error, not the end. */
static int open_beside_the_folder(void)
{
	return openat(folder, "/etc/passwd", READ_ONLY) < 0 && errno == EACCES ? 0 : 1;
}

static int list_the_folder(void)
{
	return openat(folder, ".", READ_ONLY) < 0 && errno == EACCES ? 0 : 1;
}

static int open_for_reading(void)
{
	return failed(open_table("table", READ_ONLY));
}

#ifdef __x86_64__
/* The numbers of the other two system call tables of this processor: those of 32 bits, and x32's. */
static int call_with_32_bits(void)
{
	long result = 20; /* getpid */
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return failed(result);
}

static int call_by_x32(void)
{
	return failed(syscall(0x40000000 | SYS_write, STDOUT_FILENO, "x", 1));
}
#endif

/* ---- cases ---- */

static void assert_works(const char *name, enum keep keep, int (*attempt)(void))
{
	int status = outcome(keep, attempt);
	print_message("  %s\n", name);
	if (status != 0)
		fail_msg("%s: wait status %#x", name, (unsigned)status);
}

static const struct attempt plain[] = {
	TRY(write_to_stdout),
	TRY(write_to_stderr),
	TRY(ask_the_time),
	TRY(arm_the_timer),
	TRY(end),
};

static const struct attempt of_redis[] = {TRY(ask_redis)};
static const struct attempt of_tables[] = {TRY(map_a_table)};

static void what_is_needed_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++)
		for (enum keep keep = NOTHING; keep <= TABLES; keep++)
			assert_works(plain[i].name, keep, plain[i].attempt);
	assert_works(of_redis[0].name, REDIS, of_redis[0].attempt);
	assert_works(of_tables[0].name, TABLES, of_tables[0].attempt);
}

static void each_source_has_its_own(void **state)
{
	(void)state;
	assert_killed("ask_redis, without Redis", NOTHING, ask_redis);
	assert_killed("ask_redis, with tables", TABLES, ask_redis);
	assert_killed("open_for_reading, without tables", NOTHING, open_for_reading);
	assert_killed("open_for_reading, with Redis", REDIS, open_for_reading);
}

static void other_system_call_tables_are_closed(void **state)
{
	(void)state;
#ifdef __x86_64__
	if (WIFEXITED(outcome(OUTSIDE, call_with_32_bits))) /* this kernel has them */
		assert_killed("call_with_32_bits", NOTHING, call_with_32_bits);
	assert_killed("call_by_x32", NOTHING, call_by_x32);
#else
	skip();
#endif
}

static void files_are_opened_beneath_the_folders_only(void **state)
{
	(void)state;
	if (syscall(444, NULL, 0, 1) < 1) {
		print_message("  this kernel has no Landlock\n");
		skip();
	}
	assert_works("open_beside_the_folder", TABLES, open_beside_the_folder);
	assert_works("list_the_folder", TABLES, list_the_folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_works),
		cmocka_unit_test(each_source_has_its_own),
		cmocka_unit_test(other_system_call_tables_are_closed),
		cmocka_unit_test(files_are_opened_beneath_the_folders_only),
	};
	return cmocka_run_group_tests(tests, make_surroundings, remove_surroundings);
}

#endif
