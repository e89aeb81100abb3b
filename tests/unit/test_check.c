/* check: what expires, what is missing, and how bad that is; and what compile says of the same tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "compile_lab.h"
#include "ctl/compile/check.h"
#include "ctl/table/table_write.h"

static void install(const char *yaml)
{
	struct compiled compiled = {0};
	struct messages m = {0};

	(void)compile_text(yaml, PKI_NOW, &compiled, &m);
	assert_true(compile_install(&compiled, pki_path(folder, "snapshot"), FILE_GROUP_KEEP, &m));
	compile_free(&compiled);
}

/* What check says of the installed snapshot: its summary, then its details. */
static const char *check_at(int64_t now, enum check_level *level)
{
	static char text[4096];
	const struct check_limits limits = {CHECK_SIGNER_DAYS, 0};
	struct check_report report = {0};

	check(pki_path(folder, "snapshot"), &limits, now, &report);
	(void)snprintf(text, sizeof text, "%s\n%s", report.summary, report.details);
	*level = report.level;
	check_free(&report);
	return text;
}

static void check_tells_what_expires(void **state)
{
	static const char together[] = REDIS; /* the CA itself: a year */
	static const char gap[] = CAS "  A:\n    ca_cert: {cert: ca.pem}\n    ocsp_certs:\n" SIGNER(
		"ending", "") SIGNER("next", "");
	static const char asked[] =
		REDIS "    require_signed_requests: {requesters: [p256.pem, ending.pem]}\n";
	static const struct {
		const char *name, *yaml;
		int64_t days;
		enum check_level level;
		const char *said;
	} cases[] = {
		{"redis_only", together, 0, CHECK_OK, "takes its status from Redis"},
		{"self_test", together, 0, CHECK_OK, "snapshot signs for 1 CA\n"},
		{"missing_table", GOOD, 0, CHECK_CRITICAL, "CA A: table: "},
		{"missing_table_advice", GOOD, 0, CHECK_CRITICAL,
			"; ocspctl table makes it (No such file or directory)\n"},
		{"fourteen_days", together, 351, CHECK_WARNING,
			"CA A has no signer beyond 2028-01-15T08:00:00Z"},
		{"more_than_fourteen_days", together, 350, CHECK_OK,
			"ok: CA A has a signer until 2028-01-15"},
		{"its_last_second", together, 365, CHECK_CRITICAL, "CA A has no signer that is valid now"},
		{"too_late", together, 366, CHECK_CRITICAL, "CA A has no signer that is valid now"},
		{"requester_ending", asked, 0, CHECK_WARNING,
			"the certificate of requester CN=ending ends on 2027-01-16T08:00:00Z"},
		{"requester_ended", asked, 2, CHECK_WARNING,
			"the certificate of requester CN=ending ended on 2027-01-16T08:00:00Z"},
		{"the_next_takes_over", gap, 0, CHECK_OK, "ok: CA A has a signer until 2027-11-11"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum check_level level = CHECK_OK;
		const char *said = NULL;

		install(cases[i].yaml);
		said = check_at(PKI_NOW + cases[i].days * PKI_DAY, &level);

		pki_assert_said(cases[i].name, said, cases[i].said);
		if (level != cases[i].level)
			fail_msg("%s: level %d: %s", cases[i].name, (int)level, said);
	}
}

/* A table of this kind of CA in the folder. */
static void write_table(const char *file, const char *ca_file, int64_t this_update, int64_t next_update)
{
	struct messages m = {0};
	struct table_rows rows = {0};
	struct issuer_hashes hashes = {0};
	struct table_header header = {
		.kind = TABLE_INDEX, .this_update = this_update, .next_update = next_update};
	const struct table_entry good = {CERT_STATUS_GOOD, 0, CRL_REASON_NONE};
	const struct config_text ca_path = {(char *)(uintptr_t)pki_path(folder, ca_file), {NULL, 0, 0}};
	X509 *ca = credentials_certificate(ca_path, &m);
	FILE *out = pki_open(pki_path(folder, file));
	uint8_t *octets = NULL;
	size_t size = 0;

	assert_true(issuer_hashes(ca, &hashes));
	memcpy(header.name_hash, hashes.name[CERTID_SHA256], 32);
	memcpy(header.key_hash, hashes.key[CERTID_SHA256], 32);
	assert_true(table_rows_add(&rows, SLICE("\x01"), &good, (struct place){"index.txt", 1, 1}, &m));
	octets = table_build(&rows, &header, &size, &m);
	assert_non_null(octets);
	assert_int_equal(fwrite(octets, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
	free(octets);
	table_rows_free(&rows);
	X509_free(ca);
}

/* Its mode is not what is wrong with it. */
static void what_is_no_snapshot_is_called_what_it_is(void **state)
{
	enum check_level level = CHECK_OK;
	const char *said = NULL;
	FILE *out = NULL;

	(void)state;
	write_table("snapshot", "ca.pem", PKI_NOW, PKI_NOW + PKI_DAY);
	assert_int_equal(chmod(pki_path(folder, "snapshot"), 0644), 0);
	said = check_at(PKI_NOW, &level);
	pki_assert_said("table", said, "this is a table");
	assert_int_equal(level, CHECK_CRITICAL);
	out = pki_open(pki_path(folder, "snapshot"));
	assert_true(fputs("a: b\n", out) >= 0);
	assert_int_equal(fclose(out), 0);
	said = check_at(PKI_NOW, &level);
	pki_assert_said("short", said, "this is no snapshot");
	assert_int_equal(level, CHECK_CRITICAL);
}

static const struct table_case {
	const char *name, *ca;
	int64_t this_update, next_update;
	unsigned errors, warnings; /* of the compilation */
	const char *compiled;
	enum check_level level;
	const char *checked;
} table_cases[] = {
	{"fresh", "ca.pem", -PKI_DAY, 6 * PKI_DAY, 0, 0, "", CHECK_OK, "is good until 2027-01-21T08:00:00Z"},
	{"last_quarter", "ca.pem", -3 * PKI_DAY, PKI_DAY, 0, 0, "", CHECK_WARNING,
		"is its refresh job running?"},
	{"stale", "ca.pem", -3 * PKI_DAY, -1, 0, 1, "is stale since 2027-01-15T07:59:59Z", CHECK_CRITICAL,
		"is stale since 2027-01-15T07:59:59Z"},
	{"ends_now", "ca.pem", -3 * PKI_DAY, 0, 0, 1, "is stale since 2027-01-15T08:00:00Z", CHECK_CRITICAL,
		"is stale since 2027-01-15T08:00:00Z"},
	{"future", "ca.pem", 1, PKI_DAY, 0, 1, "is from the future", CHECK_CRITICAL, "is from the future"},
	{"another_cas", "twin.pem", -PKI_DAY, PKI_DAY, 1, 0, "config.yaml:4:21: error: table ",
		CHECK_CRITICAL, "is another CA's, not that of A"},
};

static void check_table_case(const struct table_case *c)
{
	struct compiled compiled = {0};
	struct messages m = {0};
	enum check_level level = CHECK_OK;
	const char *said = NULL;

	write_table("a.table", c->ca, PKI_NOW + c->this_update, PKI_NOW + c->next_update);
	said = compile_text(GOOD, PKI_NOW, &compiled, &m);
	compile_free(&compiled);
	pki_assert_said(c->name, said, c->compiled);
	if (m.errors != c->errors || m.warnings != c->warnings)
		fail_msg("%s: %u errors, %u warnings", c->name, m.errors, m.warnings);
	assert_int_equal(unlink(pki_path(folder, "a.table")), 0);
	install(GOOD);
	write_table("a.table", c->ca, PKI_NOW + c->this_update, PKI_NOW + c->next_update);
	said = check_at(PKI_NOW, &level);
	pki_assert_said(c->name, said, c->checked);
	if (level != c->level)
		fail_msg("%s: level %d: %s", c->name, (int)level, said);
	assert_int_equal(unlink(pki_path(folder, "a.table")), 0);
}

static void tables_are_this_cas_and_fresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table_cases / sizeof *table_cases; i++)
		check_table_case(&table_cases[i]);
}

static void no_snapshot_is_critical_and_says_where(void **state)
{
	const struct check_limits limits = {CHECK_SIGNER_DAYS, 0};
	struct check_report report = {0};

	(void)state;
	check(pki_path(folder, "nowhere"), &limits, PKI_NOW, &report);
	assert_int_equal(report.level, CHECK_CRITICAL);
	assert_non_null(strstr(report.summary, "/nowhere"));
	check_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_snapshot_is_called_what_it_is),
		cmocka_unit_test(check_tells_what_expires),
		cmocka_unit_test(tables_are_this_cas_and_fresh),
		cmocka_unit_test(no_snapshot_is_critical_and_says_where),
	};

	return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
