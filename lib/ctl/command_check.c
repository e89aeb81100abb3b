#include "commands.h"

#include <getopt.h>
#include <stdio.h>
#include <time.h>

#include "../bytes.h"
#include "../cgi.h"
#include "check.h"

#define DAYS_MAX  36500
#define HOURS_MAX (DAYS_MAX * 24)

struct options {
	const char *path;
	struct check_limits limits;
	bool help;
};

static void print_usage(FILE *to)
{
	fprintf(to,
		"usage: ocspctl check [--days N] [--hours N] [SNAPSHOT]\n"
		"Tests that a snapshot can answer, and says what expires (%s).\n"
		"  --days N    warn when a CA's last signer ends within N days (%d)\n"
		"  --hours N   warn when a table ends within N hours (default: within a quarter of its "
		"life)\n"
		"Exit status: 0 ok, 1 warning, 2 critical, 3 usage or cannot tell.\n",
		CGI_SNAPSHOT_DEFAULT, CHECK_SIGNER_DAYS);
}

static bool parse_number(const char *name, const char *text, uint64_t max, int64_t *out)
{
	uint64_t number = 0;

	if (!bytes_decimal(bytes_of(text), max, &number)) {
		fprintf(stderr, "ocspctl check: %s takes a number from 0 to %llu, not \"%s\"\n", name,
			(unsigned long long)max, text);
		return false;
	}
	*out = (int64_t)number;
	return true;
}

static bool parse_options(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{"days", required_argument, NULL, 'd'},
		{"hours", required_argument, NULL, 'H'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool good = true;
	int option = 0;

	*out = (struct options){CGI_SNAPSHOT_DEFAULT, {CHECK_SIGNER_DAYS, 0}, false};
	optind = 1;
	while (good && (option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		if (option == 'd')
			good = parse_number("--days", optarg, DAYS_MAX, &out->limits.signer_days);
		else if (option == 'H')
			good = parse_number("--hours", optarg, HOURS_MAX, &out->limits.table_hours);
		else if (option == 'h')
			out->help = true;
		else
			good = false;
	}
	if (optind < argc)
		out->path = argv[optind];
	return good && argc - optind <= 1;
}

int command_check(int argc, char **argv)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	struct options options = {0};
	struct check_report report = {0};
	enum check_level level = CHECK_UNKNOWN;

	if (!parse_options(argc, argv, &options)) {
		print_usage(stderr);
		return CHECK_UNKNOWN;
	}
	if (options.help) {
		print_usage(stdout);
		return CHECK_OK;
	}
	check(options.path, &options.limits, (int64_t)time(NULL), &report);
	printf("%s: %s\n%s", words[report.level], report.summary, report.details);
	level = report.level;
	check_free(&report);
	return (int)level;
}
