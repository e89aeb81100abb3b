/* sandbox: each case is a child that enters and tries one thing. What is allowed works; all else ends by SIGSYS, undone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sandbox.h"

#ifdef NO_SANDBOX

int main(void)
{
	print_message("sandbox: switched off in this build, nothing to test\n");
	return 0;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READ_ONLY (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Made before the sandbox is entered. */
static int redis = -1;  /* one end of a connection; octets wait to be read */
static int other = -1;  /* another connection */
static int output = -1; /* standard output and error */
static int input = -1;  /* what is written there */
static int folder = -1; /* of tables */
static char folder_path[] = "/tmp/test_sandbox_XXXXXX";

/* ---- what is tried: 0 where it works ---- */

static int failed(long result)
{
	return result < 0 ? 1 : 0;
}

static int write_to_stdout(void)
{
	return write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
}

static int write_to_stderr(void)
{
	return write(STDERR_FILENO, "x", 1) == 1 ? 0 : 1;
}

static int write_to_another(void)
{
	return failed(write(redis, "x", 1));
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

static int allocate(void)
{
	for (size_t i = 0; i < 64; i++) {
		volatile char *octets = malloc(32 * 1024);
		if (!octets)
			return 1;
		octets[0] = 1;
	}
	return 0;
}

static int wake(void)
{
	int word = 0;
	return failed(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
}

static int wait_on_a_futex(void)
{
	int word = 0;
	return failed(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0));
}

static volatile sig_atomic_t ticks;

static void on_tick(int signal)
{
	(void)signal;
	ticks = 1;
}

/* The handler comes back by rt_sigreturn(), and the poll() that it broke off is an EINTR. */
static int arm_the_timer(void)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 1000}};
	if (setitimer(ITIMER_REAL, &soon, NULL) != 0)
		return 1;
	return poll(NULL, 0, 2000) < 0 && errno == EINTR && ticks ? 0 : 1;
}

static int arm_another_timer(void)
{
	const struct itimerval never = {.it_value = {.tv_sec = 1000}};
	return failed(setitimer(ITIMER_VIRTUAL, &never, NULL));
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

/* The descriptor, or below 0. */
static int open_table(const char *path, int flags)
{
	return openat(folder, path, flags, 0600);
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

/* ---- children ---- */

enum keep { NOTHING, REDIS, TABLES, OUTSIDE };

static void enter(enum keep keep)
{
	static struct log log;
	struct sandbox kept = {.connection = keep == REDIS ? redis : -1};
	log_start(&log, 0);
	if (keep == TABLES) {
		kept.folders = &folder;
		kept.folder_count = 1;
	}
	if (keep != OUTSIDE)
		sandbox_enter(&kept, &log);
	if (log.notes.len > 0)
		_exit(90);
}

static pid_t start(enum keep keep, int (*attempt)(void))
{
	pid_t child = fork();
	if (child != 0)
		return child;
	signal(SIGALRM, on_tick);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	enter(keep);
	_exit(attempt());
}

static int outcome(enum keep keep, int (*attempt)(void))
{
	int status = 0;
	pid_t child = start(keep, attempt);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void assert_works(const char *name, enum keep keep, int (*attempt)(void))
{
	int status = outcome(keep, attempt);
	print_message("  %s\n", name);
	if (status != 0)
		fail_msg("%s: wait status %#x", name, (unsigned)status);
}

static void assert_killed(const char *name, enum keep keep, int (*attempt)(void))
{
	int status = outcome(keep, attempt);
	print_message("  %s\n", name);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		fail_msg("%s: wait status %#x instead of SIGSYS", name, (unsigned)status);
	assert_false(WCOREDUMP(status));
}

struct attempt {
	const char *name;
	int (*attempt)(void);
};
#define TRY(name)                                                                                            \
	{                                                                                                    \
#name, name                                                                                  \
	}
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const struct attempt plain[] = {
	TRY(write_to_stdout),
	TRY(write_to_stderr),
	TRY(ask_the_time),
	TRY(allocate),
	TRY(wake),
	TRY(arm_the_timer),
	TRY(end),
};

static const struct attempt of_redis[] = {TRY(ask_redis)};
static const struct attempt of_tables[] = {TRY(map_a_table)};

static const struct attempt never[] = {
	TRY(write_to_another),
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

static void what_is_needed_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++)
		for (enum keep keep = NOTHING; keep <= TABLES; keep++)
			assert_works(plain[i].name, keep, plain[i].attempt);
	assert_works(of_redis[0].name, REDIS, of_redis[0].attempt);
	assert_works(of_tables[0].name, TABLES, of_tables[0].attempt);
}

static void all_else_is_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(never); i++)
		for (enum keep keep = NOTHING; keep <= TABLES; keep++)
			assert_killed(never[i].name, keep, never[i].attempt);
}

static void each_source_has_its_own(void **state)
{
	(void)state;
	assert_killed("ask_redis, without Redis", NOTHING, ask_redis);
	assert_killed("ask_redis, with tables", TABLES, ask_redis);
	assert_killed("open_for_reading, without tables", NOTHING, open_for_reading);
	assert_killed("open_for_reading, with Redis", REDIS, open_for_reading);
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

/* ---- seen from outside ---- */

static int wait_a_moment(void)
{
	return write_to_stdout() == 0 && poll(NULL, 0, 500) == 0 ? 0 : 1;
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
	assert_in_range(found.rlim_max, 1, 64 * 1024 * 1024);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* ---- a kernel, or a container's filter, that refuses ---- */

static void refuse(uint32_t call, uint32_t first_argument)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first_argument, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {COUNT(code), code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(91);
}

/* Exits with 0 where the one note is `text`, a warning. */
static void enter_refused(uint32_t call, uint32_t first_argument, const char *text)
{
	static struct log log;
	static const struct sandbox keep = {.connection = -1};
	log_start(&log, 0);
	refuse(call, first_argument);
	sandbox_enter(&keep, &log);
	_exit(log.level == LOG_WARNING && bytes_equal(bytes_written(&log.notes), bytes_of(text)) ? 0 : 1);
}

static void assert_noted(uint32_t call, uint32_t first_argument, const char *text)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		enter_refused(call, first_argument, text);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void refusals_are_noted_and_survived(void **state)
{
	(void)state;
	assert_noted(SYS_prctl, PR_SET_SECCOMP,
		"answering without a filter of system calls, the kernel refuses it: Operation not permitted");
	if (syscall(444, NULL, 0, 1) >= 1)
		assert_noted(
			446, 3, "answering without Landlock, the kernel refuses it: Operation not permitted");
}

/* ---- the program ---- */

static int make_surroundings(void **state)
{
	int ends[2];
	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || !mkdtemp(folder_path))
		return -1;
	redis = ends[0];
	other = ends[1];
	if (write(other, "xxxxxxxx", 8) != 8 || pipe2(ends, O_NONBLOCK) != 0)
		return -1;
	input = ends[0];
	output = ends[1];
	folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int table = openat(folder, "table", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool made = write(table, "octets", 6) == 6;
	close(table);
	return made && folder >= 0 ? 0 : -1;
}

static int remove_surroundings(void **state)
{
	(void)state;
	unlinkat(folder, "table", 0);
	close(folder);
	return rmdir(folder_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_works),
		cmocka_unit_test(all_else_is_the_end),
		cmocka_unit_test(each_source_has_its_own),
		cmocka_unit_test(outside_nothing_is_killed),
		cmocka_unit_test(other_system_call_tables_are_closed),
		cmocka_unit_test(files_are_opened_beneath_the_folders_only),
		cmocka_unit_test(stopping_and_continuing_changes_nothing),
		cmocka_unit_test(limits_and_privileges_are_gone),
		cmocka_unit_test(refusals_are_noted_and_survived),
	};
	return cmocka_run_group_tests(tests, make_surroundings, remove_surroundings);
}

#endif
