/*
 * options: a subcommand's command line by a table of its options, from which its --help is printed too. Options may stand
 * before, between and behind the other words; `--` ends them. Each has a long name and may have a letter, --help (-h) is
 * everybody's. One that takes an argument stands there once, unless it is `repeated`.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commands.h"
#include "ctl/config/config.h"

#define OPTIONS_MAX 16 /* rows */

struct option_row {
	const char *name;     /* without the dashes */
	char letter;          /* 0: none */
	const char *argument; /* its name in the help; NULL: the option takes none */
	/* Takes it in: `field` is at `offset` of what is read into. NULL, or what is wrong with it (static). */
	const char *(*read)(const struct option_row *row, const char *argument, void *field);
	size_t offset;
	const char *help;      /* lines, a \n between them; NULL: not in the help */
	uint64_t low, high;    /* of a number */
	const char *no_number; /* what is wrong with another */
	bool repeated;
};

/* Readers of option_row. */
const char *option_flag(const struct option_row *row, const char *argument, void *field); /* bool: true */
const char *option_text(
	const struct option_row *row, const char *argument, void *field); /* const char *: argv's */
const char *option_number(const struct option_row *row, const char *argument, void *field); /* uint64_t */
const char *option_texts(
	const struct option_row *row, const char *argument, void *field); /* struct option_list */

/* The texts are argv's; the reader's caller frees `items`. */
struct option_list {
	const char **items;
	size_t count;
};

/* Those that are the same everywhere. */
#define OPTION_CA(type)                                                                                      \
	{                                                                                                    \
		.name = "ca", .argument = "NAME", .read = option_text, .offset = offsetof(type, ca),         \
		.help = "the CA's name in the configuration"                                                 \
	}
#define OPTION_REDIS_CA(type)                                                                                \
	{                                                                                                    \
		.name = "ca", .argument = "NAME", .read = option_text, .offset = offsetof(type, ca),         \
		.help = "the CA's name in the configuration; its status must be redis"                       \
	}
#define OPTION_CONFIG(type)                                                                                  \
	{                                                                                                    \
		.name = "config", .letter = 'c', .argument = "FILE", .read = option_text,                    \
		.offset = offsetof(type, config), .help = "the configuration (" CONFIG_DEFAULT_PATH ")"      \
	}

/* What is no option, in its order; argv's. */
struct option_words {
	char **items;
	size_t count;
};

struct options {
	const char *command;
	const char *head, *tail; /* of the help: what stands above the options, and beneath */
	const struct option_row *rows;
	size_t row_count, words_max;
	/* After all was read: NULL, or what does not go together (static). May be NULL. */
	const char *(*check)(const void *read, const struct option_words *words);
};

enum options_result {
	OPTIONS_READ,
	OPTIONS_HELP,  /* it was asked for, and printed */
	OPTIONS_WRONG, /* it was said what */
};

/* Reads into `into`, which holds the defaults, and `words`. With --help nothing behind it counts. */
enum options_result options_read(
	const struct options *o, int argc, char **argv, void *into, struct option_words *words);

#endif
