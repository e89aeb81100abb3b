#include "export_rows.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "ctl/progress.h"
#include "redis_scan.h"

#define SAID_MAX 20

struct export_row {
	uint64_t serial; /* where in the octets */
	int64_t time;
	uint8_t serial_len, status, reason;
	bool has_time, has_reason;
};

/* ---- the serials ---- */

static void make_room(struct export_rows *r, size_t serial_len)
{
	if (r->count == r->size) {
		r->size = r->size == 0 ? 1024 : 2 * r->size;
		r->rows = memory_resized(r->rows, r->size, sizeof *r->rows);
	}
	if (r->octets_size - r->octets_len < serial_len) {
		r->octets_size = r->octets_size == 0 ? 16384 : 2 * r->octets_size;
		r->octets = memory_resized(r->octets, r->octets_size, 1);
	}
}

static void add_serial(struct export_rows *r, const struct serial *serial)
{
	make_room(r, serial->len);
	memcpy(r->octets + r->octets_len, serial->octets, serial->len);
	r->rows[r->count++] =
		(struct export_row){.serial = r->octets_len, .serial_len = (uint8_t)serial->len};
	r->octets_len += serial->len;
}

static bool find_serials(struct export_rows *r, struct redis_ca *ca, struct messages *m)
{
	struct redis_scan scan;
	enum redis_scan_step step = REDIS_SCAN_PAGE;
	redis_scan_begin(&scan, ca, m);
	while ((step = redis_scan_next(&scan, m)) == REDIS_SCAN_PAGE) {
		for (size_t i = 0; i < scan.count; i++)
			add_serial(r, &scan.serials[i]);
		progress_show("found", r->count, 0);
	}
	progress_clear();
	r->unreadable += scan.odd;
	redis_scan_end(&scan);
	return step == REDIS_SCAN_END;
}

/* INTEGER's content, not negative and minimal: the longer is the greater. */
static int compare(const void *left, const void *right, void *octets)
{
	const struct export_row *a = left, *b = right;
	const uint8_t *base = octets;
	if (a->serial_len != b->serial_len)
		return a->serial_len < b->serial_len ? -1 : 1;
	return memcmp(base + a->serial, base + b->serial, a->serial_len);
}

static void sort_once_each(struct export_rows *r)
{
	size_t kept = 0;
	if (r->count > 0)
		qsort_r(r->rows, r->count, sizeof *r->rows, compare, r->octets);
	for (size_t i = 0; i < r->count; i++)
		if (kept == 0 || compare(&r->rows[kept - 1], &r->rows[i], r->octets) != 0)
			r->rows[kept++] = r->rows[i];
	r->count = kept;
}

static struct serial serial_of(const struct export_rows *r, const struct export_row *row)
{
	struct serial serial = {.len = row->serial_len};
	memcpy(serial.octets, r->octets + row->serial, row->serial_len);
	return serial;
}

/* ---- their records ---- */

static void leave_out(struct export_rows *r, const struct serial *serial, const struct ca_record *record,
	struct messages *m)
{
	char name[SERIAL_TEXT_SIZE];
	char text[CA_RECORD_TEXT_SIZE];
	if (r->unreadable++ >= SAID_MAX)
		return;
	progress_clear();
	message_error(m, (struct place){0}, "%s: left out: %s", serial_text(serial, name),
		ca_record_text(record, text));
}

/* Whether the row stays. */
static bool take_record(
	struct export_rows *r, struct export_row *row, const struct ca_record *record, struct messages *m)
{
	const struct serial serial = serial_of(r, row);
	if (record->state == CA_RECORD_ABSENT) /* deleted since it was found */
		return false;
	if (record->state != CA_RECORD_READ) {
		leave_out(r, &serial, record, m);
		return false;
	}
	row->status = (uint8_t)record->status;
	row->time = record->time;
	row->reason = (uint8_t)record->reason;
	row->has_time = record->has_time;
	row->has_reason = record->has_reason;
	return true;
}

/* Of the rows from `from` up to `to`; those that stay are moved behind the `*kept` first ones. */
static bool read_batch(
	struct export_rows *r, size_t from, size_t to, size_t *kept, struct redis_ca *ca, struct messages *m)
{
	struct redis_answer answer;
	struct ca_record record;
	for (size_t i = from; i < to; i++) {
		const struct serial serial = serial_of(r, &r->rows[i]);
		ca_record_ask(&ca->client, ca->prefix, &serial);
	}
	for (size_t i = from; i < to; i++) {
		if (!redis_client_receive(&ca->client, &answer))
			return false;
		ca_record_read(&answer, &record);
		if (take_record(r, &r->rows[i], &record, m))
			r->rows[(*kept)++] = r->rows[i];
	}
	return true;
}

static bool read_records(struct export_rows *r, struct redis_ca *ca, struct messages *m)
{
	size_t kept = 0;
	bool read = true;
	for (size_t from = 0; from < r->count && read; from += REDIS_CLIENT_BATCH) {
		const size_t left = r->count - from;
		const size_t size = left < REDIS_CLIENT_BATCH ? left : REDIS_CLIENT_BATCH;
		read = read_batch(r, from, from + size, &kept, ca, m);
		progress_show("exported", from + size, r->count);
	}
	progress_clear();
	r->count = kept;
	return read;
}

bool export_rows_read(struct export_rows *r, struct redis_ca *ca, struct messages *m)
{
	if (!find_serials(r, ca, m))
		return false;
	sort_once_each(r);
	return read_records(r, ca, m);
}

/* ---- the result ---- */

void export_rows_get(const struct export_rows *r, size_t i, struct status_row *out)
{
	const struct export_row *row = &r->rows[i];
	*out = (struct status_row){
		.serial = serial_of(r, row),
		.status = row->status,
		.has_time = row->has_time,
		.has_reason = row->has_reason,
		.time = row->time,
		.reason = row->reason,
	};
}

void export_rows_free(struct export_rows *r)
{
	free(r->rows);
	free(r->octets);
	*r = (struct export_rows){0};
}
