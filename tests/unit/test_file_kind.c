/* file_kind: what a file is by its content, and what is not written over. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "ctl/file_kind.h"
#include "file_lab.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *name, *octets;
	size_t len;
	enum file_kind kind;
} cases[] = {
#define OCTETS(text) text, sizeof text - 1
	{"empty", OCTETS(""), FILE_KIND_NONE},
	{"a_snapshot_cut_behind_its_magic", OCTETS("OCSPSNAP"), FILE_KIND_SNAPSHOT},
	{"a_snapshot_cut_within_its_magic", OCTETS("OCSPSNA"), FILE_KIND_OTHER},
	{"a_snapshot_that_quotes_pem", OCTETS("OCSPSNAP-----BEGIN X"), FILE_KIND_SNAPSHOT},
	{"a_table", OCTETS("OCSPTABL\1\2\3"), FILE_KIND_TABLE},
	{"pem", OCTETS("-----BEGIN PRIVATE KEY-----\n"), FILE_KIND_PEM},
	{"pem_behind_text", OCTETS("Bag Attributes\n    friendlyName: x\n-----BEGIN X509 CRL-----\n"),
		FILE_KIND_PEM},
	{"pem_cut_short", OCTETS("-----BEGIN"), FILE_KIND_OTHER},
	{"a_sequence", OCTETS("\x30\x03\x02\x01\x05"), FILE_KIND_DER},
	{"a_sequence_cut_short", OCTETS("\x30\x03\x02\x01"), FILE_KIND_OTHER},
	{"a_sequence_with_something_behind", OCTETS("\x30\x03\x02\x01\x05\x0A"), FILE_KIND_OTHER},
	{"der_of_another_type", OCTETS("\x04\x03\x02\x01\x05"), FILE_KIND_OTHER},
	{"text", OCTETS("old"), FILE_KIND_OTHER},
#undef OCTETS
};

static void make(const char *octets, size_t len)
{
	int fd = open("f", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, len), (ssize_t)len);
	close(fd);
}

static void by_its_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		make(cases[i].octets, cases[i].len);
		if (file_kind("f") != cases[i].kind)
			fail_msg("%s: %d", cases[i].name, (int)file_kind("f"));
	}
}

static void pem_is_looked_for_in_64_kib(void **state)
{
	static char text[65536 + 16];
	(void)state;
	for (int beyond = 0; beyond < 2; beyond++) {
		const size_t at = 65536 - 11 + (size_t)beyond;
		memset(text, '\n', sizeof text);
		memcpy(text + at, "-----BEGIN ", 11);
		make(text, sizeof text);
		assert_int_equal(file_kind("f"), beyond ? FILE_KIND_OTHER : FILE_KIND_PEM);
	}
}

static void what_is_no_regular_file_is_none(void **state)
{
	(void)state;
	make_file("f", "-----BEGIN X-----\n", 0600);
	assert_int_equal(symlink("f", "link"), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(file_kind("link"), FILE_KIND_NONE);
	assert_int_equal(file_kind("pipe"), FILE_KIND_NONE);
	assert_int_equal(file_kind("."), FILE_KIND_NONE);
	assert_int_equal(file_kind("missing"), FILE_KIND_NONE);
}

static void only_ones_own_kind_and_what_nobody_knows_is_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const bool known = cases[i].kind != FILE_KIND_NONE && cases[i].kind != FILE_KIND_OTHER;
		make(cases[i].octets, cases[i].len);
		m = (struct messages){0};
		assert_int_equal(file_kind_replaceable("f", FILE_KIND_SNAPSHOT, &m),
			!known || cases[i].kind == FILE_KIND_SNAPSHOT);
		assert_int_equal(m.errors, known && cases[i].kind != FILE_KIND_SNAPSHOT);
		assert_int_equal(file_kind_replaceable("f", FILE_KIND_OTHER, &m), !known);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(by_its_content, empty_folder),
		cmocka_unit_test_teardown(pem_is_looked_for_in_64_kib, empty_folder),
		cmocka_unit_test_teardown(what_is_no_regular_file_is_none, empty_folder),
		cmocka_unit_test_teardown(only_ones_own_kind_and_what_nobody_knows_is_replaced, empty_folder),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
