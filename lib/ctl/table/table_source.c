#include "table_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crl.h"
#include "index.h"
#include "ctl/memory.h"

#include <openssl/evp.h>

#define ERRORS_MAX    3 /* a file that is no index at all would fill the screen */
#define PROGRESS_STEP (1u << 18)

/* On a terminal somebody waits; `count` a multiple of the step, or the end: 0. */
static void show_progress(uint64_t count)
{
	if (count % PROGRESS_STEP != 0 || !isatty(STDERR_FILENO))
		return;
	if (count > 0)
		fprintf(stderr, "\r%" PRIu64 " entries read", count);
	else
		fputs("\r\033[K", stderr);
}

/* ---- index.txt ---- */

bool table_source_index(const char *path, struct table_rows *rows, struct messages *m)
{
	struct index index = {0};
	struct index_entry from;
	const unsigned errors_before = m->errors;
	enum index_step step = INDEX_ENTRY;
	if (!index_open(&index, path, m))
		step = INDEX_FAILED;
	while (step == INDEX_ENTRY || step == INDEX_REFUSED) {
		step = index_next(&index, &from, m);
		if (step == INDEX_ENTRY) {
			struct table_entry entry = {from.status, from.revocation_time, from.reason};
			(void)table_rows_add(rows, from.serial, &entry, index.at, m);
			show_progress(rows->count);
		}
		if (m->errors - errors_before >= ERRORS_MAX) {
			message_error(m, index.at, "too many errors; is this an index.txt?");
			step = INDEX_FAILED;
		}
	}
	show_progress(0);
	index_close(&index);
	return m->errors == errors_before;
}

/* ---- CRLs ---- */

static bool is_restricted(const struct crl_scope *scope)
{
	return scope->distribution_point.len > 0 || scope->only_user_certs || scope->only_ca_certs;
}

static bool is_same_scope(const struct crl_scope *a, const struct crl_scope *b)
{
	return a->only_user_certs == b->only_user_certs && a->only_ca_certs == b->only_ca_certs &&
	       bytes_equal(a->distribution_point, b->distribution_point);
}

static void check_scopes(const struct crl *crls, size_t count, struct messages *m)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (is_same_scope(&crls[i].scope, &crls[j].scope))
				message_error(m, (struct place){crls[i].path, 0, 0},
					"has the same scope as %s, so the two are no parts of one CRL; give "
					"only the newer",
					crls[j].path);
}

/* Whether the scopes themselves show that nothing is missing. */
static bool covers_everything(const struct crl *crls, size_t count)
{
	bool users = false, cas = false;
	for (size_t i = 0; i < count; i++) {
		const struct crl_scope *scope = &crls[i].scope;
		if (!is_restricted(scope))
			return true;
		if (scope->distribution_point.len > 0)
			continue;
		users = users || scope->only_user_certs;
		cas = cas || scope->only_ca_certs;
	}
	return users && cas;
}

static enum table_kind kind_of(const struct crl *crls, size_t count, bool complete, struct messages *m)
{
	if (complete || covers_everything(crls, count))
		return TABLE_CRL;
	message_warning(m, (struct place){crls[0].path, 0, 0},
		"%s for some of the CA's certificates only (issuingDistributionPoint), so a serial that is "
		"not "
		"in the table will be answered with unauthorized; give all parts, each with --crl, and say "
		"--complete",
		count > 1 ? "and the others given are" : "is");
	return TABLE_CRL_PARTIAL;
}

static void combine(const struct crl *crls, size_t count, struct table_header *h)
{
	h->this_update = crls[0].this_update;
	h->next_update = crls[0].next_update;
	h->has_crl_number = crls[0].has_number ? 1 : 0;
	memcpy(h->crl_number, crls[0].number, sizeof h->crl_number);
	for (size_t i = 1; i < count; i++) {
		const struct crl *c = &crls[i];
		if (c->this_update < h->this_update)
			h->this_update = c->this_update;
		if (c->next_update < h->next_update)
			h->next_update = c->next_update;
		if (!c->has_number)
			h->has_crl_number = 0;
		if (memcmp(c->number, h->crl_number, sizeof h->crl_number) < 0)
			memcpy(h->crl_number, c->number, sizeof h->crl_number);
	}
	if (h->has_crl_number == 0)
		memset(h->crl_number, 0, sizeof h->crl_number);
	if (h->next_update < h->this_update) /* an expired part: stale from the start, as it should be */
		h->next_update = h->this_update;
}

/* Nothing of a CRL for all certificates: the header says it all. */
static bool note_parts(const struct crl *crls, size_t count, struct table_rows *rows)
{
	bool noted = true;
	if (count == 1 && !is_restricted(&crls[0].scope))
		return true;
	rows->parts = memory_zeroed(count, sizeof *rows->parts);
	rows->part_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct crl *c = &crls[i];
		struct table_part *part = &rows->parts[i];
		const struct slice point = c->scope.distribution_point;
		const uint8_t flags[] = {c->scope.only_user_certs, c->scope.only_ca_certs};
		uint8_t *scope = memory_zeroed(sizeof flags + point.len, 1);
		memcpy(scope, flags, sizeof flags);
		if (point.len > 0)
			memcpy(scope + sizeof flags, point.data, point.len);
		noted = EVP_Q_digest(NULL, "SHA256", NULL, scope, sizeof flags + point.len, part->scope,
				NULL) == 1 &&
			noted;
		free(scope);
		part->this_update = c->this_update;
		part->has_crl_number = c->has_number ? 1 : 0;
		memcpy(part->crl_number, c->number, sizeof part->crl_number);
	}
	return noted;
}

static bool add_entries(const struct crl *c, struct table_rows *rows, struct messages *m)
{
	struct slice cursor = c->revoked;
	struct crl_entry from;
	struct place at = {c->path, 0, 0};
	enum crl_step step = CRL_ENTRY;
	while (step == CRL_ENTRY) {
		at.line++;
		step = crl_next(c, &cursor, &from, m);
		if (step != CRL_ENTRY)
			break;
		struct table_entry entry = {CERT_STATUS_REVOKED, from.revocation_date, from.reason};
		if (!table_rows_add(rows, from.serial_number, &entry, at, m))
			step = CRL_REFUSED;
		show_progress(rows->count);
	}
	show_progress(0);
	return step == CRL_END;
}

bool table_source_crls(const char *const *paths, size_t count, bool complete, X509 *ca,
	struct table_rows *rows, struct table_header *header, struct messages *m)
{
	const unsigned errors_before = m->errors;
	struct crl *crls = memory_zeroed(count, sizeof *crls);
	for (size_t i = 0; i < count; i++)
		if (crl_open(&crls[i], paths[i], m))
			(void)crl_verify(&crls[i], ca, m);
	if (m->errors == errors_before)
		check_scopes(crls, count, m);
	if (m->errors != errors_before)
		goto out;
	header->kind = (uint32_t)kind_of(crls, count, complete, m);
	combine(crls, count, header);
	if (!note_parts(crls, count, rows))
		message_error(m, (struct place){0}, "libcrypto has no SHA-256; see to its configuration");
	for (size_t i = 0; i < count; i++)
		(void)add_entries(&crls[i], rows, m);
out:
	for (size_t i = 0; i < count; i++)
		crl_close(&crls[i]);
	free(crls);
	return m->errors == errors_before;
}
