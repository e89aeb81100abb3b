/* options: a subcommand's command line, and its help, out of one table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command/options.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct read {
	const char *ca, *config;
	struct option_list crls;
	uint64_t hours;
	bool force;
};

static const char *refuse_z(const struct option_row *row, const char *argument, void *field)
{
	*(const char **)field = argument;
	return argument[0] == 'z' ? "the reader's own words" : row->no_number;
}

static const struct option_row rows[] = {
	OPTION_REDIS_CA(struct read),
	OPTION_CONFIG(struct read),
	{.name = "crl",
		.argument = "FILE",
		.read = option_texts,
		.offset = offsetof(struct read, crls),
		.help = "one\ntwo",
		.repeated = true},
	{.name = "hours",
		.argument = "N",
		.read = option_number,
		.offset = offsetof(struct read, hours),
		.low = 1,
		.high = 9,
		.no_number = "--hours is a number from 1 to 9"},
	{.name = "force", .letter = 'f', .read = option_flag, .offset = offsetof(struct read, force)},
	{.name = "odd", .argument = "X", .read = refuse_z, .offset = offsetof(struct read, ca)},
};

static const char *check(const void *read, const struct option_words *words)
{
	const struct read *r = read;
	return r->ca && strcmp(r->ca, "bad") == 0 && words->count == 0 ? "that does not go together" : NULL;
}

static const struct options options = {
	.command = "try",
	.head = "HEAD\n",
	.tail = "TAIL\n",
	.rows = rows,
	.row_count = COUNT(rows),
	.words_max = 1,
	.check = check,
};

static char said[1024];
static struct read found;
static struct option_words words;

/* What `stream` gets meanwhile goes into `said`. */
static enum options_result run(FILE *stream, int argc, char **argv)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(stream);
	const int own = fileno(stream);
	const int kept = dup(own);
	assert_true(kept >= 0 && dup2(fileno(file), own) >= 0);
	const enum options_result result = options_read(&options, argc, argv, &found, &words);
	fflush(stream);
	dup2(kept, own);
	close(kept);
	const ssize_t len = pread(fileno(file), said, sizeof said - 1, 0);
	fclose(file);
	assert_true(len >= 0);
	said[len] = '\0';
	return result;
}

static enum options_result read_line(FILE *stream, const char *const *arguments)
{
	char *argv[16] = {(char *)(uintptr_t) "try"};
	int argc = 1;
	for (; arguments[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
	free(found.crls.items);
	found = (struct read){.hours = 7, .config = "default"};
	words = (struct option_words){NULL, 0};
	return run(stream, argc, argv);
}
#define READ(...) read_line(stderr, (const char *const[]){__VA_ARGS__, NULL})

static void every_kind_is_read(void **state)
{
	(void)state;
	assert_int_equal(READ("--ca", "A", "word", "--crl=x", "-f", "--crl", "y", "-cfile", "--hours", "9"),
		OPTIONS_READ);
	assert_string_equal(found.ca, "A");
	assert_string_equal(found.config, "file");
	assert_int_equal(found.crls.count, 2);
	assert_string_equal(found.crls.items[0], "x");
	assert_string_equal(found.crls.items[1], "y");
	assert_int_equal(found.hours, 9);
	assert_true(found.force);
	assert_int_equal(words.count, 1);
	assert_string_equal(words.items[0], "word");
	assert_string_equal(said, "");
}

static void nothing_leaves_the_defaults(void **state)
{
	(void)state;
	assert_int_equal(READ(NULL), OPTIONS_READ);
	assert_null(found.ca);
	assert_string_equal(found.config, "default");
	assert_int_equal(found.hours, 7);
	assert_int_equal(words.count, 0);
}

static void behind_two_dashes_all_are_words(void **state)
{
	(void)state;
	assert_int_equal(READ("--", "--force"), OPTIONS_READ);
	assert_string_equal(words.items[0], "--force");
	assert_false(found.force);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *name, *arguments[4], *words;
	} cases[] = {
		{"unknown_and_near", {"--confg", "x"},
			"--confg is an unknown option; did you mean --config?"},
		{"unknown", {"--zzzzzzzz"}, "--zzzzzzzz is an unknown option"},
		{"unknown_letter", {"-x"}, "-x is an unknown option"},
		{"unknown_letter_behind_a_long_one", {"--force", "-xy"}, "-x is an unknown option"},
		{"short_for_several", {"--c", "x"}, "unknown option"},
		{"no_argument", {"--ca"}, "--ca lacks its argument"},
		{"no_argument_of_a_letter", {"-c"}, "--config lacks its argument"},
		{"an_argument_for_a_flag", {"--force=1"}, "--force takes no argument"},
		{"twice", {"--ca", "a", "--ca=b"}, "--ca is there twice"},
		{"twice_by_letter", {"-ca", "--config", "b"}, "--config is there twice"},
		{"number_too_low", {"--hours", "0"}, "--hours is a number from 1 to 9"},
		{"number_too_high", {"--hours", "10"}, "--hours is a number from 1 to 9"},
		{"number_beyond_64_bits", {"--hours", "18446744073709551617"}, "--hours is a number"},
		{"number_with_a_sign", {"--hours", "+1"}, "--hours is a number"},
		{"number_with_a_space", {"--hours", " 1"}, "--hours is a number"},
		{"the_readers_words", {"--odd", "z"}, "the reader's own words"},
		{"too_many_words", {"a", "b"}, "an argument too many"},
		{"what_does_not_go_together", {"--ca", "bad"}, "that does not go together"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (read_line(stderr, cases[i].arguments) != OPTIONS_WRONG)
			fail_msg("%s: accepted", cases[i].name);
		if (!strstr(said, cases[i].words) || !strstr(said, "; see ocspctl try --help\n") ||
			strncmp(said, "ocspctl: error: try: ", 21) != 0)
			fail_msg("%s: said %s", cases[i].name, said);
	}
}

static void a_secret_behind_an_unknown_option_is_not_repeated(void **state)
{
	(void)state;
	assert_int_equal(READ("--password=hunter2"), OPTIONS_WRONG);
	assert_null(strstr(said, "hunter2"));
}

static void the_help_is_the_table(void **state)
{
	static const char *const asked[][4] = {{"--help"}, {"-h"}, {"--ca", "bad", "--help"}};
	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		assert_int_equal(read_line(stdout, asked[i]), OPTIONS_HELP);
		assert_string_equal(said,
			"HEAD\n"
			"  --ca NAME          the CA's name in the configuration; its status "
			"must be redis\n"
			"  -c, --config FILE  the configuration (" CONFIG_DEFAULT_PATH ")\n"
			"  --crl FILE         one\n"
			"                     two\n"
			"  --help             this text\n"
			"TAIL\n");
	}
}

static int tear_down(void **state)
{
	(void)state;
	free(found.crls.items);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read),
		cmocka_unit_test(nothing_leaves_the_defaults),
		cmocka_unit_test(behind_two_dashes_all_are_words),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_secret_behind_an_unknown_option_is_not_repeated),
		cmocka_unit_test(the_help_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
