/*
 * der, writing: what the backward writer makes is read back by OpenSSL and by the reader.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "der.h"

#include "calendar.h"
#include "der_text.h"

#include <openssl/asn1.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static uint8_t storage[0x20000];

static void written_times_are_read_by_openssl(void **state)
{
	static const int64_t cases[] = {
		0, 951782400, 1795356000, 2147483648, 4294967296, -12219292800, CALENDAR_MIN, CALENDAR_MAX};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct der_writer w = der_writer(storage, sizeof storage);
		der_put_time(&w, cases[i]);
		assert_false(w.failed);
		struct slice written = der_written(&w);
		const unsigned char *at = written.data;
		ASN1_GENERALIZEDTIME *theirs = d2i_ASN1_GENERALIZEDTIME(NULL, &at, (long)written.len);
		assert_non_null(theirs);
		assert_int_equal(ASN1_TIME_cmp_time_t(theirs, (time_t)cases[i]), 0);
		ASN1_GENERALIZEDTIME_free(theirs);
		int64_t seconds = 1;
		assert_true(der_read_time(&written, &seconds));
		assert_true(seconds == cases[i]);
	}
	struct der_writer w = der_writer(storage, sizeof storage);
	der_put_time(&w, CALENDAR_MAX + 1);
	assert_true(w.failed);
}

/* Lengths around each change of the number of length octets. */
static void written_lengths_are_read_by_openssl(void **state)
{
	static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 0x1F000};
	static uint8_t content[0x1F000];
	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct der_writer w = der_writer(storage, sizeof storage);
		der_put_element(&w, DER_OCTET_STRING, (struct slice){content, lengths[i]});
		assert_false(w.failed);
		struct slice written = der_written(&w);
		const unsigned char *at = written.data;
		ASN1_OCTET_STRING *theirs = d2i_ASN1_OCTET_STRING(NULL, &at, (long)written.len);
		assert_non_null(theirs);
		assert_int_equal(ASN1_STRING_length(theirs), lengths[i]);
		assert_int_equal(i2d_ASN1_OCTET_STRING(theirs, NULL), written.len);
		ASN1_OCTET_STRING_free(theirs);
		struct slice back;
		assert_true(der_read(&written, DER_OCTET_STRING, &back));
		assert_int_equal(back.len, lengths[i]);
		assert_int_equal(written.len, 0);
	}
}

static void written_nests(void **state)
{
	uint8_t out[64];
	struct der_writer w = der_writer(out, sizeof out);
	size_t end = der_mark(&w);
	(void)state;
	der_put(&w, SLICE("\x05\x00"));
	der_put_element(&w, DER_OID, SLICE("\x2A\x03"));
	der_wrap(&w, DER_SEQUENCE, end);
	der_put_small(&w, DER_ENUMERATED, 127);
	der_wrap(&w, DER_CONTEXT_CONSTRUCTED(1), end);
	assert_false(w.failed);
	assert_true(bytes_equal(
		der_written(&w), der_text("A1{0A{7F}30{06{2A03}05{}}}", storage, sizeof storage)));
	der_put_small(&w, DER_INTEGER, 128);
	assert_true(w.failed);
}

/* One octet too few, wherever it is missed, and failure stays. */
static void what_does_not_fit_fails(void **state)
{
	uint8_t out[16];
	(void)state;
	for (size_t size = 0; size <= 12; size++) {
		struct der_writer w = der_writer(out, size);
		size_t end = der_mark(&w);
		der_put_element(&w, DER_OCTET_STRING, SLICE("12345"));
		der_put_small(&w, DER_INTEGER, 1);
		der_wrap(&w, DER_SEQUENCE, end);
		assert_int_equal(w.failed, size < 12);
		der_put(&w, SLICE(""));
		assert_int_equal(w.failed, size < 12);
		assert_true(der_written(&w).len <= size);
	}
	struct der_writer w = der_writer(out, 0);
	der_put(&w, (struct slice){NULL, 0});
	assert_false(w.failed);
	assert_int_equal(der_written(&w).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_times_are_read_by_openssl),
		cmocka_unit_test(written_lengths_are_read_by_openssl),
		cmocka_unit_test(written_nests),
		cmocka_unit_test(what_does_not_fit_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
