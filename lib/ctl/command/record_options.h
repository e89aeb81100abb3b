/*
 * record_options: the command line of issue, revoke, unrevoke and status.
 */
#ifndef RECORD_OPTIONS_H
#define RECORD_OPTIONS_H

#include "record_command.h"

/* Fills *o, which starts as {0}; `now` is the default of --time. The caller frees o->certificates.items. */
enum options_result record_options_read(
	struct record_options *o, const struct record_command *command, int64_t now, int argc, char **argv);

#endif
