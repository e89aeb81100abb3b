/*
 * import_options: the command line of `ocspctl import`.
 */
#ifndef IMPORT_OPTIONS_H
#define IMPORT_OPTIONS_H

#include "ctl/redis/import_source.h"
#include "options.h"

/* The texts are argv's. */
struct import_options {
	const char *ca, *config, *path;
	enum import_kind kind;
	bool dry_run, force;
};

/* Fills *o, which starts as {0}. */
enum options_result import_options_read(struct import_options *o, int argc, char **argv);

#endif
