#include "commands.h"

#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../cgi.h"
#include "compile.h"
#include "file.h"

enum { DONE = 0, REFUSED = 1, USAGE = 2 };

struct options {
	const char *config, *output, *group;
	bool help;
};

static void print_usage(FILE *to)
{
	fprintf(to,
		"usage: ocspctl compile [-c FILE] [-o FILE] [--group GROUP]\n"
		"Reads the configuration, its certificates and keys; checks them; writes the snapshot that "
		"ocsp-cgi answers from.\n"
		"  -c, --config FILE   the configuration (%s)\n"
		"  -o, --output FILE   the snapshot, replaced at once or not at all (%s)\n"
		"  -g, --group GROUP   who may read it besides its owner (default: the replaced file's "
		"group, else your own)\n"
		"Exit status: 0 done, 1 refused, 2 usage.\n",
		COMMAND_CONFIG_DEFAULT, CGI_SNAPSHOT_DEFAULT);
}

static bool parse_options(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"output", required_argument, NULL, 'o'},
		{"group", required_argument, NULL, 'g'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option = 0;

	*out = (struct options){COMMAND_CONFIG_DEFAULT, CGI_SNAPSHOT_DEFAULT, NULL, false};
	optind = 1;
	while ((option = getopt_long(argc, argv, "c:o:g:h", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			out->config = optarg;
			break;
		case 'o':
			out->output = optarg;
			break;
		case 'g':
			out->group = optarg;
			break;
		case 'h':
			out->help = true;
			break;
		default:
			return false;
		}
	}
	if (optind < argc)
		fprintf(stderr, "ocspctl compile: %s is one argument too many\n", argv[optind]);
	return optind >= argc;
}

static bool find_group(const char *name, gid_t *group, struct messages *m)
{
	const struct group *entry = NULL;

	*group = FILE_GROUP_KEEP;
	if (name == NULL)
		return true;
	entry = getgrnam(name);
	if (entry == NULL) {
		message_error(m, (struct place){NULL, 0, 0},
			"there is no group \"%s\"; create it (groupadd --system %s), or name another", name,
			name);
		return false;
	}
	*group = entry->gr_gid;
	return true;
}

/* Where a configuration says nothing, Redis is asked, and perhaps nobody meant it. */
static void print_redis(const struct config *config)
{
	for (size_t i = 0; i < config->ca_count; i++) {
		if (config->cas[i].status != SNAPSHOT_STATUS_REDIS)
			continue;
		printf("%s: status from Redis", config->cas[i].name.value);
		for (size_t a = 0; a < config->redis.address_count; a++)
			printf("%s %s", a > 0 ? "," : "", config->redis.addresses[a].value);
		putchar('\n');
	}
}

static bool run(const struct options *options, struct messages *m)
{
	struct config *config = NULL;
	struct compiled compiled = {0};
	gid_t group = FILE_GROUP_KEEP;
	bool done = false;

	if (!find_group(options->group, &group, m))
		return false;
	config = config_load(options->config, m);
	if (config == NULL)
		return false;
	done = compile(config, (int64_t)time(NULL), &compiled, m) &&
	       compile_install(&compiled, options->output, group, m);
	if (done)
		print_redis(config);
	if (done)
		printf("%zu CA%s, %zu signer%s, %zu octets: %s\n", compiled.ca_count,
			compiled.ca_count == 1 ? "" : "s", compiled.signer_count,
			compiled.signer_count == 1 ? "" : "s", compiled.size, options->output);
	compile_free(&compiled);
	config_free(config);
	return done;
}

int command_compile(int argc, char **argv)
{
	struct options options = {0};
	struct messages m = {0};

	if (!parse_options(argc, argv, &options)) {
		print_usage(stderr);
		return USAGE;
	}
	if (options.help) {
		print_usage(stdout);
		return DONE;
	}
	if (run(&options, &m))
		return DONE;
	fprintf(stderr, "ocspctl compile: refused (errors: %u, warnings: %u); %s %s\n", m.errors, m.warnings,
		options.output, access(options.output, F_OK) == 0 ? "is as it was" : "was not made");
	return REFUSED;
}
