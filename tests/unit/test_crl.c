/* crl: every field and extension that is accepted or refused, and the issuer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crl_lab.h"

struct crl_case {
	const char *name;
	struct lab_crl crl;
	const char *refused; /* part of the message; NULL: accepted without a word */
};

#define REVOKED(entries)             .revoked = "30{" entries "}"
#define EXTENSIONS(list)             .extensions = "A0{30{" list "}}"
#define ENTRY_EXTENSIONS(extensions) REVOKED(LAB_ENTRY_EXTENDED("05", extensions))
#define EIGHT(n)                                                                                             \
	"30{06032A" n "010400}30{06032A" n "020400}30{06032A" n "030400}30{06032A" n "040400}"               \
	"30{06032A" n "050400}30{06032A" n "060400}30{06032A" n "070400}30{06032A" n "080400}"
#define MANY                                                                                                 \
	EIGHT("11")                                                                                          \
	EIGHT("12") EIGHT("13") EIGHT("14") EIGHT("15") EIGHT("16") EIGHT("17") EIGHT("18") EIGHT("19")
#define REASON(n) ENTRY_EXTENSIONS(LAB_EXTENSION("15", "0A01" n))
#define OTHER_OID "06{2B0601040182370A}"

static const struct crl_case cases[] = {
	{"plain", {0}, NULL},
	{"v1_without_extensions", {.version = ""}, NULL},
	{"v1_encoded", {.version = "020100"}, "not v2"},
	{"v3", {.version = "020102"}, "not v2"},
	{"v1_with_extensions", {.version = "", EXTENSIONS(LAB_NUMBER("01"))}, "v1 CRL has extensions"},
	{"v1_with_entry_extensions",
		{.version = "", .revoked = "30{" LAB_ENTRY_EXTENDED("05", LAB_EXTENSION("15", "0A0101")) "}"},
		"entry of revokedCertificates is malformed"},
	{"inner_algorithm_differs", {.signature = "30{06{2A8648CE3D040303}}"}, "algorithms differ"},
	{"inner_algorithm_with_null", {.signature = "30{06{2A8648CE3D040302}0500}"}, "algorithms differ"},
	{"another_issuer", {.issuer = "30{31{30{06{550403}0C{55}}}}"}, "not this CA's subject"},
	{"issuer_as_printable_string", {.issuer = "30{31{30{06{550403}13{54}}}}"}, NULL},
	{"issuer_in_lower_case", {.issuer = "30{31{30{06{550403}0C{74}}}}"}, NULL},
	{"issuer_not_a_name", {.issuer = "04{00}"}, "issuer is malformed"},
	{"no_next_update", {.next_update = ""}, "no nextUpdate"},
	{"no_next_update_no_entries", {.next_update = "", .revoked = ""}, "no nextUpdate"},
	{"next_before_this", {.this_update = LAB_TIME2, .next_update = LAB_TIME}, "before thisUpdate"},
	{"this_update_without_z", {.this_update = "17{323630313032303330343035}"}, "thisUpdate is malformed"},
	{"next_update_on_february_30", {.next_update = "17{3330303233303233353935395A}"},
		"nextUpdate is malformed"},
	{"generalized_times", {.this_update = "18{32303236303130323033303430355A}"}, NULL},
	{"no_revoked", {.revoked = ""}, NULL},
	{"empty_revoked", {.revoked = "3000"}, NULL},
	{"revoked_as_set", {.revoked = "31{" LAB_ENTRY("05") "}"}, "no crlExtensions"},
	{"entry_without_date", {REVOKED("30{0201 05}")}, "malformed"},
	{"entry_with_more", {REVOKED("30{02{05}" LAB_TIME "0500}")}, "malformed"},
	{"serial_with_leading_zero", {REVOKED(LAB_ENTRY("0005"))}, "malformed"},
	{"serial_without_octets", {REVOKED(LAB_ENTRY(""))}, "malformed"},
	{"serial_negative", {REVOKED(LAB_ENTRY("80"))}, "negative"},
	{"serial_zero", {REVOKED(LAB_ENTRY("00"))}, NULL},

	{"reason_0", {REASON("00")}, NULL},
	{"reason_10", {REASON("0A")}, NULL},
	{"reason_7", {REASON("07")}, "none of CRLReason"},
	{"reason_8_remove_from_crl", {REASON("08")}, "removeFromCRL"},
	{"reason_11", {REASON("0B")}, "none of CRLReason"},
	{"reason_negative", {REASON("FF")}, "none of CRLReason"},
	{"reason_as_integer", {ENTRY_EXTENSIONS(LAB_EXTENSION("15", "020101"))}, "none of CRLReason"},
	{"reason_and_more", {ENTRY_EXTENSIONS(LAB_EXTENSION("15", "0A0101 0500"))}, "none of CRLReason"},
	{"reason_twice", {ENTRY_EXTENSIONS(LAB_EXTENSION("15", "0A0101") LAB_EXTENSION("15", "0A0101"))},
		"twice"},
	{"reason_critical", {ENTRY_EXTENSIONS(LAB_CRITICAL("15", "0A0101"))}, NULL},
	{"invalidity_date", {ENTRY_EXTENSIONS(LAB_EXTENSION("18", "18{32303236303130323033303430355A}"))},
		NULL},
	{"certificate_issuer", {ENTRY_EXTENSIONS(LAB_CRITICAL("1D", "30{A4{" LAB_NAME "}}"))},
		"indirect CRL"},
	{"certificate_issuer_not_critical", {ENTRY_EXTENSIONS(LAB_EXTENSION("1D", "3000"))}, "indirect CRL"},
	{"unknown_entry_extension", {ENTRY_EXTENSIONS("30{" OTHER_OID "04{05}}")}, NULL},
	{"unknown_entry_extension_twice",
		{ENTRY_EXTENSIONS("30{" OTHER_OID "04{05}}30{" OTHER_OID "04{06}}")}, "twice"},
	{"unknown_critical_entry_extension", {ENTRY_EXTENSIONS("30{" OTHER_OID "0101FF04{05}}")},
		"1.3.6.1.4.1.311.10"},
	{"no_entry_extensions", {ENTRY_EXTENSIONS("")}, "crlEntryExtensions is empty"},
	{"entry_extension_without_value", {ENTRY_EXTENSIONS("30{" OTHER_OID "}")},
		"entry extension is malformed"},
	{"entry_extension_boolean_1", {ENTRY_EXTENSIONS("30{" OTHER_OID "01010104{05}}")}, "malformed"},

	{"number", {EXTENSIONS(LAB_NUMBER("01"))}, NULL},
	{"number_of_20_octets",
		{EXTENSIONS(LAB_NUMBER("7F"
				       "000102030405060708090A0B0C0D0E0F101112"))},
		NULL},
	{"number_of_20_octets_and_sign",
		{EXTENSIONS(LAB_NUMBER("00"
				       "FF000102030405060708090A0B0C0D0E0F101112"))},
		NULL},
	{"number_of_21_octets", {EXTENSIONS(LAB_NUMBER("01FF000102030405060708090A0B0C0D0E0F101112"))},
		"longer than 20"},
	{"number_negative", {EXTENSIONS(LAB_NUMBER("80"))}, "cRLNumber is no INTEGER"},
	{"more_extensions_than_are_compared", {EXTENSIONS(MANY)}, "more than 64 CRL extensions"},
	{"more_entry_extensions_than_are_compared", {ENTRY_EXTENSIONS(MANY)},
		"more than 64 entry extensions"},
	{"number_twice", {EXTENSIONS(LAB_NUMBER("01") LAB_NUMBER("01"))}, "twice"},
	{"authority_key_identifier", {EXTENSIONS(LAB_EXTENSION("23", "30{80{01}}"))}, NULL},
	{"freshest_crl", {EXTENSIONS(LAB_EXTENSION("2E", "3000"))}, NULL},
	{"freshest_crl_critical", {EXTENSIONS(LAB_CRITICAL("2E", "3000"))}, "2.5.29.46"},
	{"delta_crl_indicator", {EXTENSIONS(LAB_CRITICAL("1B", "020101"))}, "delta CRL"},
	{"delta_crl_indicator_not_critical", {EXTENSIONS(LAB_EXTENSION("1B", "020101"))}, "delta CRL"},
	{"unknown_extension", {EXTENSIONS("30{" OTHER_OID "04{05}}")}, NULL},
	{"unknown_critical_extension", {EXTENSIONS("30{" OTHER_OID "0101FF04{05}}")}, "1.3.6.1.4.1.311.10"},
	{"no_extensions", {EXTENSIONS("")}, "crlExtensions is empty"},
	{"extensions_and_more", {.extensions = "A0{30{" LAB_NUMBER("01") "}}0500"}, "no crlExtensions"},
	{"scope_point", {EXTENSIONS(LAB_SCOPE(LAB_POINT("61")))}, NULL},
	{"scope_users", {EXTENSIONS(LAB_SCOPE(LAB_USERS))}, NULL},
	{"scope_cas_not_critical", {EXTENSIONS(LAB_EXTENSION("1C", "30{" LAB_CAS "}"))}, NULL},
	{"scope_users_and_cas", {EXTENSIONS(LAB_SCOPE(LAB_USERS LAB_CAS))}, "nothing fulfils"},
	{"scope_some_reasons", {EXTENSIONS(LAB_SCOPE("83{0640}"))}, "onlySomeReasons"},
	{"scope_indirect", {EXTENSIONS(LAB_SCOPE("8401FF"))}, "indirect CRL"},
	{"scope_attribute_certs", {EXTENSIONS(LAB_SCOPE("8501FF"))}, "onlyContainsAttributeCerts"},
	{"scope_flag_of_two_octets", {EXTENSIONS(LAB_SCOPE("8102FFFF"))}, "malformed"},
	{"scope_flag_1", {EXTENSIONS(LAB_SCOPE("840101"))}, "malformed"},
	{"scope_out_of_order", {EXTENSIONS(LAB_SCOPE("8401FF" LAB_USERS))}, "malformed"},
	{"scope_empty_point", {EXTENSIONS(LAB_SCOPE("A000"))}, "malformed"},
	{"scope_empty", {EXTENSIONS(LAB_SCOPE(""))}, NULL},
	{"scope_no_sequence", {EXTENSIONS(LAB_CRITICAL("1C", "0500"))}, "malformed"},
};

static void each_field_is_accepted_or_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned entries = 0;
		const char *path = lab_crl_write("case.crl", &cases[i].crl, ca.key);
		if (read_crl(path, ca.certificate, &entries) != (cases[i].refused == NULL))
			fail_msg("%s: %s", cases[i].name, lab_said);
		lab_assert_said(cases[i].name, cases[i].refused);
	}
}

static void fields_have_their_values(void **state)
{
	static const struct lab_crl from = {
		REVOKED(LAB_ENTRY("05") LAB_ENTRY_EXTENDED("7F00", LAB_EXTENSION("15", "0A0104"))),
		EXTENSIONS(LAB_NUMBER("1234") LAB_SCOPE(LAB_POINT("61") LAB_CAS)),
	};
	static const uint8_t number[TABLE_CRL_NUMBER_MAX] = {[18] = 0x12, [19] = 0x34};
	struct crl c;
	struct messages m = {0};
	struct crl_entry entry;
	(void)state;
	assert_true(crl_open(&c, lab_crl_write("values.crl", &from, ca.key), &m));
	assert_int_equal(c.this_update, LAB_UNIX);
	assert_int_equal(c.next_update, LAB_UNIX2);
	assert_true(c.has_number);
	assert_memory_equal(c.number, number, sizeof number);
	assert_true(c.scope.only_ca_certs && !c.scope.only_user_certs);
	assert_true(bytes_equal(c.scope.distribution_point, SLICE("\xA0\x03\x86\x01\x61")));
	struct slice cursor = c.revoked;
	assert_int_equal(crl_next(&c, &cursor, &entry, &m), CRL_ENTRY);
	assert_true(bytes_equal(entry.serial_number, SLICE("\x05")));
	assert_int_equal(entry.revocation_date, LAB_UNIX);
	assert_int_equal(entry.reason, CRL_REASON_NONE);
	assert_int_equal(crl_next(&c, &cursor, &entry, &m), CRL_ENTRY);
	assert_true(bytes_equal(entry.serial_number, SLICE("\x7F\0")));
	assert_int_equal(entry.reason, CRL_REASON_SUPERSEDED);
	assert_int_equal(crl_next(&c, &cursor, &entry, &m), CRL_END);
	crl_close(&c);
}

static void a_ca_without_crl_sign_is_refused(void **state)
{
	unsigned entries = 0;
	const char *path = lab_crl_write("usage.crl", &(struct lab_crl){0}, ca.key);
	EVP_PKEY_up_ref(ca.key);
	struct lab_ca without = lab_ca_make(LAB_CN, ca.key, "keyCertSign,digitalSignature");
	EVP_PKEY_up_ref(ca.key);
	struct lab_ca unrestricted = lab_ca_make(LAB_CN, ca.key, NULL);
	(void)state;
	assert_false(read_crl(path, without.certificate, &entries));
	lab_assert_said("without", "cRLSign");
	assert_true(read_crl(path, unrestricted.certificate, &entries));
	lab_ca_free(&without);
	lab_ca_free(&unrestricted);
}

static void another_key_of_the_same_name_is_refused(void **state)
{
	unsigned entries = 0;
	const char *path = lab_crl_write("key.crl", &(struct lab_crl){0}, ca.key);
	struct lab_ca ec = lab_ca_make(LAB_CN, EVP_EC_gen("P-256"), NULL);
	struct lab_ca rsa = lab_ca_make(LAB_CN, EVP_RSA_gen(2048), NULL);
	(void)state;
	assert_false(read_crl(path, ec.certificate, &entries));
	lab_assert_said("ec", "does not verify");
	assert_false(read_crl(path, rsa.certificate, &entries));
	lab_assert_said("rsa", "does not verify");
	lab_ca_free(&ec);
	lab_ca_free(&rsa);
}

static void every_flipped_octet_is_refused(void **state)
{
	static const struct lab_crl from = {EXTENSIONS(LAB_NUMBER("12"))};
	uint8_t octets[1024];
	unsigned entries = 0;
	struct slice der = lab_crl_make(&from, ca.key);
	(void)state;
	assert_true(der.len <= sizeof octets);
	memcpy(octets, der.data, der.len);
	for (size_t i = 0; i < der.len; i++) {
		octets[i] ^= 0x04;
		if (read_crl(lab_write("flipped.crl", octets, der.len), ca.certificate, &entries))
			fail_msg("octet %zu", i);
		octets[i] ^= 0x04;
	}
}

static void every_truncation_and_a_trailing_octet_are_refused(void **state)
{
	uint8_t octets[1024];
	unsigned entries = 0;
	struct slice der = lab_crl_make(&(struct lab_crl){0}, ca.key);
	(void)state;
	memcpy(octets, der.data, der.len);
	octets[der.len] = 0;
	for (size_t len = 0; len <= der.len + 1; len++)
		if (read_crl(lab_write("cut.crl", octets, len), ca.certificate, &entries) != (len == der.len))
			fail_msg("%zu of %zu octets", len, der.len);
	lab_assert_said("trailing", "1 octets follow the CRL");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_is_accepted_or_refused_by_name),
		cmocka_unit_test(fields_have_their_values),
		cmocka_unit_test(a_ca_without_crl_sign_is_refused),
		cmocka_unit_test(another_key_of_the_same_name_is_refused),
		cmocka_unit_test(every_flipped_octet_is_refused),
		cmocka_unit_test(every_truncation_and_a_trailing_octet_are_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
