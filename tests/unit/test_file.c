/* file: small files are read whole, and a file is replaced by rename only: whole, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/file.h"
#include "ctl/memory.h"

#define FOREIGN_GROUP ((gid_t)23456)

static char folder[] = "/tmp/file_XXXXXX";
static struct messages m;
static const struct place nowhere = {NULL, 0, 0};

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static size_t count_files(void)
{
	DIR *dir = opendir(".");
	size_t count = 0;
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			count++;
	closedir(dir);
	return count;
}

static int empty_folder(void **state)
{
	(void)state;
	DIR *dir = opendir(".");
	if (!dir)
		return -1;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && unlink(entry->d_name) < 0)
			rmdir(entry->d_name);
	closedir(dir);
	m = (struct messages){0, 0, false};
	return 0;
}

static void make_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_holds(const char *name, const char *text)
{
	size_t len = 0;
	uint8_t *octets = file_read(name, 1000, &len, &m, nowhere);
	assert_non_null(octets);
	assert_string_equal((const char *)octets, text);
	assert_int_equal(len, strlen(text));
	free(octets);
}

static struct stat stat_of(const char *name)
{
	struct stat st;
	assert_int_equal(lstat(name, &st), 0);
	return st;
}

static bool replace(const char *name, const char *text, mode_t mode, gid_t group)
{
	struct file_output out;
	return file_create(&out, name, &m) && file_write(&out, text, strlen(text), &m) &&
	       file_commit(&out, mode, group, &m);
}

static void read_up_to_its_limit(void **state)
{
	size_t len = 0;
	(void)state;
	make_file("f", "0123456789", 0600);
	uint8_t *octets = file_read("f", 10, &len, &m, nowhere);
	assert_non_null(octets);
	assert_int_equal(len, 10);
	assert_int_equal(octets[10], 0);
	free(octets);
	assert_int_equal(m.errors, 0);
	assert_null(file_read("f", 9, &len, &m, nowhere));
	assert_int_equal(m.errors, 1);
}

static void read_of_an_empty_file(void **state)
{
	(void)state;
	make_file("f", "", 0600);
	assert_holds("f", "");
}

static void read_of_what_is_no_file_is_refused(void **state)
{
	static const char *const names[] = {"missing", ".", "/dev/zero", "/dev/null", "f/g"};
	size_t len;
	(void)state;
	make_file("f", "", 0600);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_null(file_read(names[i], 1000, &len, &m, nowhere));
	assert_int_equal(m.errors, 5);
}

/* More than one growth of the buffer, from a writer that gives it piece by piece. */
static void read_of_a_pipe(void **state)
{
	size_t len = 0;
	(void)state;
	assert_int_equal(mkfifo("f", 0600), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = open("f", O_WRONLY);
		for (uint32_t i = 0; i < 50000; i += 4)
			if (write(fd, &i, sizeof i) != sizeof i)
				_exit(1);
		_exit(0);
	}
	uint8_t *octets = file_read("f", 50000, &len, &m, nowhere);
	assert_non_null(octets);
	assert_int_equal(len, 50000);
	for (uint32_t i = 0; i < 50000; i += 4)
		assert_int_equal(bytes_le32(octets + i), i);
	free(octets);
	waitpid(child, NULL, 0);
}

static void write_mode(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void secret_that_every_user_can_reach_is_warned_of(void **state)
{
	static const struct {
		mode_t mode;
		unsigned warnings;
	} cases[] = {{0600, 0}, {0640, 0}, {0660, 0}, {0644, 1}, {0602, 1}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = 0;
		m = (struct messages){0, 0, false};
		write_mode("f", "secret", cases[i].mode);
		file_wipe(file_read_secret("key", "f", 100, &len, &m, nowhere), len);
		assert_int_equal(len, 6);
		assert_int_equal(m.warnings, cases[i].warnings);
		unlink("f");
	}
}

static void secret_through_a_link_is_judged_by_the_file_itself(void **state)
{
	size_t len = 0;
	(void)state;
	write_mode("f", "secret", 0644);
	assert_int_equal(symlink("f", "link"), 0);
	file_wipe(file_read_secret("key", "link", 100, &len, &m, nowhere), len);
	assert_int_equal(m.warnings, 1);
}

static void password_is_the_first_line(void **state)
{
	static const struct {
		const char *text, *password;
	} cases[] = {{"se cret", "se cret"}, {"x\n", "x"}, {"x\r\n", "x"}, {"x\nnote\n", "x"}, {"", ""},
		{"\nx", ""}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_mode("f", cases[i].text, 0600);
		char *password = file_read_password("f", &m, nowhere);
		assert_non_null(password);
		assert_string_equal(password, cases[i].password);
		file_wipe_text(password);
	}
	assert_int_equal(m.errors + m.warnings, 0);
}

static void password_with_a_nul_is_refused_and_not_cut(void **state)
{
	(void)state;
	FILE *file = fopen("f", "w");
	assert_non_null(file);
	assert_int_equal(fwrite("a\0b", 1, 3, file), 3);
	fclose(file);
	assert_null(file_read_password("f", &m, nowhere));
	assert_int_equal(m.errors, 1);
}

static void names_are_resolved(void **state)
{
	static const struct {
		const char *folder, *name, *path;
	} cases[] = {
		{"/etc/ocsp", "ca.pem", "/etc/ocsp/ca.pem"},
		{"/etc/ocsp/", "ca.pem", "/etc/ocsp/ca.pem"},
		{"/", "ca.pem", "/ca.pem"},
		{"/etc/ocsp", "../ca.pem", "/etc/ocsp/../ca.pem"},
		{"/etc/ocsp", "/ca.pem", "/ca.pem"},
		{"", "ca.pem", "ca.pem"},
		{NULL, "ca.pem", "ca.pem"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *path = file_resolve(cases[i].folder, cases[i].name);
		assert_string_equal(path, cases[i].path);
		free(path);
	}
}

static void new_file_has_its_mode_and_own_group(void **state)
{
	(void)state;
	umask(077);
	assert_true(replace("f", "new", 0640, FILE_GROUP_KEEP));
	assert_holds("f", "new");
	assert_int_equal(stat_of("f").st_mode & 07777, 0640);
	assert_int_equal(stat_of("f").st_gid, getegid());
	assert_int_equal(count_files(), 1);
	assert_int_equal(m.errors + m.warnings, 0);
}

static void unfinished_file_is_private_and_beside(void **state)
{
	struct file_output out;
	(void)state;
	umask(0);
	make_file("f", "old", 0644);
	assert_true(file_create(&out, "f", &m));
	assert_int_equal(stat_of(out.temporary).st_mode & 07777, 0600);
	assert_true(file_write(&out, "new", 3, &m));
	assert_holds("f", "old");
	file_abandon(&out);
	file_abandon(&out); /* twice is harmless */
	assert_holds("f", "old");
	assert_int_equal(count_files(), 1);
}

static void reader_keeps_the_version_it_opened(void **state)
{
	char text[8] = {0};
	(void)state;
	make_file("f", "old", 0600);
	int fd = open("f", O_RDONLY);
	assert_true(replace("f", "new", 0640, FILE_GROUP_KEEP));
	assert_int_equal(read(fd, text, sizeof text), 3);
	assert_string_equal(text, "old");
	assert_holds("f", "new");
	close(fd);
}

static void group_is_kept_or_given(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give any group */
	make_file("f", "old", 0600);
	assert_int_equal(chown("f", (uid_t)-1, FOREIGN_GROUP), 0);
	assert_true(replace("f", "new", 0640, FILE_GROUP_KEEP));
	assert_int_equal(stat_of("f").st_gid, FOREIGN_GROUP);
	assert_true(replace("f", "newer", 0640, FOREIGN_GROUP + 1));
	assert_int_equal(stat_of("f").st_gid, FOREIGN_GROUP + 1);
	assert_int_equal(stat_of("f").st_mode & 07777, 0640);
}

/* In a child that gives root up where the tests run as root. */
static void group_that_cannot_be_given_leaves_the_old_file(void **state)
{
	int status = 0;
	(void)state;
	make_file("f", "old", 0644);
	assert_int_equal(chmod(".", 0777), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(12345) < 0 || setuid(12345) < 0))
			_exit(2);
		_exit(!replace("f", "new", 0640, FOREIGN_GROUP) && m.errors == 1 ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(chmod(".", 0700), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_holds("f", "old");
	assert_int_equal(count_files(), 1);
}

static void concurrent_writers_do_not_collide(void **state)
{
	struct file_output a, b;
	(void)state;
	assert_true(file_create(&a, "f", &m));
	assert_true(file_create(&b, "f", &m));
	assert_string_not_equal(a.temporary, b.temporary);
	assert_true(file_write(&a, "first", 5, &m) && file_write(&b, "second", 6, &m));
	assert_true(file_commit(&b, 0640, FILE_GROUP_KEEP, &m));
	assert_holds("f", "second");
	assert_true(file_commit(&a, 0640, FILE_GROUP_KEEP, &m));
	assert_holds("f", "first");
	assert_int_equal(count_files(), 1);
}

/* In a child: "late" takes f's place once the test's own writer has ended; the child's end of a pipe says that it began. */
static pid_t start_waiting_writer(const struct file_output *own, int *began)
{
	int ends[2];
	struct file_output out;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(own->fd); /* the lock is its parent's */
		if (write(ends[1], "", 1) != 1)
			_exit(1);
		_exit(file_create_alone(&out, "f", &m) && file_write(&out, "late", 4, &m) &&
					file_commit(&out, 0640, FILE_GROUP_KEEP, &m)
				? 0
				: 1);
	}
	close(ends[1]);
	*began = ends[0];
	return child;
}

static void a_writer_alone_waits_for_the_other(void **state)
{
	(void)state;
	for (int committed = 0; committed < 2; committed++) {
		struct file_output own;
		int began = -1, status = -1;
		char octet;
		assert_true(file_create_alone(&own, "f", &m));
		pid_t child = start_waiting_writer(&own, &began);
		assert_int_equal(read(began, &octet, 1), 1);
		close(began);
		usleep(200000);
		assert_int_equal(waitpid(child, &status, WNOHANG), 0);
		assert_true(file_write(&own, "early", 5, &m));
		if (committed == 1)
			assert_true(file_commit(&own, 0640, FILE_GROUP_KEEP, &m));
		file_abandon(&own);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_holds("f", "late");
		assert_int_equal(count_files(), 1);
	}
}

static void a_writer_alone_passes_by_what_is_in_the_way(void **state)
{
	struct file_output out;
	(void)state;
	assert_int_equal(symlink("nowhere", "f.new0"), 0);
	assert_int_equal(mkfifo("f.new1", 0600), 0);
	make_file("f.new2", "left behind", 0600);
	alarm(10); /* waiting for what never ends */
	assert_true(file_create_alone(&out, "f", &m));
	assert_string_equal(out.temporary, "f.new2");
	file_abandon(&out);
	if (geteuid() == 0) {
		make_file("f.new2", "of another user", 0600);
		assert_int_equal(chown("f.new2", 12345, (gid_t)-1), 0);
		assert_true(file_create_alone(&out, "f", &m));
		assert_string_equal(out.temporary, "f.new3");
		file_abandon(&out);
	}
	alarm(0);
}

static void killed_writers_leftovers_are_taken_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct file_output out;
			_exit(file_create(&out, "f", &m) ? 0 : 1); /* as if killed */
		}
		waitpid(child, NULL, 0);
		assert_int_equal(count_files(), 1); /* they do not pile up */
	}
	assert_true(replace("f", "new", 0640, FILE_GROUP_KEEP));
	assert_int_equal(count_files(), 1);
}

static void planted_names_are_neither_followed_nor_removed(void **state)
{
	(void)state;
	make_file("victim", "precious", 0600);
	assert_int_equal(symlink("victim", "f.new0"), 0);
	assert_int_equal(mkfifo("f.new1", 0600), 0);
	assert_true(replace("f", "new", 0640, FILE_GROUP_KEEP));
	assert_holds("victim", "precious");
	assert_holds("f", "new");
	assert_int_equal(count_files(), 4);
}

static void what_is_no_regular_file_is_not_replaced(void **state)
{
	struct file_output out;
	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("elsewhere", "link"), 0);
	assert_false(file_create(&out, "folder", &m));
	assert_false(file_create(&out, "fifo", &m));
	assert_false(file_create(&out, "link", &m));
	assert_false(file_create(&out, "missing/f", &m));
	assert_int_equal(m.errors, 4);
	file_abandon(&out); /* after a failure harmless too */
	assert_int_equal(count_files(), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(read_up_to_its_limit, empty_folder),
		cmocka_unit_test_teardown(read_of_an_empty_file, empty_folder),
		cmocka_unit_test_teardown(read_of_what_is_no_file_is_refused, empty_folder),
		cmocka_unit_test_teardown(read_of_a_pipe, empty_folder),
		cmocka_unit_test_teardown(secret_that_every_user_can_reach_is_warned_of, empty_folder),
		cmocka_unit_test_teardown(secret_through_a_link_is_judged_by_the_file_itself, empty_folder),
		cmocka_unit_test_teardown(password_is_the_first_line, empty_folder),
		cmocka_unit_test_teardown(password_with_a_nul_is_refused_and_not_cut, empty_folder),
		cmocka_unit_test(names_are_resolved),
		cmocka_unit_test_teardown(new_file_has_its_mode_and_own_group, empty_folder),
		cmocka_unit_test_teardown(unfinished_file_is_private_and_beside, empty_folder),
		cmocka_unit_test_teardown(reader_keeps_the_version_it_opened, empty_folder),
		cmocka_unit_test_teardown(group_is_kept_or_given, empty_folder),
		cmocka_unit_test_teardown(group_that_cannot_be_given_leaves_the_old_file, empty_folder),
		cmocka_unit_test_teardown(concurrent_writers_do_not_collide, empty_folder),
		cmocka_unit_test_teardown(a_writer_alone_waits_for_the_other, empty_folder),
		cmocka_unit_test_teardown(a_writer_alone_passes_by_what_is_in_the_way, empty_folder),
		cmocka_unit_test_teardown(killed_writers_leftovers_are_taken_over, empty_folder),
		cmocka_unit_test_teardown(planted_names_are_neither_followed_nor_removed, empty_folder),
		cmocka_unit_test_teardown(what_is_no_regular_file_is_not_replaced, empty_folder),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
