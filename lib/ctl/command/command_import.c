/* ocspctl import: a whole CA from an index.txt, a CRL or an export into Redis. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "ctl/redis/import_batch.h"
#include "import_options.h"
#include "ctl/iso_time.h"
#include "ctl/progress.h"
#include "ctl/redis/redis_scan.h"

static bool open_source(
	struct import *i, const struct import_options *o, struct import_source *source, struct messages *m)
{
	char text[ISO_TIME_SIZE];
	if (o->kind == IMPORT_CRL && !i->ca.certificate) {
		message_error(m, i->ca.ca->ca_cert.at,
			"a CRL is verified against the CA's certificate, which is only in a PKCS#12 file; "
			"give "
			"it as cert");
		return false;
	}
	if (!import_source_open(source, o->kind, o->path, i->ca.certificate, m))
		return false;
	if (o->kind == IMPORT_CRL && source->crl.next_update <= (int64_t)time(NULL))
		message_warning(m, source->at,
			"nextUpdate %s has passed: what was unrevoked since becomes revoked again; is there "
			"a "
			"newer CRL?",
			iso_time(source->crl.next_update, text));
	return true;
}

/* Row by row into batches, to the end of the source. False: it ended before. */
static bool run(struct import *i, struct import_source *source, uint64_t total)
{
	static struct status_row rows[REDIS_CLIENT_BATCH];
	enum import_step step = IMPORT_ROW;
	bool go_on = true;
	while (step == IMPORT_ROW && go_on) {
		size_t count = 0;
		while (count < REDIS_CLIENT_BATCH && step == IMPORT_ROW) {
			step = import_source_next(source, &rows[count], i->m);
			count += step == IMPORT_ROW ? 1 : 0;
		}
		go_on = import_batch(i, rows, count);
		progress_show(i->dry_run ? "compared" : "imported", import_counts_sum(&i->counts), total);
	}
	progress_clear();
	return go_on && step == IMPORT_END;
}

/* What Redis has and the source has not. False where Redis does not let it be counted: that is said, and no failure. */
static bool count_others(struct import *i, uint64_t *others)
{
	struct messages apart = {0};
	struct redis_scan scan;
	const struct import_counts *n = &i->counts;
	const uint64_t ours = n->changed + n->equal + n->conflicts + (i->dry_run ? 0 : n->added);
	uint64_t all = 0;
	enum redis_scan_step step = REDIS_SCAN_PAGE;
	redis_scan_begin(&scan, &i->ca, &apart);
	while ((step = redis_scan_next(&scan, &apart)) == REDIS_SCAN_PAGE) {
		all += scan.count;
		progress_show("counted", all, 0);
	}
	progress_clear();
	redis_scan_end(&scan);
	*others = all > ours ? all - ours : 0; /* a source may have a serial twice */
	return step == REDIS_SCAN_END;
}

static void print_summary(struct import *i, uint64_t total, bool whole)
{
	const struct import_counts *n = &i->counts;
	uint64_t others = 0;
	message_result("%s: %s%" PRIu64 " of %" PRIu64 " serials: %" PRIu64 " added, %" PRIu64
		       " changed, %" PRIu64 " equal, %" PRIu64 " in conflict, %" PRIu64 " failed",
		i->path, i->dry_run ? "dry run, nothing written; " : "", import_counts_sum(n), total,
		n->added, n->changed, n->equal, n->conflicts, n->failed);
	if (whole && count_others(i, &others))
		message_result("%" PRIu64 " more of %s are in Redis and stay as they are", others,
			i->ca.ca->name.value);
	if (!whole)
		message_error(i->m, (struct place){i->path, 0, 0},
			"stopped before its end; give the same command again: what is equal already is "
			"skipped");
}

static void import(const struct import_options *o, struct messages *m)
{
	struct import i = {.path = o->path, .dry_run = o->dry_run, .force = o->force, .m = m};
	struct import_source source = {0};
	uint64_t total = 0;
	if (redis_ca_find(&i.ca, o->config, o->ca, m) && open_source(&i, o, &source, m) &&
		import_source_check(&source, o->force, &total, m) && redis_ca_connect(&i.ca, !o->dry_run, m))
		print_summary(&i, total, run(&i, &source, total));
	else
		message_error(m, (struct place){o->path, 0, 0}, "nothing was written");
	import_source_close(&source);
	redis_ca_close(&i.ca);
}

int command_import(int argc, char **argv)
{
	struct messages m = {0};
	struct import_options o = {0};
	const enum options_result result = import_options_read(&o, argc, argv);
	if (result == OPTIONS_READ)
		import(&o, &m);
	return result == OPTIONS_WRONG ? 2 : m.errors > 0 ? 1 : 0;
}
