#include "doctor_options.h"

#include "bytes.h"
#include "ctl/client/http_client.h"

#include <getopt.h>

#define TIMEOUT_MAX 3600000

/* clang-format off */
const char doctor_usage[] =
	"Usage: ocspctl doctor URL --issuer ca.pem --cert ee.pem [--cert ...] [OPTIONS]\n"
	"Asks a deployed responder in every form in which clients ask, looks at what comes back,\n"
	"and says which directive of which server is at fault.\n"
	"\n"
	"  --issuer FILE   the CA's certificate, PEM or DER\n"
	"  --cert FILE     a certificate that it has issued; may be repeated\n"
	"  --timeout MS    of one question (10000)\n"
	"  --json          one JSON object\n"
	"  --help          this text\n"
	"\n"
	"Nothing is changed anywhere; some forty questions are asked. The URL is that of the\n"
	"certificates' Authority Information Access, so that every proxy on the way is tested;\n"
	"http_proxy and no_proxy are followed.\n"
	"\n"
	"Exit status: 0 all passes, 1 warnings, 2 failures, 3 usage or cannot tell.\n";
/* clang-format on */

static const struct option long_options[] = {
	{"issuer", required_argument, NULL, 'i'},
	{"cert", required_argument, NULL, 'c'},
	{"timeout", required_argument, NULL, 't'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const char *read_option(struct doctor_options *o, int option)
{
	switch (option) {
	case 'i':
		o->issuer = optarg;
		return NULL;
	case 'c':
		if (o->cert_count == DOCTOR_CERTS_MAX)
			return "at most 64 --cert can be looked at";
		o->certs[o->cert_count++] = optarg;
		return NULL;
	case 't':
		return bytes_decimal(bytes_of(optarg), TIMEOUT_MAX, &o->timeout_ms) && o->timeout_ms > 0
			       ? NULL
			       : "--timeout is a number of milliseconds from 1 to 3600000";
	case 'j':
		o->json = true;
		return NULL;
	case 'h':
		o->help = true;
		return NULL;
	default:
		return "an option is unknown, or its argument is missing";
	}
}

const char *doctor_options_read(struct doctor_options *o, int argc, char **argv)
{
	const char *problem = NULL;
	int option = 0;
	o->timeout_ms = HTTP_CLIENT_TIMEOUT_MS;
	optind = 0; /* a fresh start: getopt remembers */
	opterr = 0;
	while (!problem && (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
		problem = read_option(o, option);
	if (problem || o->help)
		return problem;
	if (argc - optind != 1)
		return "one URL is needed: the responder's";
	if (!o->issuer || o->cert_count == 0)
		return "--issuer and --cert say what to ask for";
	o->url = argv[optind];
	return NULL;
}
