/*
 * record_options: the command line of issue, revoke, unrevoke and status.
 */
#ifndef RECORD_OPTIONS_H
#define RECORD_OPTIONS_H

#include "record_command.h"

/* Fills *o, which starts as {0}; `now` is the default of --time. NULL, or what is wrong with the command line. With .help
 * nothing else is checked. The caller frees o->certificates. */
const char *record_options_read(
	struct record_options *o, const struct record_command *command, int64_t now, int argc, char **argv);

void record_options_help(const struct record_command *command);

#endif
