#include "record_options.h"

#include <getopt.h>
#include <stdio.h>

#include "../calendar.h"
#include "commands.h"
#include "iso_time.h"
#include "memory.h"
#include "reason.h"

/* clang-format off */
static const char usage[] =
	"SERIAL is decimal (4097) or hexadecimal with 0x (0x1001); both are printed. `-` reads\n"
	"them from standard input, a line each, as does a command line without any.\n"
	"\n"
	"  --ca NAME          the CA's name in the configuration; its status must be redis\n"
	"  -c, --config FILE  the configuration (" COMMAND_CONFIG_DEFAULT ")\n"
	"  --cert FILE        the serial of this certificate (PEM or DER); may be repeated\n";
static const char usage_revoke[] =
	"  --time TIME        when it was revoked (default: now): Unix seconds, or\n"
	"                     2026-01-31T23:59:59Z\n"
	"  --reason REASON    a name or number of RFC 5280: unspecified (0, the default),\n"
	"                     keyCompromise (1), cACompromise (2), affiliationChanged (3),\n"
	"                     superseded (4), cessationOfOperation (5), certificateHold (6),\n"
	"                     privilegeWithdrawn (9), aACompromise (10)\n";
/* clang-format on */

static const struct option long_options[] = {
	{"ca", required_argument, NULL, 'a'},
	{"config", required_argument, NULL, 'c'},
	{"cert", required_argument, NULL, 'C'},
	{"time", required_argument, NULL, 't'},
	{"reason", required_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

void record_options_help(const struct record_command *command)
{
	printf("Usage: ocspctl %s --ca NAME [-c FILE] %s[SERIAL ...] [--cert FILE ...]\n%s\n\n%s%s"
	       "  --help             this text\n\n%s",
		command->name, command->revokes ? "[--time TIME] [--reason REASON] " : "", command->what,
		usage, command->revokes ? usage_revoke : "", command->more);
}

static const char *set_once(const char **option)
{
	if (*option)
		return "an option is there twice";
	*option = optarg;
	return NULL;
}

static const char *read_time(struct record_options *o)
{
	const int64_t now = o->time;
	o->has_time = true;
	if (!iso_time_read(bytes_of(optarg), &o->time))
		return "--time is neither Unix seconds nor YYYY-MM-DDTHH:MM:SSZ";
	return o->time > now ? "--time lies in the future; nothing is revoked before it is" : NULL;
}

static const char *read_reason(struct record_options *o)
{
	o->has_reason = true;
	if (!reason_read(bytes_of(optarg), &o->reason))
		return "--reason is no name or number of RFC 5280 5.3.1";
	if (o->reason == CRL_REASON_REMOVE_FROM_CRL)
		return "--reason removeFromCRL (8) is no reason to revoke; see ocspctl unrevoke";
	return reason_is_of_revoked(o->reason) ? NULL : "--reason 7 is not used (RFC 5280 5.3.1)";
}

static const char *add_certificate(struct record_options *o)
{
	o->certificates = memory_resized(o->certificates, o->certificate_count + 1, sizeof *o->certificates);
	o->certificates[o->certificate_count++] = optarg;
	return NULL;
}

static const char *read_option(struct record_options *o, bool revokes, int option)
{
	switch (option) {
	case 'a':
		return set_once(&o->ca);
	case 'c':
		return set_once(&o->config);
	case 'C':
		return add_certificate(o);
	case 't':
		return revokes && !o->has_time ? read_time(o) : "--time goes with revoke, and once";
	case 'r':
		return revokes && !o->has_reason ? read_reason(o) : "--reason goes with revoke, and once";
	case 'h':
		o->help = true;
		return NULL;
	default:
		return "an option is unknown, or its argument is missing";
	}
}

const char *record_options_read(
	struct record_options *o, const struct record_command *command, int64_t now, int argc, char **argv)
{
	const char *problem = NULL;
	int option = 0;
	o->time = now;
	optind = 0; /* a fresh start: getopt remembers */
	opterr = 0;
	while (!problem && (option = getopt_long(argc, argv, "c:", long_options, NULL)) != -1)
		problem = read_option(o, command->revokes, option);
	if (problem || o->help)
		return problem;
	o->words = argv + optind;
	o->word_count = (size_t)(argc - optind);
	return o->ca ? NULL : "--ca NAME is needed";
}
