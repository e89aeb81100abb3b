/* file: a file is replaced by rename only: whole, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/file.h>
#include <sys/wait.h>

#include "file_lab.h"

#define FOREIGN_GROUP ((gid_t)23456)

static bool replace(const char *name, const char *text, mode_t mode, gid_t group)
{
	struct file_output out;
	return file_create(&out, name, &m) && file_write(&out, text, strlen(text), &m) &&
	       file_commit(&out, mode, group, &m);
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

/* Where others may write, a file of somebody else is there by their choice, and so is its group. */
static void a_planted_files_group_is_not_kept(void **state)
{
	static const mode_t modes[] = {01777, 0775, 0755};
	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < 3; i++) {
		make_file("f", "planted", 0600);
		assert_int_equal(chmod(".", modes[i]), 0);
		assert_int_equal(chown("f", 12345, FOREIGN_GROUP), 0);
		assert_true(replace("f", "new", 0640, FILE_GROUP_KEEP));
		assert_int_equal(stat_of("f").st_gid, i == 2 ? FOREIGN_GROUP : getegid());
		assert_int_equal(m.warnings, i == 2 ? 2 : i + 1);
	}
	assert_int_equal(chmod(".", 0700), 0);
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
		_exit(file_create_alone(&out, "f", 10, &m) && file_write(&out, "late", 4, &m) &&
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
		assert_true(file_create_alone(&own, "f", 10, &m));
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

/* As a leftover that whoever may read it has locked. */
static void a_writer_alone_does_not_wait_without_end(void **state)
{
	struct file_output own, out;
	(void)state;
	make_file("f", "old", 0640);
	assert_true(file_create_alone(&own, "f", 10, &m));
	alarm(10);
	assert_false(file_create_alone(&out, "f", 1, &m));
	alarm(0);
	assert_int_equal(m.errors, 1);
	m.errors = 0;
	file_abandon(&own);
	assert_holds("f", "old");
	assert_true(file_create_alone(&out, "f", 1, &m));
	file_abandon(&out);
}

/* With a writer's last mode whoever may read it can lock what a killed one has left behind. */
static void a_writer_alone_passes_by_a_leftover_that_is_locked(void **state)
{
	struct file_output out;
	(void)state;
	make_file("f.new0", "left behind", 0644);
	const int other = open("f.new0", O_RDONLY);
	assert_int_equal(flock(other, LOCK_SH), 0);
	alarm(20);
	assert_true(file_create_alone(&out, "f", 60, &m));
	alarm(0);
	assert_string_equal(out.temporary, "f.new1");
	file_abandon(&out);
	close(other);
}

static void a_writer_alone_passes_by_what_is_in_the_way(void **state)
{
	struct file_output out;
	(void)state;
	assert_int_equal(symlink("nowhere", "f.new0"), 0);
	assert_int_equal(mkfifo("f.new1", 0600), 0);
	make_file("f.new2", "left behind", 0600);
	alarm(10); /* waiting for what never ends */
	assert_true(file_create_alone(&out, "f", 10, &m));
	assert_string_equal(out.temporary, "f.new2");
	file_abandon(&out);
	if (geteuid() == 0) {
		make_file("f.new2", "of another user", 0600);
		assert_int_equal(chown("f.new2", 12345, (gid_t)-1), 0);
		assert_true(file_create_alone(&out, "f", 10, &m));
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
		cmocka_unit_test_teardown(new_file_has_its_mode_and_own_group, empty_folder),
		cmocka_unit_test_teardown(unfinished_file_is_private_and_beside, empty_folder),
		cmocka_unit_test_teardown(reader_keeps_the_version_it_opened, empty_folder),
		cmocka_unit_test_teardown(group_is_kept_or_given, empty_folder),
		cmocka_unit_test_teardown(a_planted_files_group_is_not_kept, empty_folder),
		cmocka_unit_test_teardown(group_that_cannot_be_given_leaves_the_old_file, empty_folder),
		cmocka_unit_test_teardown(concurrent_writers_do_not_collide, empty_folder),
		cmocka_unit_test_teardown(a_writer_alone_waits_for_the_other, empty_folder),
		cmocka_unit_test_teardown(a_writer_alone_does_not_wait_without_end, empty_folder),
		cmocka_unit_test_teardown(a_writer_alone_passes_by_a_leftover_that_is_locked, empty_folder),
		cmocka_unit_test_teardown(a_writer_alone_passes_by_what_is_in_the_way, empty_folder),
		cmocka_unit_test_teardown(killed_writers_leftovers_are_taken_over, empty_folder),
		cmocka_unit_test_teardown(planted_names_are_neither_followed_nor_removed, empty_folder),
		cmocka_unit_test_teardown(what_is_no_regular_file_is_not_replaced, empty_folder),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
