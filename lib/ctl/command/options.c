#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "ctl/memory.h"
#include "ctl/message.h"

#define FIRST_VALUE  256 /* getopt_long()'s for row 0: no letter's */
#define HELP_NAME    "help"
#define HELP_LETTER  'h'
#define COLUMN_MAX   64
#define UNKNOWN_SHOW 40 /* octets of a word that may be anything */

/* ---- readers ---- */

const char *option_flag(const struct option_row *row, const char *argument, void *field)
{
	(void)row;
	(void)argument;
	*(bool *)field = true;
	return NULL;
}

const char *option_text(const struct option_row *row, const char *argument, void *field)
{
	(void)row;
	*(const char **)field = argument;
	return NULL;
}

const char *option_number(const struct option_row *row, const char *argument, void *field)
{
	uint64_t number = 0;
	if (!bytes_decimal(bytes_of(argument), row->high, &number) || number < row->low)
		return row->no_number;
	*(uint64_t *)field = number;
	return NULL;
}

const char *option_texts(const struct option_row *row, const char *argument, void *field)
{
	struct option_list *list = field;
	(void)row;
	list->items = memory_resized(list->items, list->count + 1, sizeof *list->items);
	list->items[list->count++] = argument;
	return NULL;
}

/* ---- help ---- */

static void left_column(const struct option_row *row, char text[COLUMN_MAX])
{
	const char letter[] = {'-', row->letter, ',', ' ', '\0'};
	(void)snprintf(text, COLUMN_MAX, "%s--%s%s%s", row->letter ? letter : "", row->name,
		row->argument ? " " : "", row->argument ? row->argument : "");
}

static int column_width(const struct options *o)
{
	char text[COLUMN_MAX];
	size_t width = strlen("--" HELP_NAME);
	for (size_t i = 0; i < o->row_count; i++) {
		left_column(&o->rows[i], text);
		if (o->rows[i].help && strlen(text) > width)
			width = strlen(text);
	}
	return (int)width;
}

static void print_row(const char *left, const char *help, int width)
{
	size_t len = strcspn(help, "\n");
	printf("  %-*s  %.*s\n", width, left, (int)len, help);
	while (help[len] == '\n') {
		help += len + 1;
		len = strcspn(help, "\n");
		printf("  %-*s  %.*s\n", width, "", (int)len, help);
	}
}

static void print_help(const struct options *o)
{
	char left[COLUMN_MAX];
	const int width = column_width(o);
	fputs(o->head, stdout);
	for (size_t i = 0; i < o->row_count; i++) {
		if (!o->rows[i].help)
			continue;
		left_column(&o->rows[i], left);
		print_row(left, o->rows[i].help, width);
	}
	print_row("--" HELP_NAME, "this text", width);
	fputs(o->tail, stdout);
}

/* ---- reading ---- */

/* What getopt_long() wants. */
struct known {
	char letters[2 * OPTIONS_MAX + 3];
	struct option names[OPTIONS_MAX + 2];
};

static void tell_getopt(const struct options *o, struct known *known)
{
	char *letter = known->letters;
	*letter++ = ':'; /* a missing argument is told from an unknown option */
	for (size_t i = 0; i < o->row_count; i++) {
		const struct option_row *row = &o->rows[i];
		known->names[i] = (struct option){row->name, row->argument ? required_argument : no_argument,
			NULL, FIRST_VALUE + (int)i};
		if (row->letter)
			*letter++ = row->letter;
		if (row->letter && row->argument)
			*letter++ = ':';
	}
	known->names[o->row_count] = (struct option){HELP_NAME, no_argument, NULL, HELP_LETTER};
	*letter = HELP_LETTER;
}

static const struct option_row *row_of(const struct options *o, int value)
{
	for (size_t i = 0; i < o->row_count; i++)
		if (value == FIRST_VALUE + (int)i || (value < FIRST_VALUE && value == o->rows[i].letter))
			return &o->rows[i];
	return NULL;
}

static enum options_result wrong(const struct options *o, const char *problem)
{
	struct messages m = {0};
	message_error(
		&m, (struct place){0}, "%s: %s; see ocspctl %s --help", o->command, problem, o->command);
	return OPTIONS_WRONG;
}

/* getopt_long() says which letter; 0: `word` is a long option. What stands behind a "=" there may be a secret. */
static enum options_result unknown(const struct options *o, const char *word, int letter)
{
	const char *names[OPTIONS_MAX];
	char name[UNKNOWN_SHOW + 1] = "";
	char text[4 * UNKNOWN_SHOW];
	const char *nearest = NULL;
	for (size_t i = 0; i < o->row_count; i++)
		names[i] = o->rows[i].name;
	if (letter == 0 && strncmp(word, "--", 2) == 0)
		(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	if (letter != 0)
		(void)snprintf(text, sizeof text, "-%c is an unknown option", letter);
	else if ((nearest = message_nearest(name, names, o->row_count)) != NULL)
		(void)snprintf(
			text, sizeof text, "--%s is an unknown option; did you mean --%s?", name, nearest);
	else
		(void)snprintf(text, sizeof text, "--%s is an unknown option, or short for several", name);
	return wrong(o, text);
}

static enum options_result of_row(const struct options *o, const struct option_row *row, const char *what)
{
	char text[2 * COLUMN_MAX];
	(void)snprintf(text, sizeof text, "--%s %s", row->name, what);
	return wrong(o, text);
}

static enum options_result take(
	const struct options *o, const struct option_row *row, void *into, uint32_t *seen)
{
	const uint32_t bit = UINT32_C(1) << (row - o->rows);
	const char *problem = NULL;
	if ((*seen & bit) != 0 && row->argument && !row->repeated)
		return of_row(o, row, "is there twice");
	*seen |= bit;
	problem = row->read(row, optarg, (char *)into + row->offset);
	return problem ? wrong(o, problem) : OPTIONS_READ;
}

static enum options_result take_all(const struct options *o, int argc, char **argv, void *into)
{
	enum options_result result = OPTIONS_READ;
	struct known known = {.letters = ""};
	uint32_t seen = 0;
	int value = 0;
	tell_getopt(o, &known);
	optind = 0; /* a fresh start: getopt remembers */
	opterr = 0;
	while (result == OPTIONS_READ &&
		(value = getopt_long(argc, argv, known.letters, known.names, NULL)) != -1) {
		const struct option_row *row = row_of(o, value == ':' ? optopt : value);
		if (value == ':' && row)
			result = of_row(o, row, "lacks its argument");
		else if (value == '?' && row_of(o, optopt) && optopt >= FIRST_VALUE)
			result = of_row(o, row_of(o, optopt), "takes no argument");
		else if (row)
			result = take(o, row, into, &seen);
		else if (value == HELP_LETTER)
			return OPTIONS_HELP;
		else
			result = unknown(o, argv[optind - 1], optopt);
	}
	return result;
}

enum options_result options_read(
	const struct options *o, int argc, char **argv, void *into, struct option_words *words)
{
	const char *problem = NULL;
	enum options_result result = take_all(o, argc, argv, into);
	if (result == OPTIONS_HELP)
		print_help(o);
	if (result != OPTIONS_READ)
		return result;
	*words = (struct option_words){argv + optind, (size_t)(argc - optind)};
	if (words->count > o->words_max)
		return wrong(o, o->words_max == 0 ? "an argument without an option" : "an argument too many");
	problem = o->check ? o->check(into, words) : NULL;
	return problem ? wrong(o, problem) : OPTIONS_READ;
}
