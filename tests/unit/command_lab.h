/*
 * command_lab: `ocspctl table` run inside the test program, what it printed, and the table that it wrote. For
 * test_command_table*.c; include cmocka first.
 */
#ifndef COMMAND_LAB_H
#define COMMAND_LAB_H

#include "ctl/command/commands.h"
#include "status_table.h"
#include "table_lab.h"

static char command_printed[4096]; /* standard output of the last run */

/* Runs it with arguments up to NULL; returns the exit status. Messages are in lab_said. */
static inline int command_run(const char *const *arguments)
{
	const char *argv[32] = {"table"};
	int argc = 1;
	while (arguments[argc - 1] != NULL) {
		argv[argc] = arguments[argc - 1];
		argc++;
	}
	fflush(stdout);
	int terminal = dup(STDOUT_FILENO);
	int out = open(lab_path("printed"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(terminal >= 0 && out >= 0);
	dup2(out, STDOUT_FILENO);
	int listening = lab_listen();
	int status = command_table(argc, (char **)(uintptr_t)argv);
	lab_heard(listening);
	fflush(stdout);
	ssize_t len = pread(out, command_printed, sizeof command_printed - 1, 0);
	dup2(terminal, STDOUT_FILENO);
	close(terminal);
	close(out);
	assert_true(len >= 0);
	command_printed[len] = '\0';
	return status;
}
#define RUN(...) command_run((const char *const[]){__VA_ARGS__, NULL})

static inline void assert_status(const char *name, int status, int expected)
{
	if (status != expected)
		fail_msg("%s: exit status %d, said: %s", name, status, lab_said);
}

static inline struct table open_table(const char *path)
{
	struct table t;
	struct snapshot_fault fault = {0};
	if (!table_open(&t, AT_FDCWD, path, &fault))
		fail_msg("%s: %s", path, fault.reason);
	return t;
}

static inline struct table_entry look_up(const struct table *t, struct slice serial)
{
	struct table_entry entry = {0};
	struct snapshot_fault fault = {0};
	assert_int_equal(table_find(t, serial, &entry, &fault), TABLE_FOUND);
	return entry;
}

static inline bool is_absent(const struct table *t, struct slice serial)
{
	struct table_entry entry;
	struct snapshot_fault fault;
	return table_find(t, serial, &entry, &fault) == TABLE_ABSENT;
}

#endif
