/* sandbox_landlock alone, without the filter that would end each attempt before it is asked: which rights it takes away. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef NO_SANDBOX

#include "sandbox_off.h"

#else

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>

#include "sandbox_lab.h"
#include "sandbox_parts.h"

static struct sockaddr_in loopback = {.sin_family = AF_INET}; /* port 0: anybody may bind to it */
static struct sockaddr_un abstract = {.sun_family = AF_UNIX};

/* ---- what is tried: 0 where it works, or errno ---- */

static int result(long result)
{
	return result < 0 ? errno : 0;
}

static int write_a_file(void)
{
	return result(open_table("table", O_WRONLY));
}

static int make_a_file(void)
{
	return result(open_table("new", O_WRONLY | O_CREAT));
}

static int make_a_folder(void)
{
	return result(mkdirat(folder, "folder", 0700));
}

static int list_a_folder(void)
{
	return result(open_table(".", O_RDONLY | O_DIRECTORY));
}

static int truncate_a_file(void)
{
	return fchdir(folder) == 0 ? result(truncate("table", 3)) : 1;
}

static int bind_to_a_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return result(bind(fd, (const struct sockaddr *)&loopback, sizeof loopback));
}

static int connect_to_a_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return result(connect(fd, (const struct sockaddr *)&loopback, sizeof loopback));
}

/* A device's file may be opened where its folder is allowed. */
static int control_a_device(void)
{
	struct termios how;
	int fd = open("/dev/null", READ_ONLY);
	return fd < 0 ? 1 : result(ioctl(fd, TCGETS, &how));
}

static int connect_to_an_abstract_name(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return result(connect(fd, (const struct sockaddr *)&abstract, sizeof abstract));
}

static int signal_its_parent(void)
{
	return result(kill(getppid(), 0));
}

/* ---- cases ---- */

/* Moving a file to another folder is missing: a kernel that can allow it refuses it unasked. */
static const struct {
	struct attempt attempt;
	long version; /* of Landlock, that knows it */
	int refusal;
} cases[] = {
	{TRY(write_a_file), 1, EACCES},
	{TRY(make_a_file), 1, EACCES},
	{TRY(make_a_folder), 1, EACCES},
	{TRY(list_a_folder), 1, EACCES},
	{TRY(truncate_a_file), 3, EACCES},
	{TRY(bind_to_a_port), 4, EACCES},
	{TRY(connect_to_a_port), 4, EACCES},
	{TRY(control_a_device), 5, EACCES},
	{TRY(connect_to_an_abstract_name), 6, EPERM},
	{TRY(signal_its_parent), 6, EPERM},
};

/* Tables' folder and that of devices may be read. */
static void restrict_itself(void)
{
	const int folders[] = {folder, open("/dev", O_PATH | O_DIRECTORY)};
	const struct sandbox keep = {.connection = -1, .folders = folders, .folder_count = COUNT(folders)};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || sandbox_landlock(&keep))
		_exit(255);
}

static int tried(bool restricted, int (*attempt)(void))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		if (restricted)
			restrict_itself();
		_exit(attempt());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void all_that_the_kernel_knows_is_refused(void **state)
{
	long version = syscall(444, NULL, 0, 1);
	(void)state;
	if (version < 1) {
		print_message("  this kernel has no Landlock\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct attempt *attempt = &cases[i].attempt;
		if (cases[i].version > version) {
			print_message("  %s: not known to this kernel\n", attempt->name);
			continue;
		}
		int found = tried(true, attempt->attempt);
		print_message("  %s\n", attempt->name);
		if (found != cases[i].refusal)
			fail_msg("%s: %s", attempt->name, strerror(found));
	}
}

/* Lest a case above fail for another reason. */
static void outside_nothing_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_not_equal(tried(false, cases[i].attempt.attempt), cases[i].refusal);
	unlinkat(folder, "new", 0);
	unlinkat(folder, "folder", AT_REMOVEDIR);
}

static int listen_too(void **state)
{
	if (make_surroundings(state) != 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(abstract.sun_path + 1, sizeof abstract.sun_path - 1, "test_sandbox_landlock_%d",
		(int)getpid());
	return bind(fd, (const struct sockaddr *)&abstract, sizeof abstract) == 0 && listen(fd, 9) == 0 ? 0
													: -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_the_kernel_knows_is_refused),
		cmocka_unit_test(outside_nothing_is_refused),
	};
	return cmocka_run_group_tests(tests, listen_too, remove_surroundings);
}

#endif
