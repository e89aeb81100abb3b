/* sandbox: what no answer needs: each attempt is a child's that enters, tries one thing, and ends by SIGSYS, with nothing done. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef NO_SANDBOX

#include "sandbox_off.h"

#else

#include <errno.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "sandbox_lab.h"

static int write_to_another(void)
{
	return failed(write(redis, "x", 1));
}

#ifndef SANDBOX_HEAP
static int grow_the_heap(void)
{
	return sbrk(1 << 20) == (void *)-1 ? 1 : 0; /* NOLINT(performance-no-int-to-ptr) */
}
#endif

static int wait_on_a_futex(void)
{
	int word = 0;
	return failed(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
}

static int arm_another_timer(void)
{
	const struct itimerval never = {.it_value = {.tv_sec = 1000}};
	return failed(setitimer(ITIMER_VIRTUAL, &never, NULL));
}

static int send_elsewhere(void)
{
	return failed(send(other, "x", 1, MSG_NOSIGNAL));
}

static int receive_elsewhere(void)
{
	char octet;
	return failed(recv(other, &octet, 1, 0));
}

/* sendto() that connects. */
static int send_and_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	return failed(
		sendto(redis, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof to));
}

static int send_a_descriptor(void)
{
	struct iovec octets = {(void *)(uintptr_t) "x", 1};
	const struct msghdr message = {.msg_iov = &octets, .msg_iovlen = 1};
	return failed(sendmsg(redis, &message, 0));
}

static int read_standard_input(void)
{
	char octet;
	return failed(read(STDIN_FILENO, &octet, 1));
}

static int open_for_writing(void)
{
	return failed(open_table("table", READ_ONLY | O_WRONLY));
}

static int open_for_both(void)
{
	return failed(open_table("table", READ_ONLY | O_RDWR));
}

static int create_a_file(void)
{
	return failed(open_table("new", READ_ONLY | O_CREAT));
}

static int truncate_a_file(void)
{
	return failed(open_table("table", READ_ONLY | O_TRUNC));
}

static int map_writable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, redis, 0) == MAP_FAILED;
}

static int map_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, redis, 0) == MAP_FAILED;
}

static int map_shared(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, redis, 0) == MAP_FAILED;
}

static int map_anonymous(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int make_executable(void)
{
	static char page[8192] __attribute__((aligned(4096)));
	return failed(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int make_a_socket(void)
{
	return failed(socket(AF_INET, SOCK_STREAM, 0));
}

static int connect_a_socket(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	return failed(connect(other, (const struct sockaddr *)&to, sizeof to));
}

static int execute(void)
{
	return failed(execl("/bin/true", "true", (char *)NULL));
}

static int fork_a_child(void)
{
	return failed(fork());
}

static int make_a_thread(void)
{
	return failed(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int trace_its_parent(void)
{
	return failed(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int kill_another(void)
{
	return failed(syscall(SYS_kill, 1, 0));
}

static int be_dumpable_again(void)
{
	return failed(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int remove_a_file(void)
{
	return failed(unlinkat(folder, "table", 0));
}

static int duplicate(void)
{
	return failed(dup2(redis, 1));
}

static int control_a_device(void)
{
	int waiting = 0;
	return failed(ioctl(redis, FIONREAD, &waiting));
}

static int ask_for_randomness(void)
{
	return failed(syscall(SYS_getrandom, &ticks, sizeof ticks, 0));
}

static const struct attempt never[] = {
	TRY(write_to_another),
#ifndef SANDBOX_HEAP
	TRY(grow_the_heap),
#endif
	TRY(wait_on_a_futex),
	TRY(arm_another_timer),
	TRY(send_elsewhere),
	TRY(receive_elsewhere),
	TRY(send_and_connect),
	TRY(send_a_descriptor),
	TRY(read_standard_input),
	TRY(open_for_writing),
	TRY(open_for_both),
	TRY(create_a_file),
	TRY(truncate_a_file),
	TRY(map_writable),
	TRY(map_executable),
	TRY(map_shared),
	TRY(map_anonymous),
	TRY(make_executable),
	TRY(make_a_socket),
	TRY(connect_a_socket),
	TRY(execute),
	TRY(fork_a_child),
	TRY(make_a_thread),
	TRY(trace_its_parent),
	TRY(kill_another),
	TRY(be_dumpable_again),
	TRY(remove_a_file),
	TRY(duplicate),
	TRY(control_a_device),
	TRY(ask_for_randomness),
};

static void all_else_is_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(never); i++)
		for (enum keep keep = NOTHING; keep <= TABLES; keep++)
			assert_killed(never[i].name, keep, never[i].attempt);
}

/* Lest a case above be killed for another reason than the filter. */
static void outside_nothing_is_killed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(never); i++)
		if (never[i].attempt != trace_its_parent && never[i].attempt != read_standard_input &&
			never[i].attempt != remove_a_file && never[i].attempt != truncate_a_file &&
			never[i].attempt != receive_elsewhere)
			assert_true(WIFEXITED(outcome(OUTSIDE, never[i].attempt)));
	unlinkat(folder, "new", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_else_is_the_end),
		cmocka_unit_test(outside_nothing_is_killed),
	};
	return cmocka_run_group_tests(tests, make_surroundings, remove_surroundings);
}

#endif
