/* snapshot_map, snapshot_open, snapshot_fault_text: which files are accepted, and what is said of the others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot_sample.h"

static char folder[] = "/tmp/snapshot_map_XXXXXX";
static int folder_fd = -1;

static int make_folder(void **state)
{
	(void)state;
	folder_fd = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
	return folder_fd < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	close(folder_fd);
	return rmdir(folder);
}

/* "f" in the folder, with this mode. */
static void make_file(const void *octets, size_t len, mode_t mode)
{
	int fd = openat(folder_fd, "f", O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	unlinkat(folder_fd, "f", 0);
	return 0;
}

/* NULL when "f" is mapped and holds "octets". */
static const char *map(bool secret)
{
	static struct snapshot_fault fault;
	struct snapshot s = {.path = NULL};
	if (!snapshot_map(folder_fd, "f", secret, &s.file, &fault)) {
		assert_string_equal(fault.file, "f");
		return fault.reason;
	}
	assert_true(bytes_equal(s.file, SLICE("octets")));
	snapshot_close(&s);
	assert_null(s.file.data);
	return NULL;
}

static void assert_refused(bool secret, const char *reason)
{
	const char *got = map(secret);
	if (!got || !strstr(got, reason))
		fail_msg("\"%s\" instead of \"%s\"", got ? got : "(accepted)", reason);
}

static void modes_are_checked(void **state)
{
	static const struct {
		mode_t mode;
		const char *as_secret, *as_table; /* NULL: accepted */
	} cases[] = {
		{0600, NULL, NULL},
		{0400, NULL, NULL},
		{0640, NULL, NULL},
		{0440, NULL, NULL},
		{0644, "readable by others, and it holds private keys: chmod 0640", NULL},
		{0604, "readable by others, and it holds private keys: chmod 0640", NULL},
		{0660, "writable by group or others: chmod 0640", "chmod go-w"},
		{0620, "writable by group or others: chmod 0640", "chmod go-w"},
		{0602, "writable by group or others: chmod 0640", "chmod go-w"},
		{0666, "writable by group or others: chmod 0640", "chmod go-w"},
	};
	(void)state;
	make_file("octets", 6, 0600);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(fchmodat(folder_fd, "f", cases[i].mode, 0), 0);
		for (int secret = 0; secret < 2; secret++) {
			const char *reason = secret ? cases[i].as_secret : cases[i].as_table;
			if (reason)
				assert_refused(secret, reason);
			else
				assert_null(map(secret));
		}
	}
}

static void foreign_owner_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	make_file("octets", 6, 0640);
	assert_int_equal(fchownat(folder_fd, "f", 12345, (gid_t)-1, 0), 0);
	assert_refused(true, "owned by neither root nor");
}

static void symbolic_link_is_not_followed(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("/etc/passwd", folder_fd, "f"), 0);
	assert_refused(false, "symbolic link");
}

static void fifo_is_refused_without_waiting(void **state)
{
	(void)state;
	assert_int_equal(mkfifoat(folder_fd, "f", 0600), 0);
	alarm(5); /* a reader that waits for a writer ends the test */
	assert_refused(true, "no regular file");
	alarm(0);
}

static void folder_is_refused(void **state)
{
	struct slice file;
	struct snapshot_fault fault;
	(void)state;
	assert_false(snapshot_map(AT_FDCWD, folder, true, &file, &fault));
	assert_string_equal(fault.reason, "no regular file");
}

static void empty_file_is_refused(void **state)
{
	(void)state;
	make_file("", 0, 0600);
	assert_refused(true, "empty");
}

static void missing_file_is_reported_with_errno(void **state)
{
	uint8_t text[256];
	struct slice file;
	struct snapshot_fault fault;
	struct buffer out = bytes_buffer(text, sizeof text);
	(void)state;
	assert_false(snapshot_map(folder_fd, "f", true, &file, &fault));
	assert_int_equal(fault.error, ENOENT);
	snapshot_fault_text(&fault, &out);
	assert_true(bytes_equal(bytes_written(&out),
		SLICE("f: cannot be opened; ocspctl compile makes it (No such file or directory)")));
}

static void missing_table_names_its_maker(void **state)
{
	(void)state;
	assert_refused(false, "ocspctl table makes it");
}

static void unreadable_table_says_who_must_read_it(void **state)
{
	const bool root = geteuid() == 0;
	const char *reason = NULL;
	(void)state;
	make_file("octets", 6, 0);
	if (root)
		assert_int_equal(seteuid(65534), 0); /* root may read everything */
	reason = map(false);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_non_null(reason);
	assert_non_null(strstr(reason, "user or group must be able to read it"));
}

static void no_descriptor_is_left_open(void **state)
{
	(void)state;
	int before = dup(0);
	close(before);
	make_file("octets", 6, 0600);
	assert_null(map(true));
	assert_int_equal(fchmodat(folder_fd, "f", 0666, 0), 0);
	assert_refused(true, "writable");
	int after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void snapshot_on_disk_is_opened(void **state)
{
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	struct snapshot s;
	struct snapshot_fault fault;
	struct ca ca;
	const char *why;
	size_t size;
	char path[64];
	(void)state;
	sample_make(cas, hashes);
	uint8_t *file = snapshot_write(&sample_settings, cas, SAMPLE_CAS, &size, &why);
	assert_non_null(file);
	make_file(file, size, 0640);
	snprintf(path, sizeof path, "%s/f", folder);
	assert_true(snapshot_open(&s, path, &fault));
	struct certid id = sample_certid(&cas[2], CERTID_SHA384);
	assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_FOUND);
	assert_int_equal(sample_same_ca(&s, &ca, &cas[2], &fault), SAMPLE_SAME);
	snapshot_close(&s);
	assert_int_equal(truncate(path, (off_t)size - 1), 0);
	assert_false(snapshot_open(&s, path, &fault));
	assert_string_equal(fault.file, path);
	assert_int_equal(fault.offset, offsetof(struct snapshot_header, file_size));
	free(file);
}

static void fault_text_names_file_offset_and_reason(void **state)
{
	static const struct {
		struct snapshot_fault fault;
		const char *text;
	} cases[] = {
		{{"/s", 0, "why", 0, NULL}, "/s: offset 0: why"},
		{{"/s", 4096, "why", 0, "do this"}, "/s: offset 4096: why; do this"},
		{{"/s", UINT64_MAX - 1, "why", 0, NULL}, "/s: offset 18446744073709551614: why"},
		{{"/s", SNAPSHOT_NO_OFFSET, "why", 0, NULL}, "/s: why"},
		{{"/s", SNAPSHOT_NO_OFFSET, "why", EACCES, NULL}, "/s: why (Permission denied)"},
		{{"/s", 7, "why", EIO, "act"}, "/s: offset 7: why (Input/output error); act"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t text[128] = {0};
		struct buffer out = bytes_buffer(text, sizeof text - 1);
		snapshot_fault_text(&cases[i].fault, &out);
		assert_string_equal((const char *)text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(modes_are_checked, remove_file),
		cmocka_unit_test_teardown(foreign_owner_is_refused, remove_file),
		cmocka_unit_test_teardown(symbolic_link_is_not_followed, remove_file),
		cmocka_unit_test_teardown(fifo_is_refused_without_waiting, remove_file),
		cmocka_unit_test(folder_is_refused),
		cmocka_unit_test_teardown(empty_file_is_refused, remove_file),
		cmocka_unit_test(missing_file_is_reported_with_errno),
		cmocka_unit_test(missing_table_names_its_maker),
		cmocka_unit_test_teardown(unreadable_table_says_who_must_read_it, remove_file),
		cmocka_unit_test_teardown(no_descriptor_is_left_open, remove_file),
		cmocka_unit_test_teardown(snapshot_on_disk_is_opened, remove_file),
		cmocka_unit_test(fault_text_names_file_offset_and_reason),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
