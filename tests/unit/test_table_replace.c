/* table_replace: what the eye on the header alone would let pass: an older part among newer ones, and other owners' tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command_lab.h"

#define NEW_YEAR(yy) "17{" yy "30313031 303030303030 5A}"
#define Y24          NEW_YEAR("3234")
#define Y25          NEW_YEAR("3235")
#define Y26          NEW_YEAR("3236")

/* A part for users or CAs of this thisUpdate and cRLNumber. */
#define USERS(time, number)                                                                                  \
	{                                                                                                    \
		.this_update = time, .extensions = "A0{30{" LAB_NUMBER(number) LAB_SCOPE(LAB_USERS) "}}"     \
	}
#define CAS(time, number)                                                                                    \
	{                                                                                                    \
		.this_update = time, .extensions = "A0{30{" LAB_NUMBER(number) LAB_SCOPE(LAB_CAS) "}}"       \
	}
#define WHOLE(time, number)                                                                                  \
	{                                                                                                    \
		.this_update = time, .extensions = "A0{30{" LAB_NUMBER(number) "}}"                          \
	}

static struct lab_ca ca;

static int set_up(void **state)
{
	int result = lab_open(state);
	ca = lab_ca_make(LAB_CN, EVP_EC_gen("P-256"), "cRLSign,keyCertSign");
	lab_write_certificate("ca.pem", ca.certificate);
	return result;
}

static int tear_down(void **state)
{
	lab_ca_free(&ca);
	return lab_close(state);
}

static const struct {
	const char *name;
	struct lab_crl old[2], fresh[2];
	const char *refused; /* NULL: replaced */
} sets[] = {
	{"the_same", {USERS(Y25, "05"), CAS(Y25, "03")}, {USERS(Y25, "05"), CAS(Y25, "03")}, NULL},
	{"in_another_order", {USERS(Y25, "05"), CAS(Y25, "03")}, {CAS(Y25, "03"), USERS(Y25, "05")}, NULL},
	{"one_newer", {USERS(Y25, "05"), CAS(Y25, "03")}, {USERS(Y26, "06"), CAS(Y25, "03")}, NULL},
	{"one_older_behind_another_that_is_as_old", {USERS(Y26, "05"), CAS(Y25, "03")},
		{USERS(Y25, "05"), CAS(Y25, "03")}, "newer part"},
	{"a_lower_number_behind_one_as_low", {USERS(Y26, "05"), CAS(Y26, "03")},
		{USERS(Y26, "04"), CAS(Y26, "03")}, "newer part"},
	{"one_older_and_the_other_newer", {USERS(Y26, "05"), CAS(Y25, "03")},
		{USERS(Y25, "04"), CAS(Y26, "09")}, "newer part"},
	{"a_whole_one_instead", {USERS(Y25, "05"), CAS(Y25, "05")}, {WHOLE(Y26, "06"), {0}}, NULL},
	{"a_whole_one_that_is_older_than_a_part", {USERS(Y26, "20"), CAS(Y24, "05")}, {WHOLE(Y25, "10"), {0}},
		"newer than the new CRL"},
	{"one_left_out", {USERS(Y25, "05"), CAS(Y25, "05")}, {USERS(Y26, "06"), {0}},
		"not among the new ones"},
};

static int make_set(const char *table, const struct lab_crl *parts, bool force)
{
	const size_t count = parts[1].extensions ? 2 : 1;
	const char *arguments[16] = {"--ca-cert", lab_path("ca.pem"), "-o", table, "--complete"};
	size_t n = 5;
	char name[32];
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "part%zu.crl", i);
		arguments[n++] = "--crl";
		arguments[n++] = lab_crl_write(name, &parts[i], ca.key);
	}
	arguments[n] = force ? "--force" : NULL;
	return command_run(arguments);
}

static void no_part_is_replaced_by_an_older_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		const char *table = lab_path("set.table");
		unlink(table);
		assert_status(sets[i].name, make_set(table, sets[i].old, false), 0);
		assert_status(sets[i].name, make_set(table, sets[i].fresh, false), sets[i].refused ? 1 : 0);
		if (!sets[i].refused)
			continue;
		lab_assert_said(sets[i].name, sets[i].refused);
		assert_status(sets[i].name, make_set(table, sets[i].fresh, true), 0);
		lab_assert_said(sets[i].name, "as --force says");
	}
}

static void parts_are_no_burden_for_the_reader(void **state)
{
	const char *table = lab_path("read.table");
	(void)state;
	unlink(table);
	assert_status("made", make_set(table, sets[0].old, false), 0);
	struct table t = open_table(table);
	assert_int_equal(t.header.part_count, 2);
	assert_int_equal(t.header.kind, TABLE_CRL);
	assert_true(is_absent(&t, SLICE("\x07")));
	table_close(&t);
}

static const struct lab_crl newer[2] = {WHOLE(Y26, "05")}, older[2] = {WHOLE(Y25, "04")};

static void a_table_of_another_owner_is_compared_with(void **state)
{
	const char *table = lab_path("owned.table");
	(void)state;
	if (getuid() != 0)
		skip();
	unlink(table);
	assert_status("made", make_set(table, newer, false), 0);
	assert_int_equal(chown(table, 65534, (gid_t)-1), 0);
	assert_status("older", make_set(table, older, false), 1);
	lab_assert_said("older", "higher cRLNumber");
	assert_status("newer", make_set(table, newer, false), 0);
}

static void a_table_that_cannot_be_read_is_not_taken_for_a_broken_one(void **state)
{
	const char *table = lab_path("unread.table");
	(void)state;
	if (getuid() == 0)
		skip();
	unlink(table);
	assert_status("made", make_set(table, newer, false), 0);
	assert_int_equal(chmod(table, 0), 0);
	assert_status("older", make_set(table, older, false), 1);
	lab_assert_said("older", "nobody knows whether");
}

static void an_empty_file_is_healed(void **state)
{
	const char *table = lab_path("empty.table");
	(void)state;
	lab_write_text("empty.table", "");
	assert_status("empty", make_set(table, newer, false), 0);
	lab_assert_said("empty", "it is empty");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_part_is_replaced_by_an_older_one),
		cmocka_unit_test(parts_are_no_burden_for_the_reader),
		cmocka_unit_test(a_table_of_another_owner_is_compared_with),
		cmocka_unit_test(a_table_that_cannot_be_read_is_not_taken_for_a_broken_one),
		cmocka_unit_test(an_empty_file_is_healed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
