/* ocspctl export: all that Redis holds of a CA, as TSV that `ocspctl import --tsv` reads back. */
#include "commands.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export_rows.h"
#include "file.h"

#define CHUNK 65536

/* clang-format off */
static const char usage[] =
	"Usage: ocspctl export --ca NAME [-c FILE] [-o FILE]\n"
	"Writes what Redis holds of a CA as TSV: a header line, then a line for each serial, sorted by\n"
	"it: serial (0x hexadecimal), serial (decimal), status, revocation time, revocation reason.\n"
	"ocspctl import --tsv reads it back.\n"
	"\n"
	"  --ca NAME          the CA's name in the configuration; its status must be redis\n"
	"  -c, --config FILE  the configuration (" COMMAND_CONFIG_DEFAULT ")\n"
	"  -o, --output FILE  instead of standard output; replaced in one step\n"
	"  --help             this text\n"
	"\n"
	"Records that change while it runs are in it as they were or as they are. Records that ocsp-cgi\n"
	"could not read are left out, and reported on standard error.\n"
	"Exit status: 0 all were written, 1 not all, or none, 2 usage.\n"
	"Redis needs to allow SCAN and HMGET.\n";
/* clang-format on */

struct export_options {
	const char *ca, *config, *output;
	bool help;
};

static const char *set_once(const char **option)
{
	if (*option)
		return "an option is there twice";
	*option = optarg;
	return NULL;
}

static const char *read_option(struct export_options *o, int option)
{
	switch (option) {
	case 'a':
		return set_once(&o->ca);
	case 'c':
		return set_once(&o->config);
	case 'o':
		return set_once(&o->output);
	case 'h':
		o->help = true;
		return NULL;
	default:
		return "an option is unknown, or its argument is missing";
	}
}

static const char *read_options(struct export_options *o, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"ca", required_argument, NULL, 'a'},
		{"config", required_argument, NULL, 'c'},
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *problem = NULL;
	int option = 0;
	optind = 0; /* a fresh start: getopt remembers */
	opterr = 0;
	while (!problem && (option = getopt_long(argc, argv, "c:o:", long_options, NULL)) != -1)
		problem = read_option(o, option);
	if (problem || o->help)
		return problem;
	if (optind < argc)
		return "an argument without an option";
	return o->ca ? NULL : "--ca NAME is needed";
}

/* ---- writing ---- */

/* `file` NULL: standard output. */
static bool put(struct file_output *file, struct buffer *chunk, struct messages *m)
{
	const struct slice octets = bytes_written(chunk);
	chunk->len = 0;
	if (file)
		return file_write(file, octets.data, octets.len, m);
	if (fwrite(octets.data, 1, octets.len, stdout) == octets.len && fflush(stdout) == 0)
		return true;
	message_error(m, (struct place){0}, "standard output: %s", strerror(errno));
	return false;
}

static bool write_rows(const struct export_rows *rows, struct file_output *file, struct messages *m)
{
	static uint8_t octets[CHUNK];
	struct buffer chunk = bytes_buffer(octets, sizeof octets);
	struct status_row row;
	bytes_append_text(&chunk, STATUS_TSV_HEADER "\n");
	for (size_t i = 0; i < rows->count; i++) {
		export_rows_get(rows, i, &row);
		status_tsv_append(&chunk, &row);
		if (chunk.size - chunk.len < STATUS_TSV_LINE_MAX && !put(file, &chunk, m))
			return false;
	}
	return put(file, &chunk, m);
}

static bool write_file(const struct export_rows *rows, const char *path, struct messages *m)
{
	struct file_output file = {NULL, NULL, -1};
	if (!file_create(&file, path, m))
		return false;
	if (!write_rows(rows, &file, m)) {
		file_abandon(&file);
		return false;
	}
	return file_commit(&file, 0644, FILE_GROUP_KEEP, m);
}

static void export(const struct export_options *o, struct messages *m)
{
	struct redis_ca ca = {0};
	struct export_rows rows = {0};
	if (!redis_ca_find(&ca, o->config, o->ca, m) || !redis_ca_connect(&ca, false, m) ||
		!export_rows_read(&rows, &ca, m))
		goto out;
	if (rows.unreadable > 0)
		message_error(m, ca.ca->name.at,
			"%" PRIu64 " of the records of %s could not be read and are left out",
			rows.unreadable, o->ca);
	if (!o->output)
		(void)write_rows(&rows, NULL, m);
	else if (write_file(&rows, o->output, m))
		printf("%s: %zu serials of %s\n", o->output, rows.count, o->ca);
out:
	export_rows_free(&rows);
	redis_ca_close(&ca);
}

int command_export(int argc, char **argv)
{
	struct messages m = {0};
	struct export_options o = {0};
	const char *problem = read_options(&o, argc, argv);
	if (problem) {
		message_error(&m, (struct place){0}, "export: %s; see ocspctl export --help", problem);
		return 2;
	}
	if (o.help)
		fputs(usage, stdout);
	else
		export(&o, &m);
	return m.errors > 0 ? 1 : 0;
}
