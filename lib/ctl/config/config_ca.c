#include "config_keys.h"

#include "ctl/memory.h"

#include <stdlib.h>
#include <string.h>

#define NAME_OCTETS_MAX 64 /* of a CA's name */

/* Empty, as some Ruby files have it, is none. */
static void read_ocsp_chain(struct config_reading *r, const struct config_entry *e, void *into)
{
	if (e->value->kind != CONFIG_SCALAR || e->value->text[0] != '\0')
		config_read_path(r, e, into);
}

static void read_responder_id(struct config_reading *r, const struct config_entry *e, void *into)
{
	static const char *const words[] = {"key", "name"};
	size_t found = 0;
	if (config_word_of(r, e, words, 2, &found))
		*(bool *)into = found == 1;
}

static void read_unknown_serial(struct config_reading *r, const struct config_entry *e, void *into)
{
	static const char *const words[] = {"unknown", "unauthorized", "revoked"};
	size_t found = 0;
	if (config_word_of(r, e, words, 3, &found))
		*(enum snapshot_unknown *)into = (enum snapshot_unknown)found;
}

static void read_status(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_ca *ca = into;
	unsigned errors = r->m->errors;
	if (e->value->kind == CONFIG_MAPPING)
		config_read_mapping(r, &config_keys_status, e->value, ca);
	if (e->value->kind == CONFIG_SCALAR && strcmp(e->value->text, "redis") == 0)
		ca->status = SNAPSHOT_STATUS_REDIS;
	else if (ca->table.value)
		ca->status = SNAPSHOT_STATUS_TABLE;
	else if (r->m->errors == errors)
		message_error(r->m, e->value->at, "\"status\" must be redis, or {table: FILE}");
}

static void read_requesters(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_ca *ca = into;
	size_t count = config_item_count(e->value);
	ca->requesters = memory_zeroed(count, sizeof *ca->requesters);
	for (size_t i = 0; i < count; i++)
		if (config_path_of(r, e, config_item(e->value, i), &ca->requesters[ca->requester_count]))
			ca->requester_count++;
}

static void read_signed_requests(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_ca *ca = into;
	unsigned errors = r->m->errors;
	ca->require_signed_requests = true;
	if (e->value->kind == CONFIG_MAPPING)
		config_read_mapping(r, &config_keys_signed, e->value, ca);
	if (ca->requester_count == 0 && r->m->errors == errors)
		message_error(r->m, e->name->at,
			"\"%s\" names nobody; write {requesters: [CERTIFICATE, …]} or remove the line",
			e->name->text);
}

static void read_redis_subject(struct config_reading *r, const struct config_entry *e, void *into)
{
	const char *text = config_text_of(r, e, e->value);
	if (text && text[0] == '/')
		config_read_text(r, e, into);
	else if (text)
		message_error(r->m, e->value->at, "\"%s\" begins with a \"/\", as in \"/C=US/O=Example\"",
			e->name->text);
}

#define AT(field) offsetof(struct config_ca, field)
#define REFUSED   CONFIG_NULL_REFUSED
#define ABSENT    CONFIG_NULL_ABSENT

static const struct config_key status[] = {{"table", config_read_path, AT(table), 0, 0, NULL, REFUSED}};
const struct config_keys config_keys_status = {"status", 1, status};

static const struct config_key signed_requests[] = {{"requesters", read_requesters, 0, 0, 0, NULL, REFUSED}};
const struct config_keys config_keys_signed = {"require_signed_requests", 1, signed_requests};

static const struct config_key rows[] = {
	{"ca_cert", config_read_ca_cert, AT(ca_cert), 0, 0, NULL, REFUSED},
	{"ocsp_cert", config_read_ocsp_cert, 0, 0, 0, NULL, ABSENT},
	{"ocsp_certs", config_read_ocsp_cert, 0, 0, 0, NULL, REFUSED},
	{"ocsp_chain", read_ocsp_chain, AT(ocsp_chain), 0, 0, NULL, ABSENT},
	{"ocsp_validity_hours", config_read_int64, AT(validity_hours), 1, 8760, NULL, ABSENT},
	{"ocsp_start_skew_seconds", config_read_int64, AT(start_skew_seconds), 0, 7 * 86400, NULL, ABSENT},
	{"responder_id", read_responder_id, AT(responder_by_name), 0, 0, NULL, REFUSED},
	{"include_signer", config_read_bool, AT(include_signer), 0, 0, NULL, REFUSED},
	{"status", read_status, 0, 0, 0, NULL, REFUSED},
	{"unknown_serial", read_unknown_serial, AT(unknown_serial), 0, 0, NULL, REFUSED},
	{"archive_cutoff_days", config_read_uint32, AT(archive_cutoff_days), 0, 36500, NULL, REFUSED},
	{"require_signed_requests", read_signed_requests, 0, 0, 0, NULL, REFUSED},
	{"redis_subject", read_redis_subject, AT(redis_subject), 0, 0, NULL, REFUSED},
	/* what the Ruby library keeps beside them for issuing, in the spellings of all its releases */
	{"profiles", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_cert", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_list", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_list_file", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_number", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_number_file", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_validity_hours", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_start_skew_seconds", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_md", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"crl_*", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"cdp_location", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"ocsp_location", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"ca_issuers_location", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"authority_info_access", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"message_digest", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"default_md", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"allowed_mds", config_read_ignored, 0, 0, 0, NULL, ABSENT},
	{"subject_item_policy", config_read_ignored, 0, 0, 0, NULL, ABSENT},
};
const struct config_keys config_keys_ca = {"a CA", sizeof rows / sizeof *rows, rows};

/* The name stands in log lines, messages and on command lines. */
static void read_name(struct config_reading *r, const struct config_node *name, struct config_ca *ca)
{
	size_t len = strlen(name->text);
	bool printable = len > 0 && len <= NAME_OCTETS_MAX;
	ca->name = (struct config_text){memory_text(name->text), name->at};
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name->text[i] < ' ' || name->text[i] == 0x7F)
			printable = false;
	if (!printable)
		message_error(r->m, name->at,
			"a CA's name has from 1 to %d octets and no control characters; choose another",
			NAME_OCTETS_MAX);
}

static void read_ca(struct config_reading *r, const struct config_entry *e, struct config_ca *ca)
{
	unsigned errors = r->m->errors;
	ca->validity_hours = 168;
	ca->start_skew_seconds = 3600;
	ca->include_signer = true;
	ca->status = SNAPSHOT_STATUS_REDIS;
	read_name(r, e->name, ca);
	config_read_mapping(r, &config_keys_ca, e->value, ca);
	if (r->m->errors > errors) /* what is missing may be what could not be read */
		return;
	if (!ca->ca_cert.present)
		message_error(r->m, ca->name.at, "the CA \"%s\" has no ca_cert; give ca_cert: {cert: FILE}",
			ca->name.value);
	else if (ca->signer_count == 0 && !ca->ca_cert.key.value && !ca->ca_cert.pkcs12.value)
		message_error(r->m, ca->name.at,
			"the CA \"%s\" has nothing to sign with; give ocsp_cert (a delegate with its key), "
			"or "
			"key: in ca_cert where the CA signs itself",
			ca->name.value);
}

void config_read_cas(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config *config = into;
	const struct config_node *all = e->value;
	if (all->kind != CONFIG_MAPPING || all->count == 0) {
		message_error(r->m, all->at,
			"\"%s\" is a mapping with at least one CA; write NAME: {ca_cert: …} beneath it",
			e->name->text);
		return;
	}
	config->cas = memory_zeroed(all->count / 2, sizeof *config->cas);
	for (; config->ca_count < all->count / 2; config->ca_count++) {
		struct config_entry ca = {
			e->key, all->items[2 * config->ca_count], all->items[2 * config->ca_count + 1]};
		read_ca(r, &ca, &config->cas[config->ca_count]);
	}
}
