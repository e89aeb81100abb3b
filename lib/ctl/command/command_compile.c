#include "commands.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgi.h"
#include "ctl/compile/compile.h"
#include "ctl/config/config_files.h"
#include "ctl/file.h"
#include "ctl/file_kind.h"
#include "ctl/memory.h"
#include "options.h"

enum { DONE = 0, REFUSED = 1, USAGE = 2 };

struct compile_options {
	const char *config, *output, *group;
};

#define AT(field) offsetof(struct compile_options, field)

static const struct option_row rows[] = {
	OPTION_CONFIG(struct compile_options),
	{.name = "output",
		.letter = 'o',
		.argument = "FILE",
		.read = option_text,
		.offset = AT(output),
		.help = "the snapshot, replaced at once or not at all\n(" CGI_SNAPSHOT_DEFAULT ")"},
	{.name = "group",
		.letter = 'g',
		.argument = "GROUP",
		.read = option_text,
		.offset = AT(group),
		.help = "who may read it besides its owner, by name or number (default:\n"
			"the replaced file's group, else its folder's where that is set-group-ID,\n"
			"else your own)"},
};

static const struct options command_line = {
	.command = "compile",
	.head = "Usage: ocspctl compile [-c FILE] [-o FILE] [--group GROUP]\n"
		"Reads the configuration, its certificates and keys; checks them; writes the snapshot\n"
		"that ocsp-cgi answers from.\n\n",
	.tail = "\nExit status: 0 done, 1 refused, 2 usage.\n",
	.rows = rows,
	.row_count = sizeof rows / sizeof *rows,
};

/* By its name or, where none has that name, by its number. */
static bool find_group(const char *name, gid_t *group, struct messages *m)
{
	const struct group *entry = name != NULL ? getgrnam(name) : NULL;
	uint64_t number = 0;

	*group = FILE_GROUP_KEEP;
	if (name == NULL)
		return true;
	if (entry != NULL) {
		*group = entry->gr_gid;
		return true;
	}
	if (bytes_decimal(bytes_of(name), FILE_GROUP_KEEP - 1, &number)) {
		*group = (gid_t)number;
		return true;
	}
	message_error(m, (struct place){NULL, 0, 0},
		"there is no group \"%s\"; create it (groupadd --system %s), or give another by name or "
		"number",
		name, name);
	return false;
}

/* In new memory; empty: the default. */
static char *addresses(const struct config *config)
{
	char *all = memory_text("");
	for (size_t i = 0; i < config->redis.address_count; i++) {
		char *longer =
			memory_printf("%s%s%s", all, i > 0 ? ", " : "", config->redis.addresses[i].value);
		free(all);
		all = longer;
	}
	return all;
}

/* Where a configuration says nothing, Redis is asked, and perhaps nobody meant it. */
static void print_redis(const struct config *config)
{
	char *where = addresses(config);
	for (size_t i = 0; i < config->ca_count; i++) {
		if (config->cas[i].status != SNAPSHOT_STATUS_REDIS)
			continue;
		message_result(
			"%s: status from Redis%s%s", config->cas[i].name.value, where[0] ? " " : "", where);
	}
	free(where);
}

static bool run(const struct compile_options *options, struct messages *m)
{
	struct config *config = NULL;
	struct compiled compiled = {0};
	gid_t group = FILE_GROUP_KEEP;
	bool replaceable = false, done = false;

	if (!find_group(options->group, &group, m))
		return false;
	config = config_load(options->config, m);
	if (config == NULL)
		return false;
	replaceable = config_files_spare(config, options->output, m) &&
		      file_kind_replaceable(options->output, FILE_KIND_SNAPSHOT, m);
	done = compile(config, (int64_t)time(NULL), &compiled, m) && replaceable &&
	       compile_install(&compiled, options->output, group, m);
	if (done)
		print_redis(config);
	if (done)
		message_result("%zu CA%s, %zu signer%s, %zu octets: %s", compiled.ca_count,
			compiled.ca_count == 1 ? "" : "s", compiled.signer_count,
			compiled.signer_count == 1 ? "" : "s", compiled.size, options->output);
	compile_free(&compiled);
	config_free(config);
	return done;
}

int command_compile(int argc, char **argv)
{
	struct compile_options options = {CONFIG_DEFAULT_PATH, CGI_SNAPSHOT_DEFAULT, NULL};
	struct option_words none;
	struct messages m = {0};
	const enum options_result result = options_read(&command_line, argc, argv, &options, &none);

	if (result != OPTIONS_READ)
		return result == OPTIONS_HELP ? DONE : USAGE;
	if (run(&options, &m))
		return DONE;
	fprintf(stderr, "ocspctl compile: refused (errors: %u, warnings: %u); %s %s\n", m.errors, m.warnings,
		options.output, access(options.output, F_OK) == 0 ? "is as it was" : "was not made");
	return REFUSED;
}
