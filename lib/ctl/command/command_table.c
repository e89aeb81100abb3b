/* ocspctl table: a CRL or an index.txt → NAME.table, for ocsp-cgi to look serials up in. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calendar.h"
#include "ctl/config/config.h"
#include "ctl/credentials/credentials.h"
#include "ctl/file.h"
#include "ctl/iso_time.h"
#include "ctl/credentials/issuer.h"
#include "ctl/memory.h"
#include "table_options.h"
#include "ctl/table/table_replace.h"
#include "ctl/table/table_source.h"

#include <openssl/x509v3.h> /* behind ocsp.h: it has macros of CRLReason's names */

#define VALID_HOURS_DEFAULT 168
#define PATIENCE_S          300 /* with another job that writes the same table: ten million serials take seconds */

/* ---- the CA ---- */

/* Whose table it is, where it goes, how long an index counts. */
struct target {
	X509 *certificate;
	char *output;
	int64_t valid_hours;
};

static bool target_of_configured_ca(
	const struct table_options *o, const struct config_ca *ca, struct target *out, struct messages *m)
{
	if (!ca->ca_cert.cert.value) {
		message_error(m, ca->ca_cert.at,
			"CA %s has its certificate only in a PKCS#12 file, with its key, which is not opened "
			"for a table; give the certificate with --ca-cert",
			ca->name.value);
		return false;
	}
	if (!o->output && ca->status != SNAPSHOT_STATUS_TABLE) {
		message_error(m, ca->name.at,
			"CA %s has no table here; add status: {table: NAME.table}, or say -o",
			ca->name.value);
		return false;
	}
	if (ca->status != SNAPSHOT_STATUS_TABLE)
		message_notice(m, ca->name.at, "CA %s is not answered from a table by this configuration",
			ca->name.value);
	out->output = memory_text(o->output ? o->output : ca->table.value);
	out->valid_hours = ca->validity_hours;
	out->certificate = credentials_certificate(ca->ca_cert.cert, m);
	return out->certificate != NULL;
}

static bool find_target(const struct table_options *o, struct target *out, struct messages *m)
{
	bool found = false;
	if (o->ca_cert) {
		struct config_text path = {.value = memory_text(o->ca_cert)};
		out->output = memory_text(o->output);
		out->valid_hours = VALID_HOURS_DEFAULT;
		out->certificate = credentials_certificate(path, m);
		free(path.value);
		return out->certificate != NULL;
	}
	struct config *config = config_load(o->config ? o->config : CONFIG_DEFAULT_PATH, m);
	const struct config_ca *ca = config ? config_find_ca(config, o->ca, m) : NULL;
	if (ca)
		found = target_of_configured_ca(o, ca, out, m);
	config_free(config);
	return found;
}

static void free_target(struct target *t)
{
	X509_free(t->certificate);
	free(t->output);
}

static bool name_ca(X509 *certificate, struct table_header *header, struct messages *m)
{
	struct issuer_hashes hashes = {0};
	if (X509_check_ca(certificate) == 0)
		message_warning(m, (struct place){0},
			"the certificate given as the CA's is no CA certificate; is it the right one?");
	if (!issuer_hashes(certificate, &hashes)) {
		message_error(m, (struct place){0},
			"the CA certificate's name or key cannot be read; give another");
		return false;
	}
	memcpy(header->name_hash, hashes.name[CERTID_SHA256], sizeof header->name_hash);
	memcpy(header->key_hash, hashes.key[CERTID_SHA256], sizeof header->key_hash);
	return true;
}

/* ---- the table ---- */

static bool read_source(const struct table_options *o, const struct target *target, int64_t now,
	struct table_rows *rows, struct table_header *header, struct messages *m)
{
	if (!o->index)
		return table_source_crls(
			o->crls.items, o->crls.count, o->complete, target->certificate, rows, header, m);
	int64_t hours = o->valid_hours > 0 ? (int64_t)o->valid_hours : target->valid_hours;
	header->kind = TABLE_INDEX;
	header->this_update = now;
	header->next_update = now + hours * 3600;
	if (header->next_update > CALENDAR_MAX) {
		message_error(m, (struct place){0},
			"the table would count beyond the year 9999; is the clock right?");
		return false;
	}
	return table_source_index(o->index, rows, m);
}

static void check_times(
	const struct table_options *o, const struct table_header *h, int64_t now, struct messages *m)
{
	char text[ISO_TIME_SIZE];
	struct place at = {o->index ? o->index : o->crls.items[0], 0, 0};
	if (h->this_update > now)
		message_warning(m, at,
			"thisUpdate %s is in the future: tryLater is answered until then; is the clock "
			"right?",
			iso_time(h->this_update, text));
	if (h->next_update <= now)
		message_warning(m, at, "nextUpdate %s has passed: tryLater is answered; fetch the new CRL",
			iso_time(h->next_update, text));
	if (h->entry_count == 0 && h->kind == TABLE_INDEX)
		message_warning(m, at, "the index is empty: no serial will be known");
}

static void print_summary(const char *path, const struct table_header *h, const uint8_t *file)
{
	char this_update[ISO_TIME_SIZE], next_update[ISO_TIME_SIZE];
	const uint8_t *status = file + h->entries_offset + h->serial_size + 8;
	uint64_t revoked = 0;
	for (uint64_t i = 0; i < h->entry_count; i++)
		revoked += status[i * h->entry_size] == CERT_STATUS_REVOKED ? 1 : 0;
	message_result("%s: %" PRIu64 " %s, %" PRIu64 " revoked, thisUpdate %s, nextUpdate %s, %" PRIu64
		       " octets",
		path, h->entry_count, h->entry_count == 1 ? "entry" : "entries", revoked,
		iso_time(h->this_update, this_update), iso_time(h->next_update, next_update), h->file_size);
}

/* Two jobs at once: the one that comes second compares with what the first one has written. */
static bool replace(const char *path, struct slice file, bool force, struct messages *m)
{
	struct file_output out = {NULL, NULL, -1};
	if (!file_create_alone(&out, path, PATIENCE_S, m))
		return false;
	if (!table_replace_allowed(path, file, force, m) || !file_write(&out, file.data, file.len, m)) {
		file_abandon(&out);
		return false;
	}
	return file_commit(&out, 0644, FILE_GROUP_KEEP, m);
}

static bool make_table(const struct table_options *o, struct messages *m)
{
	bool done = false;
	struct target target = {0};
	struct table_rows rows = {0};
	struct table_header header = {0};
	uint8_t *file = NULL;
	size_t size = 0;
	int64_t now =
		(int64_t)time(NULL); /* before the source is read: what changes in it later is not known */
	if (!find_target(o, &target, m) || !name_ca(target.certificate, &header, m))
		goto out;
	if (!read_source(o, &target, now, &rows, &header, m))
		goto out;
	file = table_build(&rows, &header, &size, m);
	done = file && replace(target.output, (struct slice){file, size}, o->force, m);
	if (!done)
		goto out;
	check_times(o, &header, now, m);
	print_summary(target.output, &header, file);
out:
	free(file);
	table_rows_free(&rows);
	free_target(&target);
	return done;
}

int command_table(int argc, char **argv)
{
	int status = 0;
	struct messages m = {0};
	struct table_options o = {0};
	const enum options_result result = table_options_read(&o, argc, argv);
	if (result == OPTIONS_READ)
		status = make_table(&o, &m) ? 0 : 1;
	free(o.crls.items);
	return result == OPTIONS_WRONG ? 2 : status;
}
