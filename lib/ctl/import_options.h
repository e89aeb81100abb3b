/*
 * import_options: the command line of `ocspctl import`.
 */
#ifndef IMPORT_OPTIONS_H
#define IMPORT_OPTIONS_H

#include "import_source.h"

extern const char import_usage[];

/* The texts are argv's. */
struct import_options {
	const char *ca, *config, *path;
	enum import_kind kind;
	bool dry_run, force, help;
};

/* Fills *o, which starts as {0}. NULL, or what is wrong with the command line. With .help nothing else is checked. */
const char *import_options_read(struct import_options *o, int argc, char **argv);

#endif
