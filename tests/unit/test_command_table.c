/* ocspctl table: the command line, an index, the configuration's part in it, files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "command_lab.h"

#include "ctl/credentials/issuer.h"

#include <sys/stat.h>
#include <time.h>

static struct lab_ca ca;
static const char index_text[] = "V\t300101000000Z\t\t01\tunknown\t/CN=a\n"
				 "R\t300101000000Z\t260102030405Z,keyCompromise\t02\tunknown\t/CN=b\n"
				 "E\t200101000000Z\t\tFF00\tunknown\t/CN=c\n";

static int set_up(void **state)
{
	int result = lab_open(state);
	ca = lab_ca_make(LAB_CN, EVP_EC_gen("P-256"), "cRLSign,keyCertSign");
	lab_write_certificate("ca.pem", ca.certificate);
	lab_write_text("index.txt", index_text);
	return result;
}

static int tear_down(void **state)
{
	lab_ca_free(&ca);
	return lab_close(state);
}

static void command_lines(void **state)
{
	static const struct {
		const char *name;
		const char *arguments[10];
		int status;
	} lines[] = {
		{"nothing", {NULL}, 2},
		{"no_source", {"--ca", "A", "-o", "x"}, 2},
		{"two_sources", {"--index", "i", "--crl", "c", "--ca", "A"}, 2},
		{"two_indexes", {"--index", "i", "--index", "j", "--ca", "A"}, 2},
		{"no_ca", {"--index", "i", "-o", "x"}, 2},
		{"two_cas", {"--index", "i", "--ca", "A", "--ca-cert", "ca.pem", "-o", "x"}, 2},
		{"certificate_and_configuration", {"--index", "i", "--ca-cert", "a", "-c", "c", "-o", "x"},
			2},
		{"certificate_without_output", {"--index", "i", "--ca-cert", "ca.pem"}, 2},
		{"hours_of_a_crl", {"--crl", "c", "--ca", "A", "--valid-hours", "1"}, 2},
		{"hours_0", {"--index", "i", "--ca", "A", "--valid-hours", "0"}, 2},
		{"hours_negative", {"--index", "i", "--ca", "A", "--valid-hours", "-1"}, 2},
		{"hours_too_many", {"--index", "i", "--ca", "A", "--valid-hours", "87601"}, 2},
		{"hours_with_a_unit", {"--index", "i", "--ca", "A", "--valid-hours", "1h"}, 2},
		{"complete_index", {"--index", "i", "--ca", "A", "--complete"}, 2},
		{"unknown_option", {"--index", "i", "--ca", "A", "--quick"}, 2},
		{"missing_argument", {"--index"}, 2},
		{"left_over", {"--index", "i", "--ca", "A", "B"}, 2},
		{"help", {"--help"}, 0},
		{"help_and_nothing_else_counts", {"--index", "i", "--help"}, 0},
		{"missing_configuration", {"--index", "i", "--ca", "A", "-c", "/missing/config.yaml"}, 1},
		{"missing_certificate", {"--index", "i", "--ca-cert", "/missing/ca.pem", "-o", "x"}, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_status(lines[i].name, command_run(lines[i].arguments), lines[i].status);
		assert_true((lab_said[0] != '\0') == (lines[i].status != 0));
	}
	assert_int_equal(RUN("--help"), 0);
	assert_non_null(strstr(command_printed, "--complete"));
	assert_int_equal(RUN("--index", "i", "--crl", "c", "--ca", "A"), 2);
	lab_assert_said("two_sources", "--index or --crl is needed, not both");
	assert_int_equal(RUN("--index", "i", "--ca", "A", "--ca-cert", "ca.pem", "-o", "x"), 2);
	lab_assert_said("two_cas", "--ca or --ca-cert is needed, not both");
}

static void assert_index_table(const char *path, int64_t before, int64_t hours)
{
	struct table t = open_table(path);
	struct issuer_hashes hashes = {0};
	struct table_entry entry;
	assert_true(issuer_hashes(ca.certificate, &hashes));
	assert_memory_equal(t.header.name_hash, hashes.name[CERTID_SHA256], 32);
	assert_memory_equal(t.header.key_hash, hashes.key[CERTID_SHA256], 32);
	assert_int_equal(t.header.kind, TABLE_INDEX);
	assert_int_equal(t.header.has_crl_number, 0);
	assert_in_range(t.header.this_update, before, time(NULL));
	assert_int_equal(t.header.next_update - t.header.this_update, hours * 3600);
	assert_int_equal(t.header.entry_count, 3);
	entry = look_up(&t, SLICE("\x01"));
	assert_int_equal(entry.status, CERT_STATUS_GOOD);
	entry = look_up(&t, SLICE("\x02"));
	assert_int_equal(entry.status, CERT_STATUS_REVOKED);
	assert_int_equal(entry.revocation_time, LAB_UNIX);
	assert_int_equal(entry.reason, CRL_REASON_KEY_COMPROMISE);
	entry = look_up(&t, SLICE("\x00\xFF\x00"));
	assert_int_equal(entry.status, CERT_STATUS_GOOD);
	assert_true(is_absent(&t, SLICE("\x03")));
	table_close(&t);
}

static void an_index_and_a_certificate_make_a_table(void **state)
{
	struct stat st;
	int64_t before = time(NULL);
	const char *table = lab_path("index.table");
	(void)state;
	mode_t mask = umask(077);
	assert_int_equal(
		RUN("--index", lab_path("index.txt"), "--ca-cert", lab_path("ca.pem"), "-o", table), 0);
	umask(mask);
	lab_assert_said("silent", NULL);
	assert_non_null(strstr(command_printed, "index.table: 3 entries, 1 revoked, thisUpdate 20"));
	assert_int_equal(stat(table, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_index_table(table, before, 168);
	assert_int_equal(RUN("--index", lab_path("index.txt"), "--ca-cert", lab_path("ca.pem"), "-o", table,
				 "--valid-hours", "24"),
		0);
	assert_index_table(table, before, 24);
}

static void the_configuration_names_certificate_table_and_hours(void **state)
{
	int64_t before = time(NULL);
	const char *config = lab_write_text("config.yaml", "certificate_authorities:\n"
							   "  A:\n" /* no key is there, and none is missed */
							   "    ca_cert: {cert: ca.pem, key: no.key}\n"
							   "    ocsp_validity_hours: 12\n"
							   "    status: {table: A.table}\n"
							   "  B:\n"
							   "    ca_cert: {cert: ca.pem, key: no.key}\n"
							   "  C:\n"
							   "    ca_cert: {pkcs12: ca.p12, password: x}\n"
							   "    status: {table: C.table}\n");
	const char *index = lab_path("index.txt"), *other = lab_path("other.table");
	(void)state;
	assert_status("A", RUN("--index", index, "--ca", "A", "-c", config), 0);
	assert_index_table(lab_path("A.table"), before, 12);
	assert_status("A -o",
		RUN("--index", index, "--ca", "A", "-c", config, "-o", other, "--valid-hours", "1"), 0);
	assert_index_table(other, before, 1);
	assert_status("B", RUN("--index", index, "--ca", "B", "-c", config), 1);
	lab_assert_said("B", "has no table here");
	assert_status("B -o", RUN("--index", index, "--ca", "B", "-c", config, "-o", other), 0);
	lab_assert_said("B -o", "not answered from a table");
	assert_status("C", RUN("--index", index, "--ca", "C", "-c", config), 1);
	lab_assert_said("C", "--ca-cert");
	assert_status("D", RUN("--index", index, "--ca", "D", "-c", config), 1);
}

static void a_refused_index_leaves_the_old_table(void **state)
{
	static const struct {
		const char *name, *text, *said;
	} indexes[] = {
		{"bad_line", "V\t300101000000Z\t\t01\tunknown\t/CN=a\nnonsense\n", "refused.txt:2: error: "},
		{"contradiction",
			"V\t300101000000Z\t\t01\tunknown\t/"
			"CN=a\nR\t300101000000Z\t260102030405Z\t0001\tunknown\t/CN=a\n",
			"refused.txt:2: error: serial 0x01: line 2 contradicts line 1"},
		{"no_index", "a\na\na\na\n", "refused.txt:3: error: too many errors"},
		{"crl_in_pem", "-----BEGIN X509 CRL-----\nMIIB\n", "refused.txt:1: error: this is a CRL"},
		{"crl_in_der", "\x30\x82\x01\x10\x30", "refused.txt:1: error: this is a CRL"},
	};
	const char *table = lab_path("kept.table");
	int64_t before = time(NULL);
	(void)state;
	assert_int_equal(
		RUN("--index", lab_path("index.txt"), "--ca-cert", lab_path("ca.pem"), "-o", table), 0);
	for (size_t i = 0; i < COUNT(indexes); i++) {
		const char *path = lab_write_text("refused.txt", indexes[i].text);
		assert_status(indexes[i].name,
			RUN("--index", path, "--ca-cert", lab_path("ca.pem"), "-o", table), 1);
		lab_assert_said(indexes[i].name, indexes[i].said);
		assert_string_equal(command_printed, "");
		assert_index_table(table, before, 168);
		assert_int_equal(access(lab_path("kept.table.new0"), F_OK), -1);
	}
}

static void an_empty_index_is_a_table_with_a_warning(void **state)
{
	const char *index = lab_write_text("empty.txt", ""), *table = lab_path("empty.table");
	(void)state;
	assert_status("empty", RUN("--index", index, "--ca-cert", lab_path("ca.pem"), "-o", table), 0);
	lab_assert_said("empty", "the index is empty");
	struct table t = open_table(table);
	assert_int_equal(t.header.entry_count, 0);
	assert_true(is_absent(&t, SLICE("\x01")));
	table_close(&t);
}

static const char *write_index(unsigned entries)
{
	FILE *file = fopen(lab_path("cut.txt"), "w");
	assert_non_null(file);
	for (unsigned i = 1; i <= entries; i++)
		fprintf(file, "V\t300101000000Z\t\t%04X\tunknown\t/CN=a\n", i);
	assert_int_equal(fclose(file), 0);
	return lab_path("cut.txt");
}

/* Beneath a thousand entries any index but an empty one may replace any other, with a warning where it has fewer. */
static void a_cut_index_is_warned_of_and_one_that_is_lost_refused(void **state)
{
	static const struct {
		const char *name;
		unsigned before, after;
		int status;
		const char *said;
	} cases[] = {
		{"none_to_none", 0, 0, 0, "the index is empty"},
		{"one_to_none", 1, 0, 1, "the new index is empty: no serial would be known any more"},
		{"small_to_none", 3, 0, 1, "it stays. If this is right, say --force"},
		{"small_to_one", 3, 1, 0, "had 3 entries, the new one has 1"},
		{"almost_large", 999, 1, 0, "had 999 entries, the new one has 1"},
		{"large_to_half", 1000, 500, 0, "had 1000 entries, the new one has 500"},
		{"large_to_less_than_half", 1000, 499, 1, "more than twice as many entries"},
		{"large_to_none", 1000, 0, 1, "say --force"},
	};
	const char *table = lab_path("cut.table"), *certificate = lab_path("ca.pem");
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unlink(table);
		assert_status(cases[i].name,
			RUN("--index", write_index(cases[i].before), "--ca-cert", certificate, "-o", table),
			0);
		assert_status(cases[i].name,
			RUN("--index", write_index(cases[i].after), "--ca-cert", certificate, "-o", table),
			cases[i].status);
		lab_assert_said(cases[i].name, cases[i].said);
	}
	assert_status("force",
		RUN("--index", lab_path("cut.txt"), "--ca-cert", certificate, "-o", table, "--force"), 0);
	struct table t = open_table(table);
	assert_int_equal(t.header.entry_count, 0);
	table_close(&t);
}

static struct slice serial_of(uint32_t number, uint8_t octets[5])
{
	for (unsigned i = 0; i < 4; i++)
		octets[4 - i] = (uint8_t)(number >> 8 * i);
	struct slice serial = {octets, 5};
	while (serial.len > 1 && serial.data[0] == 0 && serial.data[1] < 0x80)
		serial = (struct slice){serial.data + 1, serial.len - 1};
	return serial;
}

static void a_hundred_thousand_lines_are_all_found(void **state)
{
	enum { LINES = 100000 };
	const char *index = lab_path("large.txt"), *table = lab_path("large.table");
	FILE *out = fopen(index, "we");
	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < LINES; i++)
		fprintf(out,
			i % 10 == 0 ? "R\t300101000000Z\t260102030405Z\t%08X\tunknown\t/CN=a\n"
				    : "V\t300101000000Z\t\t%08X\tunknown\t/CN=a\n",
			i * 17);
	fclose(out);
	assert_status("large", RUN("--index", index, "--ca-cert", lab_path("ca.pem"), "-o", table), 0);
	struct table t = open_table(table);
	assert_int_equal(t.header.entry_count, LINES);
	for (unsigned i = 0; i < LINES; i++) {
		uint8_t octets[5] = {0};
		struct table_entry entry = look_up(&t, serial_of(i * 17, octets));
		assert_int_equal(entry.status, i % 10 == 0 ? CERT_STATUS_REVOKED : CERT_STATUS_GOOD);
		assert_true(is_absent(&t, serial_of(i * 17 + 1, octets)));
	}
	table_close(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines),
		cmocka_unit_test(an_index_and_a_certificate_make_a_table),
		cmocka_unit_test(the_configuration_names_certificate_table_and_hours),
		cmocka_unit_test(a_refused_index_leaves_the_old_table),
		cmocka_unit_test(an_empty_index_is_a_table_with_a_warning),
		cmocka_unit_test(a_cut_index_is_warned_of_and_one_that_is_lost_refused),
		cmocka_unit_test(a_hundred_thousand_lines_are_all_found),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
