/* sandbox_enter: what is seen of it from outside, and what comes of a kernel that refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef NO_SANDBOX

#include "sandbox_off.h"

#else

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "sandbox_lab.h"

/* ---- seen from outside ---- */

static int wait_a_moment(void)
{
	return write(STDOUT_FILENO, "x", 1) == 1 && poll(NULL, 0, 500) == 0 ? 0 : 1;
}

/* A child in wait_a_moment(), behind the sandbox's door. */
static pid_t start_waiting(enum keep keep)
{
	char octet;
	while (read(input, &octet, 1) == 1)
		; /* what others wrote */
	pid_t child = start(keep, wait_a_moment);
	struct pollfd wanted = {.fd = input, .events = POLLIN};
	assert_int_equal(poll(&wanted, 1, 5000), 1);
	return child;
}

/* poll() is taken up again by another system call then. */
static void stopping_and_continuing_changes_nothing(void **state)
{
	int status = 0;
	(void)state;
	pid_t child = start_waiting(NOTHING);
	assert_int_equal(kill(child, SIGSTOP), 0);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(kill(child, SIGCONT), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);
	assert_true(got > 0);
	out[got] = '\0';
	close(fd);
}

static void limits_and_privileges_are_gone(void **state)
{
	char text[8192];
	struct rlimit found;
	pid_t child = start_waiting(NOTHING);
	(void)state;
	read_proc(child, "status", text, sizeof text);
	assert_non_null(strstr(text, "NoNewPrivs:\t1"));
	assert_non_null(strstr(text, "Seccomp:\t2"));
	prlimit(child, RLIMIT_CORE, NULL, &found);
	assert_int_equal(found.rlim_max, 0);
	prlimit(child, RLIMIT_NPROC, NULL, &found);
	assert_int_equal(found.rlim_max, 0);
	prlimit(child, RLIMIT_NOFILE, NULL, &found);
	assert_int_equal(found.rlim_max, 1);
	prlimit(child, RLIMIT_DATA, NULL, &found);
	assert_in_range(found.rlim_max, 0, 64 * 1024 * 1024);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* ---- a kernel, or a container's filter, that refuses ---- */

/* This call with this argument: EPERM. */
static void refuse(uint32_t call, size_t argument, uint32_t value)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			(uint32_t)(offsetof(struct seccomp_data, args) + 8 * argument)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof code / sizeof code[0], code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(91);
}

/* Exits with 0 where the one note is `text`, a warning. */
static void enter_refused(uint32_t call, size_t argument, uint32_t value, const char *text)
{
	static struct log log;
	static const struct sandbox keep = {.connection = -1};
	log_start(&log, 0);
	refuse(call, argument, value);
	sandbox_enter(&keep, &log);
	_exit(log.level == LOG_WARNING && bytes_equal(bytes_written(&log.notes), bytes_of(text)) ? 0 : 1);
}

static void assert_noted(uint32_t call, size_t argument, uint32_t value, const char *text)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		enter_refused(call, argument, value, text);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void refusals_are_noted_and_survived(void **state)
{
	(void)state;
	assert_noted(SYS_prctl, 0, PR_SET_SECCOMP,
		"answering without a filter of system calls, the kernel refuses it: Operation not permitted");
	if (syscall(444, NULL, 0, 1) >= 1)
		assert_noted(446, 1, 0,
			"answering without Landlock, the kernel refuses it: Operation not permitted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopping_and_continuing_changes_nothing),
		cmocka_unit_test(limits_and_privileges_are_gone),
		cmocka_unit_test(refusals_are_noted_and_survived),
	};
	return cmocka_run_group_tests(tests, make_surroundings, remove_surroundings);
}

#endif
