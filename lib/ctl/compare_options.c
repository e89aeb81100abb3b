#include "compare_options.h"

#include "commands.h"
#include "compare_sample.h"

#include <getopt.h>

#define SAMPLE_DEFAULT 1000
#define ABSENT_DEFAULT 100
#define TIMEOUT_MAX    3600000

/* clang-format off */
const char compare_usage[] =
	"Usage: ocspctl compare OLD_URL NEW_URL --from-redis [--ca NAME]  OPTIONS\n"
	"       ocspctl compare OLD_URL NEW_URL --ca NAME SERIAL ...       OPTIONS\n"
	"Asks two responders about the same certificates and names every verdict that differs.\n"
	"Nothing is changed anywhere; no private key is read. A URL may be a Unix socket's:\n"
	"http://unix:/run/thin.sock:/\n"
	"\n"
	"  --from-redis       a random sample of the serials that are in Redis, and some that\n"
	"                     are not; of every CA that has its status in Redis, or of --ca\n"
	"  --sample N         of each CA at most so many of those in Redis (1000)\n"
	"  --absent N         and so many random ones, which nobody has issued (100)\n"
	"  SERIAL             decimal or 0x hexadecimal\n"
	"  --ca NAME          the CA's name in the configuration\n"
	"  -c, --config FILE  the configuration (" COMMAND_CONFIG_DEFAULT ")\n"
	"  --get              ask by GET (default: POST)\n"
	"  --timeout MS       of one question (10000)\n"
	"  --help             this text\n"
	"\n"
	"Compared are the OCSPResponseStatus, the certStatus, revocationTime and\n"
	"revocationReason; that no reason and unspecified(0) say the same is known. May differ:\n"
	"the signer, ResponderID, certificates, producedAt, thisUpdate, nextUpdate, headers. What\n"
	"no client believes is no verdict: a false signature, an answer that is not valid now,\n"
	"an answer for another certificate. Requests have a SHA-1 CertID and no nonce. Where two\n"
	"verdicts differ, both are asked again before it counts: somebody may have revoked it.\n"
	"Proxies are taken from http_proxy and no_proxy.\n"
	"\n"
	"Exit status: 0 equal, 1 differences, 2 usage, 3 could not ask.\n";
/* clang-format on */

static const struct option long_options[] = {
	{"from-redis", no_argument, NULL, 'r'},
	{"sample", required_argument, NULL, 's'},
	{"absent", required_argument, NULL, 'n'},
	{"ca", required_argument, NULL, 'a'},
	{"config", required_argument, NULL, 'c'},
	{"get", no_argument, NULL, 'g'},
	{"timeout", required_argument, NULL, 't'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const char *read_option(struct compare_options *o, int option)
{
	switch (option) {
	case 'r':
		o->from_redis = true;
		return NULL;
	case 's':
		return bytes_decimal(bytes_of(optarg), COMPARE_SAMPLE_MAX, &o->sample)
			       ? NULL
			       : "--sample is a number from 0 to 1000000";
	case 'n':
		return bytes_decimal(bytes_of(optarg), COMPARE_SAMPLE_MAX, &o->absent)
			       ? NULL
			       : "--absent is a number from 0 to 1000000";
	case 'a':
		o->ca = optarg;
		return NULL;
	case 'c':
		o->config = optarg;
		return NULL;
	case 'g':
		o->method = OCSP_BY_GET;
		return NULL;
	case 't':
		return bytes_decimal(bytes_of(optarg), TIMEOUT_MAX, &o->timeout_ms) && o->timeout_ms > 0
			       ? NULL
			       : "--timeout is a number of milliseconds from 1 to 3600000";
	case 'h':
		o->help = true;
		return NULL;
	default:
		return "an option is unknown, or its argument is missing";
	}
}

static const char *check(const struct compare_options *o)
{
	if (!o->from_redis && o->serial_count == 0)
		return "--from-redis, or serials, say what to ask for";
	if (o->serial_count > 0 && !o->ca)
		return "--ca NAME says whose serials these are";
	return NULL;
}

const char *compare_options_read(struct compare_options *o, int argc, char **argv)
{
	const char *problem = NULL;
	int option = 0;
	o->sample = SAMPLE_DEFAULT;
	o->absent = ABSENT_DEFAULT;
	o->timeout_ms = HTTP_CLIENT_TIMEOUT_MS;
	optind = 0; /* a fresh start: getopt remembers */
	opterr = 0;
	while (!problem && (option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1)
		problem = read_option(o, option);
	if (problem || o->help)
		return problem;
	if (argc - optind < 2)
		return "two URLs are needed: the old responder's and the new one's";
	o->old_url = argv[optind];
	o->new_url = argv[optind + 1];
	o->serials = argv + optind + 2;
	o->serial_count = (size_t)(argc - optind - 2);
	return check(o);
}
