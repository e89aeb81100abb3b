#include "table_options.h"

#include "ctl/memory.h"

#define VALID_HOURS_MAX 87600 /* ten years */

#define AT(field) offsetof(struct table_options, field)

/* clang-format off */
static const struct option_row rows[] = {
	OPTION_CA(struct table_options),
	OPTION_CONFIG(struct table_options),
	{.name = "index", .argument = "FILE", .read = option_text, .offset = AT(index)},
	{.name = "crl", .argument = "FILE", .read = option_texts, .offset = AT(crls), .repeated = true},
	{.name = "ca-cert", .argument = "FILE", .read = option_text, .offset = AT(ca_cert),
		.help = "instead of --ca and -c: the CA's certificate"},
	{.name = "output", .letter = 'o', .argument = "FILE", .read = option_text, .offset = AT(output),
		.help = "the table (default: what the configuration names for the CA)"},
	{.name = "valid-hours", .argument = "N", .read = option_number, .offset = AT(valid_hours),
		.low = 1, .high = VALID_HOURS_MAX, .no_number = "--valid-hours is a number from 1 to 87600",
		.help = "of an index: how long the table answers (default:\n"
			"ocsp_validity_hours, or 168); when the refresh no longer runs,\n"
			"it ends in tryLater, not in old answers"},
	{.name = "complete", .read = option_flag, .offset = AT(complete),
		.help = "all parts of a partitioned CRL are given: a serial in none of\n"
			"them is good. Known without it for a CRL of all certificates,\n"
			"and for onlyContainsUserCerts with onlyContainsCACerts. Else,\n"
			"where these or a distributionPoint restrict the CRL, a serial\n"
			"that is not listed is answered with unauthorized"},
	{.name = "force", .read = option_flag, .offset = AT(force),
		.help = "also replaces a newer table, one of another CA, one of another\n"
			"kind of source, any by an index that is empty, or one of 1,000\n"
			"entries or more by an index that has lost more than half of them"},
};

static const char head[] =
	"Usage: ocspctl table --index FILE | --crl FILE [--crl FILE ...]  OPTIONS\n"
	"Makes a status table of an OpenSSL index.txt or of a CA's CRL (PEM or DER).\n"
	"No key is read; the table holds no secret (mode 0644) and replaces the old one in one step.\n"
	"\n";
static const char tail[] =
	"\n"
	"Exit status: 0 written, 1 refused (the old table stays), 2 usage.\n";
/* clang-format on */

static const char *check(const void *read, const struct option_words *words)
{
	const struct table_options *o = read;
	(void)words;
	if (!o->index == (o->crls.count == 0))
		return "--index or --crl is needed, not both";
	if (!o->ca == !o->ca_cert)
		return "--ca or --ca-cert is needed, not both";
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

enum options_result table_options_read(struct table_options *o, int argc, char **argv)
{
	static const struct options options = {
		.command = "table",
		.head = head,
		.tail = tail,
		.rows = rows,
		.row_count = sizeof rows / sizeof *rows,
		.check = check,
	};
	struct option_words none;
	return options_read(&options, argc, argv, o, &none);
}
