/*
 * record_command: what issue, revoke, unrevoke and status have in common: the command line, the CA and its Redis, and one
 * serial after the other, of which one that fails does not stop the others.
 */
#ifndef RECORD_COMMAND_H
#define RECORD_COMMAND_H

#include "options.h"
#include "ctl/redis/redis_ca.h"

/* The command line. The texts are argv's. */
struct record_options {
	const char *ca, *config;
	struct option_list certificates;
	struct option_words words;
	bool has_time, has_reason; /* --time, --reason */
	int64_t time;              /* --time, or now */
	int reason;                /* --reason, or unspecified */
};

enum record_outcome {
	RECORD_DONE,
	RECORD_FAILED, /* this serial's; it was said why */
	RECORD_LOST,   /* no further one can be tried; it was said why */
};

struct record_command {
	const char *name, *what, *more; /* of the help: a line, and what follows the options */
	bool writes, revokes;           /* revokes: takes --time and --reason */
	enum record_outcome (*run)(struct redis_ca *ca, const struct serial *serial,
		const struct record_options *o, struct messages *m);
};

/* The exit status: 0 all were done, 1 some were not, 2 usage. */
int record_command(const struct record_command *command, int argc, char **argv);

#endif
