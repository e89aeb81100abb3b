/*
 * table_options: the command line of `ocspctl table`.
 */
#ifndef TABLE_OPTIONS_H
#define TABLE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char table_usage[];

/* The texts are argv's. */
struct table_options {
	const char *index, *ca, *ca_cert, *config, *output;
	const char **crls; /* the caller frees the array */
	size_t crl_count;
	uint64_t valid_hours; /* 0: not given */
	bool complete, force, help;
};

/* Fills *o, which starts as {0}. NULL, or what is wrong with the command line. With .help nothing else is checked. */
const char *table_options_read(struct table_options *o, int argc, char **argv);

#endif
