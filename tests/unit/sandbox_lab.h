/*
 * What the tests of the sandbox share: what is open before it is entered, and children that enter and try one thing.
 */
#ifndef SANDBOX_LAB_H
#define SANDBOX_LAB_H

#include "sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_ONLY (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Made before the sandbox is entered. */
static int redis = -1;  /* one end of a connection; octets wait to be read */
static int other = -1;  /* another connection */
static int output = -1; /* standard output and error */
static int input = -1;  /* what is written there */
static int folder = -1; /* of tables */
static char folder_path[] = "/tmp/test_sandbox_XXXXXX";

static volatile sig_atomic_t ticks;

static inline void on_tick(int signal)
{
	(void)signal;
	ticks = 1;
}

enum keep { NOTHING, REDIS, TABLES, OUTSIDE };

static inline void enter(enum keep keep)
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

static inline pid_t start(enum keep keep, int (*attempt)(void))
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

static inline int outcome(enum keep keep, int (*attempt)(void))
{
	int status = 0;
	pid_t child = start(keep, attempt);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static inline void assert_killed(const char *name, enum keep keep, int (*attempt)(void))
{
	int status = outcome(keep, attempt);
	print_message("  %s\n", name);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		fail_msg("%s: wait status %#x instead of SIGSYS", name, (unsigned)status);
	assert_false(WCOREDUMP(status));
}

static inline int failed(long result)
{
	return result < 0 ? 1 : 0;
}

/* The descriptor, or below 0. */
static inline int open_table(const char *path, int flags)
{
	return openat(folder, path, flags, 0600);
}

struct attempt {
	const char *name;
	int (*attempt)(void);
};
/* clang-format off */
#define TRY(name) {#name, name}
/* clang-format on */
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static inline int make_surroundings(void **state)
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

static inline int remove_surroundings(void **state)
{
	(void)state;
	unlinkat(folder, "table", 0);
	close(folder);
	return rmdir(folder_path);
}

#endif
