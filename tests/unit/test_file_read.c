/* file_read: small files are read whole, or refused; secrets that others can reach are warned of. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/wait.h>

#include "file_lab.h"

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
		make_file("f", "secret", cases[i].mode);
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
	make_file("f", "secret", 0644);
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
		make_file("f", cases[i].text, 0600);
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
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
