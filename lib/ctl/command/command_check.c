/* ocspctl check: whether a snapshot can answer, and until when; the output and exit status of a monitoring plugin. */
#include "commands.h"

#include <stdio.h>
#include <time.h>

#include "cgi.h"
#include "ctl/compile/check.h"
#include "options.h"

#define DAYS_MAX  36500
#define HOURS_MAX 876000 /* DAYS_MAX, in hours */

#define TEXT(number)  TEXT_(number)
#define TEXT_(number) #number

struct check_options {
	uint64_t days, hours;
};

static const struct option_row rows[] = {
	{.name = "days",
		.argument = "N",
		.read = option_number,
		.offset = offsetof(struct check_options, days),
		.high = DAYS_MAX,
		.no_number = "--days is a number from 0 to " TEXT(DAYS_MAX),
		.help = "warn when a CA's last signer, or a certificate for Redis, ends\n"
			"within N days (" TEXT(CHECK_SIGNER_DAYS) ")"},
	{.name = "hours",
		.argument = "N",
		.read = option_number,
		.offset = offsetof(struct check_options, hours),
		.high = HOURS_MAX,
		.no_number = "--hours is a number from 0 to " TEXT(HOURS_MAX),
		.help = "warn when a table ends within N hours (default: within a quarter\n"
			"of its life)"},
};

static const struct options command_line = {
	.command = "check",
	.head = "Usage: ocspctl check [--days N] [--hours N] [SNAPSHOT]\n"
		"Tests that a snapshot can answer, and says what expires\n"
		"(" CGI_SNAPSHOT_DEFAULT ").\n\n",
	.tail = "\nExit status: 0 ok, 1 warning, 2 critical, 3 usage or cannot tell.\n",
	.rows = rows,
	.row_count = sizeof rows / sizeof *rows,
	.words_max = 1,
};

int command_check(int argc, char **argv)
{
	static const char *const levels[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	struct check_options options = {CHECK_SIGNER_DAYS, 0};
	struct option_words words = {NULL, 0};
	struct check_report report = {0};
	enum check_level level = CHECK_UNKNOWN;
	const enum options_result result = options_read(&command_line, argc, argv, &options, &words);

	if (result != OPTIONS_READ)
		return result == OPTIONS_HELP ? CHECK_OK : CHECK_UNKNOWN;
	check(words.count > 0 ? words.items[0] : CGI_SNAPSHOT_DEFAULT,
		&(struct check_limits){(int64_t)options.days, (int64_t)options.hours}, (int64_t)time(NULL),
		&report);
	printf("%s: %s\n%s", levels[report.level], report.summary, report.details);
	level = report.level;
	check_free(&report);
	return (int)level;
}
