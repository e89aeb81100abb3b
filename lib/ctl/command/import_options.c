#include "import_options.h"

#define AT(field) offsetof(struct import_options, field)

/* `field` is the whole struct import_options. */
static const char *read_source(const struct option_row *row, const char *argument, void *field)
{
	struct import_options *o = field;
	if (o->path)
		return "one of --index, --crl and --tsv at a time";
	o->path = argument;
	o->kind = (enum import_kind)row->low;
	return NULL;
}

#define SOURCE(word, number, text)                                                                           \
	{                                                                                                    \
		.name = word, .argument = "FILE", .read = read_source, .help = text, .low = number,          \
		.repeated = true                                                                             \
	}

static const struct option_row rows[] = {
	OPTION_REDIS_CA(struct import_options),
	OPTION_CONFIG(struct import_options),
	SOURCE("index", IMPORT_INDEX, "one of these: an index.txt,"),
	SOURCE("crl", IMPORT_CRL, "a CRL,"),
	SOURCE("tsv", IMPORT_TSV, "a file of ocspctl export"),
	{.name = "dry-run",
		.read = option_flag,
		.offset = AT(dry_run),
		.help = "says what would be done, and writes nothing"},
	{.name = "force",
		.read = option_flag,
		.offset = AT(force),
		.help = "conflicts too become what the file says, which must not\n"
			"contradict itself"},
};

/* clang-format off */
static const char head[] =
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
	"\n";
static const char tail[] =
	"\n"
	"Exit status: 0 Redis has all of the file now, 1 not (it was said why), 2 usage.\n"
	"Redis needs to allow HMGET, HSETNX and HMSET, and SCAN for the count of what is not in the file.\n";
/* clang-format on */

static const char *check(const void *read, const struct option_words *words)
{
	const struct import_options *o = read;
	(void)words;
	if (!o->path)
		return "--index, --crl or --tsv is needed";
	return o->ca ? NULL : "--ca NAME is needed";
}

enum options_result import_options_read(struct import_options *o, int argc, char **argv)
{
	static const struct options options = {
		.command = "import",
		.head = head,
		.tail = tail,
		.rows = rows,
		.row_count = sizeof rows / sizeof *rows,
		.check = check,
	};
	struct option_words none;
	return options_read(&options, argc, argv, o, &none);
}
