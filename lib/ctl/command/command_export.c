/* ocspctl export: all that Redis holds of a CA, as TSV that `ocspctl import --tsv` reads back. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ctl/config/config_files.h"
#include "ctl/redis/export_rows.h"
#include "ctl/file.h"
#include "ctl/file_kind.h"
#include "options.h"

#define CHUNK 65536

/* clang-format off */
static const char head[] =
	"Usage: ocspctl export --ca NAME [-c FILE] [-o FILE]\n"
	"Writes what Redis holds of a CA as TSV: a header line, then a line for each serial, sorted by\n"
	"it: serial (0x hexadecimal), serial (decimal), status, revocation time, revocation reason.\n"
	"ocspctl import --tsv reads it back.\n"
	"\n";
static const char tail[] =
	"\n"
	"Records that change while it runs are in it as they were or as they are. Records that ocsp-cgi\n"
	"could not read are left out, and reported on standard error.\n"
	"Exit status: 0 all were written, 1 not all, or none, 2 usage.\n"
	"Redis needs to allow SCAN and HMGET.\n";
/* clang-format on */

struct export_options {
	const char *ca, *config, *output;
};

static const struct option_row known[] = {
	OPTION_REDIS_CA(struct export_options),
	OPTION_CONFIG(struct export_options),
	{.name = "output",
		.letter = 'o',
		.argument = "FILE",
		.read = option_text,
		.offset = offsetof(struct export_options, output),
		.help = "instead of standard output; replaced in one step"},
};

static const char *check(const void *read, const struct option_words *words)
{
	const struct export_options *o = read;
	(void)words;
	return o->ca ? NULL : "--ca NAME is needed";
}

/* ---- writing ---- */

/* `file` NULL: standard output, whose failures main() sees. */
static bool put(struct file_output *file, struct buffer *chunk, struct messages *m)
{
	const struct slice octets = bytes_written(chunk);
	chunk->len = 0;
	if (file)
		return file_write(file, octets.data, octets.len, m);
	return fwrite(octets.data, 1, octets.len, stdout) == octets.len && fflush(stdout) == 0;
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

/* As the shell's > would. */
static mode_t mode_of_new_file(void)
{
	const mode_t mask = umask(077);
	(void)umask(mask);
	return 0666 & ~mask;
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
	return file_commit(&file, mode_of_new_file(), FILE_GROUP_KEEP, m);
}

/* TSV looks like any text: what is something else is known, and what the configuration names. */
static bool may_write(const char *path, const struct config *config, struct messages *m)
{
	return !path ||
	       (config_files_spare(config, path, m) && file_kind_replaceable(path, FILE_KIND_OTHER, m));
}

static void export(const struct export_options *o, struct messages *m)
{
	struct redis_ca ca = {0};
	struct export_rows rows = {0};
	if (!redis_ca_find(&ca, o->config, o->ca, m) || !may_write(o->output, ca.config, m) ||
		!redis_ca_connect(&ca, false, m) || !export_rows_read(&rows, &ca, m))
		goto out;
	if (rows.unreadable > 0)
		message_error(m, ca.ca->name.at,
			"%" PRIu64 " of the records of %s could not be read and are left out",
			rows.unreadable, o->ca);
	if (!o->output)
		(void)write_rows(&rows, NULL, m);
	else if (write_file(&rows, o->output, m))
		message_result("%s: %zu serials of %s", o->output, rows.count, o->ca);
out:
	export_rows_free(&rows);
	redis_ca_close(&ca);
}

int command_export(int argc, char **argv)
{
	static const struct options options = {
		.command = "export",
		.head = head,
		.tail = tail,
		.rows = known,
		.row_count = sizeof known / sizeof *known,
		.check = check,
	};
	struct messages m = {0};
	struct export_options o = {0};
	struct option_words none;
	const enum options_result result = options_read(&options, argc, argv, &o, &none);
	if (result == OPTIONS_READ)
		export(&o, &m);
	return result == OPTIONS_WRONG ? 2 : m.errors > 0 ? 1 : 0;
}
