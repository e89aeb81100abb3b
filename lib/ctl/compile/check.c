#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"
#include "status_redis_tls.h"
#include "status_table.h"
#include "ctl/iso_time.h"
#include "ctl/memory.h"
#include "ctl/message.h"
#include "ctl/redis/redis_credentials.h"
#include "self_test.h"
#include "ctl/snapshot/snapshot_kind.h"

#define SECONDS_PER_DAY  86400
#define SECONDS_PER_HOUR 3600
#define FAULT_TEXT_SIZE  512

/* One check in progress. */
struct checking {
	const struct snapshot *snapshot;
	const struct check_limits *limits;
	int64_t now;
	struct check_report *report;
};

static int severity(enum check_level level)
{
	static const int order[] = {
		[CHECK_OK] = 0, [CHECK_WARNING] = 1, [CHECK_UNKNOWN] = 2, [CHECK_CRITICAL] = 3};

	return order[level];
}

__attribute__((format(printf, 3, 4))) static void find(
	struct check_report *report, enum check_level level, const char *format, ...)
{
	static const char *const names[] = {"ok", "warning", "critical", "unknown"};
	char *text = NULL, *details = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = memory_text("out of memory");
	va_end(arguments);
	message_printable(text, strlen(text));
	details = memory_printf("%s%s: %s\n", report->details ? report->details : "", names[level], text);
	free(report->details);
	report->details = details;
	if (report->summary == NULL || severity(level) > severity(report->level)) {
		free(report->summary);
		report->summary = text;
		report->level = level;
		return;
	}
	free(text);
}

static const char *fault_text(const struct snapshot_fault *fault, char text[FAULT_TEXT_SIZE])
{
	struct buffer out = bytes_buffer((uint8_t *)text, FAULT_TEXT_SIZE - 1);

	snapshot_fault_text(fault, &out);
	text[out.len] = 0;
	return text;
}

/* A file that we may not read tells nothing about whether ocsp-cgi may. */
static enum check_level fault_level(const struct snapshot_fault *fault)
{
	return fault->error == EACCES || fault->error == EPERM ? CHECK_UNKNOWN : CHECK_CRITICAL;
}

/* Until when there is a signer at each moment from now on; `now` - 1 where there is none now. */
static bool signers_end(const struct checking *c, const struct ca *ca, int64_t *end)
{
	struct snapshot_fault fault = {0};
	struct signer signer = {0};

	*end = c->now - 1;
	/* Each round may carry the end to one signer's notAfter that begins before it. */
	for (size_t round = 0; round < ca->signer_count; round++) {
		for (size_t i = 0; i < ca->signer_count; i++) {
			if (!snapshot_signer(c->snapshot, ca, i, &signer, &fault))
				return false;
			if (signer.not_before <= *end + 1 && signer.not_after > *end)
				*end = signer.not_after;
		}
	}
	return true;
}

static void check_signers(const struct checking *c, const struct ca *ca)
{
	const char *name = (const char *)ca->name.data;
	const int len = (int)ca->name.len;
	char text[ISO_TIME_SIZE];
	int64_t end = 0;

	if (!signers_end(c, ca, &end))
		find(c->report, CHECK_CRITICAL, "CA %.*s: a signer is not readable", len, name);
	else if (end <= c->now)
		find(c->report, CHECK_CRITICAL,
			"CA %.*s has no signer that is valid now; requests are answered tryLater: give a new "
			"ocsp_cert and compile",
			len, name);
	else if (end - c->now <= c->limits->signer_days * SECONDS_PER_DAY)
		find(c->report, CHECK_WARNING, "CA %.*s has no signer beyond %s; renew its ocsp_cert", len,
			name, iso_time(end, text));
	else if (end - c->now < ca->fixed.validity_seconds)
		find(c->report, CHECK_WARNING,
			"CA %.*s has no signer beyond %s, sooner than a response of now would end; renew its "
			"ocsp_cert",
			len, name, iso_time(end, text));
	else
		find(c->report, CHECK_OK, "CA %.*s has a signer until %s", len, name, iso_time(end, text));
}

static void check_chain(const struct checking *c, const struct ca *ca)
{
	struct snapshot_fault fault = {0};
	struct chain_cert certificate = {0};

	for (size_t i = 0; i < ca->chain_count; i++) {
		if (snapshot_chain_cert(c->snapshot, ca, i, &certificate, &fault) &&
			certificate.not_after <= c->now)
			find(c->report, CHECK_WARNING,
				"CA %.*s: certificate %zu of its ocsp_chain has expired", (int)ca->name.len,
				(const char *)ca->name.data, i + 1);
	}
}

/* Those who may ask (require_signed_requests): who is shut out, or soon will be. */
static void check_requesters(const struct checking *c, const struct ca *ca)
{
	struct snapshot_fault fault = {0};
	struct requester requester = {0};
	char text[ISO_TIME_SIZE];

	for (size_t i = 0; i < ca->requester_count; i++) {
		if (snapshot_requester(c->snapshot, ca, i, &requester, &fault) &&
			requester.not_after - c->now <= c->limits->signer_days * SECONDS_PER_DAY)
			find(c->report, CHECK_WARNING,
				"CA %.*s: the certificate of requester %.*s %s on %s; give the next one to "
				"require_signed_requests and compile",
				(int)ca->name.len, (const char *)ca->name.data, (int)requester.name.len,
				(const char *)requester.name.data,
				requester.not_after < c->now ? "ended" : "ends",
				iso_time(requester.not_after, text));
	}
}

/* A table that will end soon: its refresh job seems not to run. */
static bool ends_soon(const struct checking *c, const struct table_header *h)
{
	const int64_t left = h->next_update - c->now;

	if (c->limits->table_hours > 0)
		return left <= c->limits->table_hours * SECONDS_PER_HOUR;
	return left <= (h->next_update - h->this_update) / 4;
}

static void check_table_times(const struct checking *c, const char *path, const struct table_header *h)
{
	char text[ISO_TIME_SIZE];

	if (h->this_update > c->now)
		find(c->report, CHECK_CRITICAL, "table %s is from the future (%s); check the clock", path,
			iso_time(h->this_update, text));
	else if (h->next_update <= c->now)
		find(c->report, CHECK_CRITICAL, "table %s is stale since %s; run ocspctl table", path,
			iso_time(h->next_update, text));
	else if (ends_soon(c, h))
		find(c->report, CHECK_WARNING, "table %s ends on %s; is its refresh job running?", path,
			iso_time(h->next_update, text));
	else
		find(c->report, CHECK_OK, "table %s is good until %s", path, iso_time(h->next_update, text));
}

static void check_table(const struct checking *c, const struct ca *ca)
{
	struct snapshot_fault fault = {0};
	struct table_place place = {0};
	struct table table = {0};
	char text[FAULT_TEXT_SIZE];
	const char *path = NULL;
	uint64_t next = 0;

	if (!snapshot_table_at(c->snapshot, ca->fixed.table_offset, &place, &next, &fault)) {
		find(c->report, CHECK_CRITICAL, "%s", fault_text(&fault, text));
		return;
	}
	path = (const char *)place.path.data; /* a NUL stands behind it */
	if (!table_open(&table, AT_FDCWD, path, &fault)) {
		find(c->report, fault_level(&fault), "CA %.*s: table: %s", (int)ca->name.len,
			(const char *)ca->name.data, fault_text(&fault, text));
		return;
	}
	if (table_is_of(&table, ca))
		check_table_times(c, path, &table.header);
	else
		find(c->report, CHECK_CRITICAL, "table %s is another CA's, not that of %.*s", path,
			(int)ca->name.len, (const char *)ca->name.data);
	table_close(&table);
}

static void check_ca(const struct checking *c, const struct ca *ca)
{
	check_signers(c, ca);
	check_chain(c, ca);
	check_requesters(c, ca);
	if (ca->fixed.status == SNAPSHOT_STATUS_TABLE)
		check_table(c, ca);
	else
		find(c->report, CHECK_OK,
			"CA %.*s takes its status from Redis, which is not asked here; GET /status and "
			"ocspctl status do",
			(int)ca->name.len, (const char *)ca->name.data);
}

static void check_cas(const struct checking *c)
{
	uint64_t offset = c->snapshot->header.cas_offset;
	struct snapshot_fault fault = {0};
	struct ca ca = {0};
	char text[FAULT_TEXT_SIZE];

	for (uint32_t i = 0; i < c->snapshot->header.ca_count; i++) {
		if (!snapshot_ca_at(c->snapshot, offset, &ca, &offset, &fault)) {
			find(c->report, CHECK_CRITICAL, "%s", fault_text(&fault, text));
			return;
		}
		check_ca(c, &ca);
	}
}

static void check_redis_end(const struct checking *c, const char *key, int64_t end)
{
	char text[ISO_TIME_SIZE];

	if (end <= c->now)
		find(c->report, CHECK_CRITICAL,
			"a certificate of %s is not valid now, and without it Redis cannot be asked; "
			"replace it and compile",
			key);
	else if (end - c->now <= c->limits->signer_days * SECONDS_PER_DAY)
		find(c->report, CHECK_WARNING, "a certificate of %s ends on %s; replace it and compile", key,
			iso_time(end, text));
	else if (end != INT64_MAX)
		find(c->report, CHECK_OK, "the certificates of %s are good until %s", key,
			iso_time(end, text));
}

/* Which CA's certificate the server has is not known here: one that ends before the others is worth a word. */
static void check_redis_tls(const struct checking *c, const struct redis_settings *redis)
{
	const struct redis_certificates ca = redis_certificates(redis->tls_ca);
	const struct redis_certificates cert = redis_certificates(redis->tls_cert);
	const int64_t end = redis_ca_end(&ca, c->now);

	check_redis_end(c, "redis.tls.ca", end);
	check_redis_end(c, "redis.tls.cert", redis_chain_end(&cert, c->now));
	if (ca.count > 1 && end > c->now && ca.first_end - c->now <= c->limits->signer_days * SECONDS_PER_DAY)
		find(c->report, CHECK_WARNING,
			"one of the %zu certificates of redis.tls.ca has ended, or will soon; "
			"remove it once no server's certificate is of that CA",
			ca.count);
}

static void check_redis(const struct checking *c)
{
	struct snapshot_fault fault = {0};
	struct redis_settings redis = {0};
	char text[FAULT_TEXT_SIZE];

	if (c->snapshot->header.redis_offset == 0)
		return;
	if (!snapshot_redis(c->snapshot, &redis, &fault)) {
		find(c->report, CHECK_CRITICAL, "%s", fault_text(&fault, text));
		return;
	}
	if (redis.tls_ca.len > 0 && !redis_tls_is_built())
		find(c->report, CHECK_WARNING,
			"Redis is to be asked over TLS, which this ocspctl is built without; "
			"an ocsp-cgi of the same build answers internalError: build both with REDIS_TLS=1");
	check_redis_tls(c, &redis);
}

void check(const char *path, const struct check_limits *limits, int64_t now, struct check_report *out)
{
	struct snapshot_fault fault = {0};
	struct snapshot s = {0};
	const struct checking c = {&s, limits, now, out};
	char text[FAULT_TEXT_SIZE];
	char *wrong = NULL;

	*out = (struct check_report){0};
	if (!snapshot_kind_open(&s, path, &fault)) {
		find(out, fault_level(&fault), "%s", fault_text(&fault, text));
		return;
	}
	wrong = self_test(&s);
	if (wrong != NULL)
		find(out, CHECK_CRITICAL, "self-test: %s; compile again", wrong);
	else
		find(out, CHECK_OK, "self-test: %s signs for %u CA%s", path, s.header.ca_count,
			s.header.ca_count == 1 ? "" : "s");
	check_cas(&c);
	check_redis(&c);
	free(wrong);
	snapshot_close(&s);
}

void check_free(struct check_report *report)
{
	free(report->summary);
	free(report->details);
	*report = (struct check_report){0};
}
