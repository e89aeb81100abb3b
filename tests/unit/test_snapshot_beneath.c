/* snapshot_map_beneath: which paths are taken where the caller chooses them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/snapshot_beneath_XXXXXX";
static char root[64]; /* TOP/root, in which all is that may be taken */

static void write_file(int folder, const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "octets", 6), 6);
	close(fd);
}

/*
 * TOP/outside, TOP/root-not/f, TOP/root/{f, inner/f, inner/deep/f, file-link → f, folder-link → inner, out → ..}
 */
static int make_folders(void **state)
{
	(void)state;
	int folder = mkdtemp(top) ? open(top, O_RDONLY | O_DIRECTORY) : -1;
	if (folder < 0)
		return -1;
	snprintf(root, sizeof root, "%s/root", top);
	mkdirat(folder, "root", 0700);
	mkdirat(folder, "root-not", 0700);
	mkdirat(folder, "root/inner", 0700);
	mkdirat(folder, "root/inner/deep", 0700);
	write_file(folder, "outside");
	write_file(folder, "root-not/f");
	write_file(folder, "root/f");
	write_file(folder, "root/inner/f");
	write_file(folder, "root/inner/deep/f");
	bool linked = symlinkat("f", folder, "root/file-link") == 0 &&
		      symlinkat("inner", folder, "root/folder-link") == 0 &&
		      symlinkat("..", folder, "root/out") == 0;
	close(folder);
	return linked ? 0 : -1;
}

static int remove_folders(void **state)
{
	static const char *const names[] = {"root/out", "root/folder-link", "root/file-link",
		"root/inner/deep/f", "root/inner/f", "root/f", "root-not/f", "outside"};
	static const char *const folders[] = {"root/inner/deep", "root/inner", "root-not", "root", "."};
	char path[128];
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", top, names[i]);
		unlink(path);
	}
	for (size_t i = 0; i < sizeof folders / sizeof folders[0] - 1; i++) {
		snprintf(path, sizeof path, "%s/%s", top, folders[i]);
		rmdir(path);
	}
	return rmdir(top);
}

/* NULL when TOP + `rest` is mapped. */
static const char *map(const char *rest, int *error)
{
	char path[NAME_MAX + 256];
	struct slice file = {NULL, 0};
	struct snapshot_fault fault = {0};
	struct snapshot s = {0};
	snprintf(path, sizeof path, "%s%s", top, rest);
	if (!snapshot_map_beneath(root, path, &file, &fault)) {
		assert_ptr_equal(fault.file, path);
		*error = fault.error;
		return fault.reason;
	}
	assert_true(bytes_equal(file, SLICE("octets")));
	s.file = file;
	snapshot_close(&s);
	return NULL;
}

static void paths(void **state)
{
	static const struct {
		const char *path; /* behind TOP */
		const char *refusal;
		int error;
	} cases[] = {
		{"/root/f", NULL, 0},
		{"/root/inner/f", NULL, 0},
		{"/root/inner/deep/f", NULL, 0},
		{"/outside", "not beneath /var/lib/ocsp-cgi, ", 0},
		{"/root-not/f", "not beneath", 0},
		{"/root", "not beneath", 0},
		{"/./root/f", "not beneath", 0},
		{"/root/", "empty part", 0},
		{"/root//f", "empty part", 0},
		{"/root/inner/", "empty part", 0},
		{"/root/./f", "\"..\"", 0},
		{"/root/.", "\"..\"", 0},
		{"/root/..", "\"..\"", 0},
		{"/root/../outside", "\"..\"", 0},
		{"/root/inner/../f", "\"..\"", 0},
		{"/root/inner/../../outside", "\"..\"", 0},
		{"/root/file-link", "symbolic link", ELOOP},
		{"/root/folder-link/f", "symbolic link", ENOTDIR},
		{"/root/out/outside", "symbolic link", ENOTDIR},
		{"/root/f/f", "symbolic link", ENOTDIR},
		{"/root/none", "cannot be opened", ENOENT},
		{"/root/none/f", "a folder of it", ENOENT},
		{"/root/inner", "no regular file", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int error = 0;
		const char *reason = map(cases[i].path, &error);
		print_message("  %s\n", cases[i].path);
		if (!cases[i].refusal) {
			assert_null(reason);
			continue;
		}
		assert_non_null(reason);
		if (!strstr(reason, cases[i].refusal))
			fail_msg("%s: %s", cases[i].path, reason);
		assert_int_equal(error, cases[i].error);
	}
}

static void longest_names(void **state)
{
	char path[NAME_MAX + 64] = "/root/";
	int error = 0;
	(void)state;
	memset(path + 6, 'x', NAME_MAX);
	strcpy(path + 6 + NAME_MAX, "/f");
	assert_non_null(map(path, &error));
	assert_int_equal(error, ENOENT);
	memset(path + 6, 'x', NAME_MAX + 1);
	strcpy(path + 6 + NAME_MAX + 1, "/f");
	assert_non_null(map(path, &error));
	assert_int_equal(error, ENAMETOOLONG);
}

static void no_root_is_refused(void **state)
{
	struct slice file = {NULL, 0};
	struct snapshot_fault fault = {0};
	(void)state;
	assert_false(snapshot_map_beneath("/tmp/no-such-folder", "/tmp/no-such-folder/f", &file, &fault));
	assert_int_equal(fault.error, ENOENT);
}

static void no_descriptor_is_left_open(void **state)
{
	int error = 0;
	int before = dup(0);
	(void)state;
	close(before);
	(void)map("/root/inner/deep/f", &error);
	(void)map("/root/inner/../f", &error);
	(void)map("/root/folder-link/f", &error);
	int after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(longest_names),
		cmocka_unit_test(no_root_is_refused),
		cmocka_unit_test(no_descriptor_is_left_open),
	};
	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
