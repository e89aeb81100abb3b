/*
 * table_options: the command line of `ocspctl table`.
 */
#ifndef TABLE_OPTIONS_H
#define TABLE_OPTIONS_H

#include "options.h"

/* The texts are argv's. */
struct table_options {
	const char *index, *ca, *ca_cert, *config, *output;
	struct option_list crls; /* the caller frees its items */
	uint64_t valid_hours;    /* 0: not given */
	bool complete, force;
};

/* Fills *o, which starts as {0}. */
enum options_result table_options_read(struct table_options *o, int argc, char **argv);

#endif
