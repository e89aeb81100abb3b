/* ocspctl table --crl: every entry as OpenSSL reads it, the parts of a partitioned CRL, and what replaces what. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "ctl/file.h"

#include "command_lab.h"

#define PARTS_MAX       4
#define NEW_YEAR(yy)    "17{" yy "30313031 303030303030 5A}"
#define Y25             NEW_YEAR("3235")
#define Y26             NEW_YEAR("3236")
#define Y48             NEW_YEAR("3438")
#define Y48_UNIX        2461449600
#define REVOKED(serial) .revoked = "30{" LAB_ENTRY(serial) "}"
#define EXTENDED(list)  .extensions = "A0{30{" list "}}"
#define SCOPED(content) EXTENDED(LAB_SCOPE(content))

static struct lab_ca ca, other;

static int set_up(void **state)
{
	int result = lab_open(state);
	ca = lab_ca_make(LAB_CN, EVP_EC_gen("P-256"), "cRLSign,keyCertSign");
	other = lab_ca_make("Other", EVP_EC_gen("P-256"), NULL);
	lab_write_certificate("ca.pem", ca.certificate);
	lab_write_certificate("other.pem", other.certificate);
	lab_write_text("index.txt", "V\t300101000000Z\t\t01\tunknown\t/CN=a\n");
	return result;
}

static int tear_down(void **state)
{
	lab_ca_free(&ca);
	lab_ca_free(&other);
	return lab_close(state);
}

static int make(const char *table, const char *crl)
{
	return RUN("--crl", crl, "--ca-cert", lab_path("ca.pem"), "-o", table);
}

/* ---- entries ---- */

static X509_CRL *openssl_crl(unsigned entries)
{
	static const int reasons[] = {-1, 0, 1, 2, 3, 4, 5, 6, 9, 10};
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_set(NULL, 1767323045);
	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca.certificate));
	X509_CRL_set1_lastUpdate(crl, time);
	X509_CRL_set1_nextUpdate(crl, ASN1_TIME_set(time, 2600000000));
	for (unsigned i = 0; i < entries; i++) {
		X509_REVOKED *revoked = X509_REVOKED_new();
		BIGNUM *serial = BN_new();
		BN_set_word(serial,
			3 * i); /* of 1 to 20 octets, all different: 3i shifted, with i in its last bits */
		BN_lshift(serial, serial, (int)(i % 15) * 8);
		BN_add_word(serial, i);
		ASN1_INTEGER *number = BN_to_ASN1_INTEGER(serial, NULL);
		ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
		X509_REVOKED_set_serialNumber(revoked, number);
		X509_REVOKED_set_revocationDate(
			revoked, ASN1_TIME_set(time, 1000000000 + (time_t)i * 900001));
		ASN1_ENUMERATED_set(reason, reasons[i % COUNT(reasons)]);
		if (i % COUNT(reasons) != 0)
			assert_true(X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0));
		assert_true(X509_CRL_add0_revoked(crl, revoked));
		ASN1_ENUMERATED_free(reason);
		ASN1_INTEGER_free(number);
		BN_free(serial);
	}
	ASN1_TIME_free(time);
	assert_true(X509_CRL_sign(crl, ca.key, EVP_sha256()) > 0);
	return crl;
}

static void assert_entry_of(const struct table *t, X509_REVOKED *revoked)
{
	unsigned char *der = NULL;
	int critical = 0;
	struct tm tm = {0};
	int len = i2d_ASN1_INTEGER(X509_REVOKED_get0_serialNumber(revoked), &der);
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, &critical, NULL);
	struct table_entry entry = look_up(t, (struct slice){der + 2, (size_t)len - 2});
	assert_int_equal(entry.status, CERT_STATUS_REVOKED);
	assert_true(ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(revoked), &tm));
	assert_int_equal(entry.revocation_time, timegm(&tm));
	assert_int_equal(entry.reason, reason ? ASN1_ENUMERATED_get(reason) : CRL_REASON_NONE);
	ASN1_ENUMERATED_free(reason);
	OPENSSL_free(der);
}

static void each_entry_is_in_the_table_as_openssl_reads_it(void **state)
{
	enum { ENTRIES = 1500 };
	X509_CRL *crl = openssl_crl(ENTRIES);
	unsigned char *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	const char *table = lab_path("entries.table");
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
	(void)state;
	assert_status("entries", make(table, lab_write("entries.crl", der, (size_t)len)), 0);
	lab_assert_said("entries", NULL);
	struct table t = open_table(table);
	assert_int_equal(t.header.kind, TABLE_CRL);
	assert_int_equal(t.header.entry_count, ENTRIES);
	assert_int_equal(t.header.this_update, 1767323045);
	assert_int_equal(t.header.next_update, 2600000000);
	for (int i = 0; i < sk_X509_REVOKED_num(revoked); i++)
		assert_entry_of(&t, sk_X509_REVOKED_value(revoked, i));
	assert_true(is_absent(&t, SLICE("\x7F\x7F\x7F")));
	table_close(&t);
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

/* ---- partitions ---- */

struct set_case {
	const char *name;
	struct lab_crl parts[PARTS_MAX];
	size_t count;
	bool complete;
	enum table_kind kind; /* 0: refused */
	const char *said;
};

static const char partial[] = "answered with unauthorized";

static const struct set_case sets[] = {
	{"whole", {{REVOKED("05")}}, 1, false, TABLE_CRL, NULL},
	{"whole_said_to_be_complete", {{REVOKED("05")}}, 1, true, TABLE_CRL, NULL},
	{"users", {{REVOKED("05"), SCOPED(LAB_USERS)}}, 1, false, TABLE_CRL_PARTIAL, partial},
	{"cas", {{REVOKED("05"), SCOPED(LAB_CAS)}}, 1, false, TABLE_CRL_PARTIAL, partial},
	{"users_and_cas", {{REVOKED("05"), SCOPED(LAB_USERS)}, {REVOKED("06"), SCOPED(LAB_CAS)}}, 2, false,
		TABLE_CRL, NULL},
	{"users_complete", {{REVOKED("05"), SCOPED(LAB_USERS)}}, 1, true, TABLE_CRL, NULL},
	{"point", {{REVOKED("05"), SCOPED(LAB_POINT("61"))}}, 1, false, TABLE_CRL_PARTIAL, partial},
	{"points", {{REVOKED("05"), SCOPED(LAB_POINT("61"))}, {REVOKED("06"), SCOPED(LAB_POINT("62"))}}, 2,
		false, TABLE_CRL_PARTIAL, partial},
	{"points_complete",
		{{REVOKED("05"), SCOPED(LAB_POINT("61"))}, {REVOKED("06"), SCOPED(LAB_POINT("62"))}}, 2, true,
		TABLE_CRL, NULL},
	{"users_and_cas_of_points",
		{{REVOKED("05"), SCOPED(LAB_POINT("61") LAB_USERS)},
			{REVOKED("06"), SCOPED(LAB_POINT("61") LAB_CAS)}},
		2, false, TABLE_CRL_PARTIAL, partial},
	{"whole_and_point", {{REVOKED("05")}, {REVOKED("06"), SCOPED(LAB_POINT("61"))}}, 2, false, TABLE_CRL,
		NULL},
	{"point_twice", {{REVOKED("05"), SCOPED(LAB_POINT("61"))}, {REVOKED("06"), SCOPED(LAB_POINT("61"))}},
		2, true, 0, "same scope"},
	{"whole_twice", {{REVOKED("05")}, {REVOKED("05")}}, 2, false, 0, "same scope"},
	{"one_of_another_ca", {{REVOKED("05"), SCOPED(LAB_USERS)}, {.issuer = "30{}", SCOPED(LAB_CAS)}}, 2,
		false, 0, "not this CA"},
	{"contradicting_parts",
		{{REVOKED("05"), SCOPED(LAB_USERS)}, {.revoked = "30{30{02{05}" Y25 "}}", SCOPED(LAB_CAS)}},
		2, false, 0, "entry 1 contradicts entry 1 of"},
	{"equal_entries_in_two_parts", {{REVOKED("05"), SCOPED(LAB_USERS)}, {REVOKED("05"), SCOPED(LAB_CAS)}},
		2, false, TABLE_CRL, "more than once"},
};

static int run_set(const struct set_case *set, const char *table)
{
	const char *arguments[16] = {"--ca-cert", lab_path("ca.pem"), "-o", table};
	size_t count = 4;
	char name[32];
	for (size_t i = 0; i < set->count; i++) {
		snprintf(name, sizeof name, "part%zu.crl", i);
		arguments[count++] = "--crl";
		arguments[count++] = lab_crl_write(name, &set->parts[i], ca.key);
	}
	if (set->complete)
		arguments[count++] = "--complete";
	return command_run(arguments);
}

static void partitions_are_complete_only_when_that_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		const char *table = lab_path("set.table");
		unlink(table);
		assert_status(sets[i].name, run_set(&sets[i], table), sets[i].kind ? 0 : 1);
		lab_assert_said(sets[i].name, sets[i].said);
		if (!sets[i].kind) {
			assert_int_equal(access(table, F_OK), -1);
			continue;
		}
		struct table t = open_table(table);
		if (t.header.kind != sets[i].kind)
			fail_msg("%s: kind %u", sets[i].name, t.header.kind);
		(void)look_up(&t, SLICE("\x05"));
		assert_true(is_absent(&t, SLICE("\x07")));
		table_close(&t);
	}
}

static void a_set_is_as_old_as_its_oldest_part(void **state)
{
	static const struct set_case set = {"times",
		{{.this_update = Y26, .next_update = Y48, EXTENDED(LAB_NUMBER("09") LAB_SCOPE(LAB_USERS))},
			{.this_update = LAB_TIME,
				.next_update = LAB_TIME2,
				EXTENDED(LAB_NUMBER("0107") LAB_SCOPE(LAB_CAS))}},
		2, false, TABLE_CRL, NULL};
	const char *table = lab_path("times.table");
	(void)state;
	assert_status("times", run_set(&set, table), 0);
	struct table t = open_table(table);
	assert_int_equal(t.header.this_update, 1767225600);
	assert_int_equal(t.header.next_update, Y48_UNIX);
	assert_int_equal(t.header.has_crl_number, 1);
	assert_int_equal(t.header.crl_number[TABLE_CRL_NUMBER_MAX - 1], 9);
	assert_int_equal(t.header.crl_number[TABLE_CRL_NUMBER_MAX - 2], 0);
	table_close(&t);
}

/* ---- replacing ---- */

#define NUMBERED(n) EXTENDED(LAB_NUMBER(n))

static const struct {
	const char *name;
	struct lab_crl old, fresh;
	const char *refused;
} replacements[] = {
	{"same", {NUMBERED("05")}, {NUMBERED("05")}, NULL},
	{"newer", {NUMBERED("05"), .this_update = Y25}, {NUMBERED("06"), .this_update = Y26}, NULL},
	{"longer_number", {NUMBERED("7F")}, {NUMBERED("0080")}, NULL},
	{"lower_number", {NUMBERED("05")}, {NUMBERED("04")}, "higher cRLNumber"},
	{"lower_number_later", {NUMBERED("05"), .this_update = Y25}, {NUMBERED("04"), .this_update = Y26},
		"higher cRLNumber"},
	{"earlier", {.this_update = Y26}, {.this_update = Y25}, "later thisUpdate"},
	{"same_number_earlier", {NUMBERED("05"), .this_update = Y26}, {NUMBERED("05"), .this_update = Y25},
		"later thisUpdate"},
	{"higher_number_earlier", {NUMBERED("05"), .this_update = Y26}, {NUMBERED("06"), .this_update = Y25},
		"later thisUpdate"},
	{"number_lost", {NUMBERED("05")}, {.extensions = ""}, NULL},
	{"number_lost_earlier", {NUMBERED("05"), .this_update = Y26}, {.this_update = Y25},
		"later thisUpdate"},
	{"number_gained", {.extensions = ""}, {NUMBERED("01")}, NULL},
};

static void an_older_crl_replaces_only_by_force(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(replacements); i++) {
		const char *table = lab_path("replaced.table");
		unlink(table);
		assert_status(replacements[i].name,
			make(table, lab_crl_write("old.crl", &replacements[i].old, ca.key)), 0);
		const char *fresh = lab_crl_write("fresh.crl", &replacements[i].fresh, ca.key);
		assert_status(replacements[i].name, make(table, fresh), replacements[i].refused ? 1 : 0);
		lab_assert_said(replacements[i].name, replacements[i].refused);
		assert_status(replacements[i].name,
			RUN("--force", "--crl", fresh, "--ca-cert", lab_path("ca.pem"), "-o", table), 0);
		lab_assert_said(replacements[i].name, replacements[i].refused ? "as --force says" : NULL);
	}
}

/* A job with an older CRL that began while another one was writing a newer one. */
static void of_two_jobs_at_once_the_newer_crl_wins(void **state)
{
	static const struct lab_crl old = {NUMBERED("05")}, fresh = {NUMBERED("06")};
	const char *table = lab_path("race.table"), *newer = lab_path("newer.table");
	const char *crl = lab_crl_write("race.crl", &old, ca.key);
	struct messages m = {0};
	struct file_output other_job;
	int status = -1;
	(void)state;
	assert_status("newer", make(newer, lab_crl_write("newer.crl", &fresh, ca.key)), 0);
	struct table t = open_table(newer);
	assert_true(file_create_alone(&other_job, table, 10, &m));
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(other_job.fd); /* the lock is its parent's */
		int result = make(table, crl);
		_exit(result == 1 && strstr(lab_said, "another ocspctl is writing it") &&
					strstr(lab_said, "higher cRLNumber")
				? 0
				: 10 + result);
	}
	usleep(300000); /* it reads its CRL, and finds no table to compare with */
	assert_true(file_write(&other_job, t.file.data, t.file.len, &m));
	assert_true(file_commit(&other_job, 0644, FILE_GROUP_KEEP, &m));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	struct table left = open_table(table);
	assert_true(bytes_equal(left.file, t.file));
	table_close(&left);
	table_close(&t);
}

static void another_source_or_ca_replaces_only_by_force(void **state)
{
	const char *table = lab_path("kind.table"), *index = lab_path("index.txt");
	const char *crl = lab_crl_write("kind.crl", &(struct lab_crl){0}, ca.key);
	(void)state;
	assert_status("crl", make(table, crl), 0);
	assert_status("index", RUN("--index", index, "--ca-cert", lab_path("ca.pem"), "-o", table), 1);
	lab_assert_said("index", "was made of a CRL");
	assert_status(
		"force", RUN("--index", index, "--ca-cert", lab_path("ca.pem"), "-o", table, "--force"), 0);
	assert_status("crl over index", make(table, crl), 1);
	lab_assert_said("crl over index", "was made of an index");
	assert_status("other", RUN("--index", index, "--ca-cert", lab_path("other.pem"), "-o", table), 1);
	lab_assert_said("other", "table of another CA");
	struct table t = open_table(table);
	assert_int_equal(t.header.kind, TABLE_INDEX);
	table_close(&t);
}

static void a_broken_table_is_healed_and_anything_else_is_left(void **state)
{
	const char *table = lab_path("broken.table");
	const char *crl = lab_crl_write("broken.crl", &(struct lab_crl){0}, ca.key);
	(void)state;
	assert_status("made", make(table, crl), 0);
	assert_int_equal(truncate(table, 60), 0);
	assert_status("healed", make(table, crl), 0);
	lab_assert_said("healed", "cannot be compared with (shorter than a table's header)");
	lab_write_text("broken.table", "certificate_authorities:\n");
	assert_status("left", make(table, crl), 1);
	lab_assert_said("left", "is no status table");
}

static void stale_and_future_crls_are_written_with_a_warning(void **state)
{
	static const struct lab_crl stale = {.this_update = Y25, .next_update = Y26};
	static const struct lab_crl future = {.this_update = Y48, .next_update = LAB_TIME2};
	(void)state;
	assert_status("stale", make(lab_path("stale.table"), lab_crl_write("stale.crl", &stale, ca.key)), 0);
	lab_assert_said("stale", "nextUpdate 2026-01-01T00:00:00Z has passed");
	assert_status(
		"future", make(lab_path("future.table"), lab_crl_write("future.crl", &future, ca.key)), 0);
	lab_assert_said("future", "thisUpdate 2048-01-01T00:00:00Z is in the future");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_entry_is_in_the_table_as_openssl_reads_it),
		cmocka_unit_test(partitions_are_complete_only_when_that_is_known),
		cmocka_unit_test(a_set_is_as_old_as_its_oldest_part),
		cmocka_unit_test(an_older_crl_replaces_only_by_force),
		cmocka_unit_test(of_two_jobs_at_once_the_newer_crl_wins),
		cmocka_unit_test(another_source_or_ca_replaces_only_by_force),
		cmocka_unit_test(a_broken_table_is_healed_and_anything_else_is_left),
		cmocka_unit_test(stale_and_future_crls_are_written_with_a_warning),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
