#include "record_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "record_options.h"
#include "serial_list.h"

/* False: nothing was asked for. */
static bool run_all(const struct record_command *command, struct redis_ca *ca, const struct record_options *o,
	struct messages *m)
{
	struct serial serial;
	struct serial_list list = {
		.certificates = o->certificates.items,
		.certificate_count = o->certificates.count,
		.words = o->words.items,
		.word_count = o->words.count,
		.ca = ca->certificate,
	};
	enum record_outcome outcome = RECORD_DONE;
	enum serial_step step = SERIAL_ENTRY;
	bool found = false;
	while (step != SERIAL_END && outcome != RECORD_LOST) {
		step = serial_list_next(&list, &serial, m);
		if (step == SERIAL_ENTRY)
			outcome = command->run(ca, &serial, o, m);
		found = found || step != SERIAL_END;
	}
	if (outcome == RECORD_LOST && (list.reads_input || serial_list_next(&list, &serial, m) != SERIAL_END))
		message_error(m, (struct place){0}, "the serials behind it were not tried");
	serial_list_free(&list);
	if (!found)
		message_error(m, (struct place){0},
			"%s: standard input has no serials; write one in each line", command->name);
	return found;
}

static bool run(const struct record_command *command, const struct record_options *o, struct messages *m)
{
	struct redis_ca ca = {0};
	bool asked = true;
	if (redis_ca_find(&ca, o->config, o->ca, m) && redis_ca_connect(&ca, command->writes, m))
		asked = run_all(command, &ca, o, m);
	redis_ca_close(&ca);
	return asked;
}

int record_command(const struct record_command *command, int argc, char **argv)
{
	struct messages m = {0};
	struct record_options o = {0};
	bool asked = true;
	const enum options_result result = record_options_read(&o, command, (int64_t)time(NULL), argc, argv);
	if (result == OPTIONS_READ)
		asked = run(command, &o, &m);
	free(o.certificates.items);
	return result == OPTIONS_WRONG || !asked ? 2 : m.errors > 0 ? 1 : 0;
}
