#include "table_options.h"

#include "../bytes.h"
#include "commands.h"
#include "memory.h"

#include <getopt.h>

#define VALID_HOURS_MAX 87600 /* ten years */

/* clang-format off */
const char table_usage[] =
	"Usage: ocspctl table --index FILE | --crl FILE [--crl FILE ...]  OPTIONS\n"
	"Makes a status table of an OpenSSL index.txt or of a CA's CRL (PEM or DER).\n"
	"No key is read; the table holds no secret (mode 0644) and replaces the old one in one step.\n"
	"\n"
	"  --ca NAME          the CA's name in the configuration\n"
	"  -c, --config FILE  the configuration (" COMMAND_CONFIG_DEFAULT ")\n"
	"  --ca-cert FILE     instead of --ca and -c: the CA's certificate\n"
	"  -o, --output FILE  the table (default: what the configuration names for the CA)\n"
	"  --valid-hours N    of an index: how long the table answers (default:\n"
	"                     ocsp_validity_hours, or 168); when the refresh no longer runs,\n"
	"                     it ends in tryLater, not in old answers\n"
	"  --complete         all parts of a partitioned CRL are given: a serial in none of\n"
	"                     them is good. Known without it for a CRL of all certificates,\n"
	"                     and for onlyContainsUserCerts with onlyContainsCACerts. Else,\n"
	"                     where these or a distributionPoint restrict the CRL, a serial\n"
	"                     that is not listed is answered with unauthorized\n"
	"  --force            also replaces a newer table, one of another CA, or one of\n"
	"                     another kind of source\n"
	"  --help             this text\n"
	"\n"
	"Exit status: 0 written, 1 refused (the old table stays), 2 usage.\n";
/* clang-format on */

static const struct option long_options[] = {
	{"index", required_argument, NULL, 'i'},
	{"crl", required_argument, NULL, 'l'},
	{"ca", required_argument, NULL, 'a'},
	{"config", required_argument, NULL, 'c'},
	{"ca-cert", required_argument, NULL, 'C'},
	{"output", required_argument, NULL, 'o'},
	{"valid-hours", required_argument, NULL, 'v'},
	{"complete", no_argument, NULL, 'p'},
	{"force", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool set_once(const char **option, const char *value)
{
	bool first = *option == NULL;
	*option = value;
	return first;
}

static void add_crl(struct table_options *o, const char *path)
{
	o->crls = memory_resized(o->crls, o->crl_count + 1, sizeof *o->crls);
	o->crls[o->crl_count++] = path;
}

/* NULL, or what is wrong with it. */
static const char *read_option(struct table_options *o, int option)
{
	static const char twice[] = "an option is there twice";
	switch (option) {
	case 'i':
		return set_once(&o->index, optarg) ? NULL : twice;
	case 'a':
		return set_once(&o->ca, optarg) ? NULL : twice;
	case 'c':
		return set_once(&o->config, optarg) ? NULL : twice;
	case 'C':
		return set_once(&o->ca_cert, optarg) ? NULL : twice;
	case 'o':
		return set_once(&o->output, optarg) ? NULL : twice;
	case 'l':
		add_crl(o, optarg);
		return NULL;
	case 'v':
		return bytes_decimal(bytes_of(optarg), VALID_HOURS_MAX, &o->valid_hours) && o->valid_hours > 0
			       ? NULL
			       : "--valid-hours is a number from 1 to 87600";
	case 'p':
		o->complete = true;
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

static const char *check(const struct table_options *o, int left_over)
{
	if (left_over > 0)
		return "an argument without an option";
	if (!o->index == (o->crl_count == 0))
		return "either --index or --crl is needed";
	if (!o->ca == !o->ca_cert)
		return "either --ca or --ca-cert is needed";
	if (o->ca_cert && o->config)
		return "-c goes with --ca, not with --ca-cert";
	if (o->ca_cert && !o->output)
		return "--ca-cert needs -o";
	if (o->valid_hours > 0 && !o->index)
		return "--valid-hours goes with --index: a CRL has its own nextUpdate";
	if (o->complete && o->index)
		return "--complete goes with --crl";
	return NULL;
}

const char *table_options_read(struct table_options *o, int argc, char **argv)
{
	const char *problem = NULL;
	int option = 0;
	optind = 0; /* a fresh start: getopt remembers */
	opterr = 0;
	while (!problem && (option = getopt_long(argc, argv, "c:o:", long_options, NULL)) != -1)
		problem = read_option(o, option);
	if (problem || o->help)
		return problem;
	return check(o, argc - optind);
}
