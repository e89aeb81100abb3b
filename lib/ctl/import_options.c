#include "import_options.h"

#include <getopt.h>

#include "commands.h"

/* clang-format off */
const char import_usage[] =
	"Usage: ocspctl import --ca NAME [-c FILE] --index FILE | --crl FILE | --tsv FILE\n"
	"Brings a CA's statuses into Redis: from an OpenSSL index.txt (V and E are good, R revoked),\n"
	"from the CA's CRL (PEM or DER, its signature is verified; it knows only the revoked), or from\n"
	"what ocspctl export wrote. The file is checked to its end before anything is written.\n"
	"\n"
	"What is revoked in the file becomes revoked in Redis. What is good in the file and not in Redis\n"
	"is added. What is good in the file and revoked in Redis is a conflict: it is reported and stays\n"
	"revoked. What is in Redis and not in the file stays as it is.\n"
	"\n"
	"Each record is written in one step. When it was interrupted, give the same command again: what\n"
	"is equal already is skipped, quickly, and the rest is done.\n"
	"\n"
	"  --ca NAME          the CA's name in the configuration; its status must be redis\n"
	"  -c, --config FILE  the configuration (" COMMAND_CONFIG_DEFAULT ")\n"
	"  --index FILE       one of these: an index.txt,\n"
	"  --crl FILE         a CRL,\n"
	"  --tsv FILE         a file of ocspctl export\n"
	"  --dry-run          says what would be done, and writes nothing\n"
	"  --force            conflicts too become what the file says\n"
	"  --help             this text\n"
	"\n"
	"Exit status: 0 Redis has all of the file now, 1 not (it was said why), 2 usage.\n"
	"Redis needs to allow HMGET, HSETNX and HMSET, and SCAN for the count of what is not in the file.\n";
/* clang-format on */

static const struct option long_options[] = {
	{"ca", required_argument, NULL, 'a'},
	{"config", required_argument, NULL, 'c'},
	{"index", required_argument, NULL, 'i'},
	{"crl", required_argument, NULL, 'l'},
	{"tsv", required_argument, NULL, 't'},
	{"dry-run", no_argument, NULL, 'n'},
	{"force", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const char *set_once(const char **option)
{
	if (*option)
		return "an option is there twice";
	*option = optarg;
	return NULL;
}

static const char *set_source(struct import_options *o, enum import_kind kind)
{
	if (o->path)
		return "one of --index, --crl and --tsv at a time";
	o->kind = kind;
	o->path = optarg;
	return NULL;
}

static const char *read_option(struct import_options *o, int option)
{
	switch (option) {
	case 'a':
		return set_once(&o->ca);
	case 'c':
		return set_once(&o->config);
	case 'i':
		return set_source(o, IMPORT_INDEX);
	case 'l':
		return set_source(o, IMPORT_CRL);
	case 't':
		return set_source(o, IMPORT_TSV);
	case 'n':
		o->dry_run = true;
		return NULL;
	case 'f':
		o->force = true;
		return NULL;
	case 'h':
		o->help = true;
		return NULL;
	default:
		return "an option is unknown, or its argument is missing";
	}
}

const char *import_options_read(struct import_options *o, int argc, char **argv)
{
	const char *problem = NULL;
	int option = 0;
	optind = 0; /* a fresh start: getopt remembers */
	opterr = 0;
	while (!problem && (option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1)
		problem = read_option(o, option);
	if (problem || o->help)
		return problem;
	if (optind < argc)
		return "an argument without an option";
	if (!o->path)
		return "--index, --crl or --tsv is needed";
	return o->ca ? NULL : "--ca NAME is needed";
}
