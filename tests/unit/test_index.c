/* index: each form of a line that `openssl ca` writes, and each that is refused with its number. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/table/index.h"
#include "table_lab.h"

#define EXPIRY  "300101000000Z"
#define DATE    "260102030405Z"
#define END     "\tunknown\t/C=DE/CN=host"
#define REVOKED "R\t" EXPIRY "\t" DATE
#define SERIAL_64                                                                                            \
	"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF01" \
	"23456789ABCDEF0123456789ABCDEF"

struct index_case {
	const char *name, *line;
	const char *refused; /* part of the message; NULL: accepted */
	enum cert_status status;
	int64_t time;
	int reason;
	struct slice serial;
};

#define ACCEPTED_GOOD(serial)                                                                                \
	NULL, CERT_STATUS_GOOD, 0, CRL_REASON_NONE,                                                          \
	{                                                                                                    \
		(const uint8_t *)serial, sizeof(serial) - 1                                                  \
	}
#define ACCEPTED_REVOKED(reason)                                                                             \
	NULL, CERT_STATUS_REVOKED, LAB_UNIX, reason,                                                         \
	{                                                                                                    \
		(const uint8_t *)"\x0A", 1                                                                   \
	}
#define REFUSED(why)                                                                                         \
	why, CERT_STATUS_GOOD, 0, 0,                                                                         \
	{                                                                                                    \
		NULL, 0                                                                                      \
	}
#define REASON(words) REVOKED words "\t0A" END "\n"
#define GOOD_LINE     "V\t" EXPIRY "\t\t0A" END "\n"

static const struct index_case cases[] = {
	{"valid", GOOD_LINE, ACCEPTED_GOOD("\x0A")},
	{"expired", "E\t" EXPIRY "\t\t0A" END "\n", ACCEPTED_GOOD("\x0A")},
	{"serial_lower_case", "V\t" EXPIRY "\t\tfaCe" END "\n", ACCEPTED_GOOD("\xFA\xCE")},
	{"serial_leading_zeros", "V\t" EXPIRY "\t\t00000A00" END "\n", ACCEPTED_GOOD("\x0A\x00")},
	{"serial_zero", "V\t" EXPIRY "\t\t00" END "\n", ACCEPTED_GOOD("")},
	{"expiry_generalized", "V\t20600101000000Z\t\t0A" END "\n", ACCEPTED_GOOD("\x0A")},
	{"crlf", "V\t" EXPIRY "\t\t0A" END "\r\n", ACCEPTED_GOOD("\x0A")},
	{"last_line_without_newline", "V\t" EXPIRY "\t\t0A" END, ACCEPTED_GOOD("\x0A")},
	{"comment_before", "# a comment\n" GOOD_LINE, ACCEPTED_GOOD("\x0A")},
	{"subject_with_escaped_tab", "V\t" EXPIRY "\t\t0A\tunknown\t/CN=a\\\tb\n", ACCEPTED_GOOD("\x0A")},
	{"empty_subject", "V\t" EXPIRY "\t\t0A\tunknown\t\n", ACCEPTED_GOOD("\x0A")},

	{"no_reason", REASON(""), ACCEPTED_REVOKED(CRL_REASON_NONE)},
	{"revoked_generalized", "R\t" EXPIRY "\t20260102030405Z\t0A" END "\n",
		ACCEPTED_REVOKED(CRL_REASON_NONE)},
	{"unspecified", REASON(",unspecified"), ACCEPTED_REVOKED(CRL_REASON_UNSPECIFIED)},
	{"key_compromise", REASON(",keyCompromise"), ACCEPTED_REVOKED(CRL_REASON_KEY_COMPROMISE)},
	{"ca_compromise", REASON(",CACompromise"), ACCEPTED_REVOKED(CRL_REASON_CA_COMPROMISE)},
	{"affiliation", REASON(",affiliationChanged"), ACCEPTED_REVOKED(CRL_REASON_AFFILIATION_CHANGED)},
	{"superseded", REASON(",superseded"), ACCEPTED_REVOKED(CRL_REASON_SUPERSEDED)},
	{"cessation", REASON(",cessationOfOperation"), ACCEPTED_REVOKED(CRL_REASON_CESSATION_OF_OPERATION)},
	{"hold", REASON(",certificateHold"), ACCEPTED_REVOKED(CRL_REASON_CERTIFICATE_HOLD)},
	{"hold_instruction", REASON(",holdInstruction,1.2.840.10040.2.2"),
		ACCEPTED_REVOKED(CRL_REASON_CERTIFICATE_HOLD)},
	{"key_time", REASON(",keyTime,20250101000000Z"), ACCEPTED_REVOKED(CRL_REASON_KEY_COMPROMISE)},
	{"ca_key_time", REASON(",CAkeyTime,20250101000000Z"), ACCEPTED_REVOKED(CRL_REASON_CA_COMPROMISE)},
	{"reason_in_lower_case", REASON(",keycompromise"), ACCEPTED_REVOKED(CRL_REASON_KEY_COMPROMISE)},

	{"remove_from_crl", REASON(",removeFromCRL"), REFUSED("revocation reason")},
	{"unknown_reason", REASON(",bored"), REFUSED("revocation reason")},
	{"empty_reason", REASON(","), REFUSED("revocation reason")},
	{"revoked_without_date", "R\t" EXPIRY "\t\t0A" END "\n", REFUSED("without a revocation date")},
	{"revoked_with_reason_only", "R\t" EXPIRY "\t,superseded\t0A" END "\n",
		REFUSED("revocation date is neither")},
	{"revoked_on_no_day", "R\t" EXPIRY "\t260231000000Z\t0A" END "\n",
		REFUSED("revocation date is neither")},
	{"revoked_without_z", "R\t" EXPIRY "\t2601020304055\t0A" END "\n",
		REFUSED("revocation date is neither")},
	{"valid_with_revocation_date", "V\t" EXPIRY "\t" DATE "\t0A" END "\n", REFUSED("not revoked, yet")},
	{"expired_with_revocation_date", "E\t" EXPIRY "\t" DATE "\t0A" END "\n", REFUSED("not revoked, yet")},
	{"unknown_status", "X\t" EXPIRY "\t\t0A" END "\n", REFUSED("none of V, E, R")},
	{"lower_case_status", "v\t" EXPIRY "\t\t0A" END "\n", REFUSED("none of V, E, R")},
	{"long_status", "VV\t" EXPIRY "\t\t0A" END "\n", REFUSED("none of V, E, R")},
	{"no_status", "\t" EXPIRY "\t\t0A" END "\n", REFUSED("none of V, E, R")},
	{"expiry_empty", "V\t\t\t0A" END "\n", REFUSED("expiry date")},
	{"expiry_too_long", "V\t2030010100000000Z\t\t0A" END "\n", REFUSED("expiry date")},
	{"serial_empty", "V\t" EXPIRY "\t\t" END "\n", REFUSED("serial is empty")},
	{"serial_negative", "V\t" EXPIRY "\t\t-0A" END "\n", REFUSED("serial is negative")},
	{"serial_odd", "V\t" EXPIRY "\t\t00A" END "\n", REFUSED("odd number of digits")},
	{"serial_not_hexadecimal", "V\t" EXPIRY "\t\t0G" END "\n", REFUSED("not hexadecimal")},
	{"serial_with_prefix", "V\t" EXPIRY "\t\t0x0A" END "\n", REFUSED("not hexadecimal")},
	{"serial_of_65_octets", "V\t" EXPIRY "\t\t01" SERIAL_64 END "\n", REFUSED("longer than 64 octets")},
	{"five_fields", "V\t" EXPIRY "\t\t0A\tunknown\n", REFUSED("six fields")},
	{"seven_fields", "V\t" EXPIRY "\t\t0A" END "\tmore\n", REFUSED("six fields")},
	{"blanks_for_tabs", "V " EXPIRY "  0A unknown /CN=a\n", REFUSED("six fields")},
	{"blank_line", "\n", REFUSED("six fields")},
};

static enum index_step read_first(
	const char *path, struct index *x, struct index_entry *entry, struct messages *m)
{
	int terminal = lab_listen();
	enum index_step step = index_open(x, path, m) ? index_next(x, entry, m) : INDEX_FAILED;
	lab_heard(terminal);
	return step;
}

static void assert_case(const struct index_case *c)
{
	struct index x;
	struct index_entry entry;
	struct messages m = {0};
	enum index_step step = read_first(lab_write_text("index.txt", c->line), &x, &entry, &m);
	if ((step == INDEX_ENTRY) != (c->refused == NULL))
		fail_msg("%s: %s", c->name, lab_said);
	lab_assert_said(c->name, c->refused);
	if (c->refused)
		lab_assert_said(c->name, "index.txt:1: error: ");
	if (!c->refused &&
		(entry.status != c->status || entry.revocation_time != c->time || entry.reason != c->reason))
		fail_msg("%s: status %d, time %lld, reason %d", c->name, (int)entry.status,
			(long long)entry.revocation_time, entry.reason);
	if (!c->refused && !bytes_equal(entry.serial, c->serial))
		fail_msg("%s: another serial", c->name);
	if (!c->refused)
		assert_int_equal(index_next(&x, &entry, &m), INDEX_END);
	index_close(&x);
}

static void each_line_is_accepted_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_case(&cases[i]);
}

static void a_serial_of_64_octets_fits(void **state)
{
	struct index x;
	struct index_entry entry;
	struct messages m = {0};
	const char *path = lab_write_text("index.txt", "V\t" EXPIRY "\t\t0000" SERIAL_64 END "\n");
	(void)state;
	assert_int_equal(read_first(path, &x, &entry, &m), INDEX_ENTRY);
	assert_int_equal(entry.serial.len, 64);
	assert_int_equal(entry.serial.data[63], 0xEF);
	index_close(&x);
}

static void reading_goes_on_behind_a_bad_line_and_counts_all(void **state)
{
	struct index x;
	struct index_entry entry;
	struct messages m = {0};
	const char *path = lab_write_text("index.txt", "# comment\nbad\n# comment\n" GOOD_LINE "bad\n");
	(void)state;
	assert_int_equal(read_first(path, &x, &entry, &m), INDEX_REFUSED);
	lab_assert_said("first", "index.txt:2: error: ");
	assert_int_equal(index_next(&x, &entry, &m), INDEX_ENTRY);
	assert_int_equal(x.at.line, 4);
	int terminal = lab_listen();
	assert_int_equal(index_next(&x, &entry, &m), INDEX_REFUSED);
	lab_heard(terminal);
	lab_assert_said("last", "index.txt:5: error: ");
	assert_int_equal(index_next(&x, &entry, &m), INDEX_END);
	assert_int_equal(m.errors, 2);
	index_close(&x);
}

static void a_nul_or_an_unreadable_file_is_an_error(void **state)
{
	static const char nul[] = "V\t" EXPIRY "\t\t0A" END "\0\n";
	struct index x;
	struct index_entry entry;
	struct messages m = {0};
	(void)state;
	assert_int_equal(
		read_first(lab_write("nul.txt", nul, sizeof nul - 1), &x, &entry, &m), INDEX_REFUSED);
	lab_assert_said("nul", "holds a NUL");
	index_close(&x);
	assert_int_equal(read_first(lab_path("missing.txt"), &x, &entry, &m), INDEX_FAILED);
	lab_assert_said("missing", "cannot open");
	index_close(&x);
	assert_int_equal(read_first(lab_folder, &x, &entry, &m), INDEX_FAILED);
	lab_assert_said("folder", "cannot be read");
	index_close(&x);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_accepted_or_refused),
		cmocka_unit_test(a_serial_of_64_octets_fits),
		cmocka_unit_test(reading_goes_on_behind_a_bad_line_and_counts_all),
		cmocka_unit_test(a_nul_or_an_unreadable_file_is_an_error),
	};
	return cmocka_run_group_tests(tests, lab_open, lab_close);
}
