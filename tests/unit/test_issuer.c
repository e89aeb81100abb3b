/* issuer: issuerNameHash, issuerKeyHash, ResponderID, and the subject of a Redis key against every verified pair. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "ctl/credentials/issuer.h"

#define PAIRS "tests/redis-keys.tsv"

/* A certificate that is only a Name and a P-256 key. */
static X509 *certificate_of(const char *common_name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *name = X509_NAME_new();

	assert_non_null(key);
	assert_true(X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0));
	assert_true(X509_set_subject_name(certificate, name));
	assert_true(X509_set_pubkey(certificate, key));
	X509_NAME_free(name);
	EVP_PKEY_free(key);
	return certificate;
}

/* SubjectPublicKeyInfo of P-256: the BIT STRING's content are its last 65 octets. */
static void last_octets_of_key(X509 *certificate, uint8_t point[65])
{
	unsigned char *der = NULL;
	const int len = i2d_PUBKEY(X509_get0_pubkey(certificate), &der);

	assert_int_equal(len, 91);
	memcpy(point, der + len - 65, 65);
	OPENSSL_free(der);
}

static void hashes_are_of_the_name_and_of_the_bit_strings_content(void **state)
{
	X509 *certificate = certificate_of("Hash CA");
	unsigned char *name = NULL;
	const int name_len = i2d_X509_NAME(X509_get_subject_name(certificate), &name);
	struct issuer_hashes hashes = {0};
	uint8_t point[65], expected[64];

	(void)state;
	last_octets_of_key(certificate, point);
	assert_true(issuer_hashes(certificate, &hashes));
	assert_memory_equal(hashes.name[CERTID_SHA1], SHA1(name, (size_t)name_len, expected), 20);
	assert_memory_equal(hashes.name[CERTID_SHA256], SHA256(name, (size_t)name_len, expected), 32);
	assert_memory_equal(hashes.name[CERTID_SHA384], SHA384(name, (size_t)name_len, expected), 48);
	assert_memory_equal(hashes.name[CERTID_SHA512], SHA512(name, (size_t)name_len, expected), 64);
	assert_memory_equal(hashes.key[CERTID_SHA1], SHA1(point, sizeof point, expected), 20);
	assert_memory_equal(hashes.key[CERTID_SHA256], SHA256(point, sizeof point, expected), 32);
	assert_memory_equal(hashes.key[CERTID_SHA384], SHA384(point, sizeof point, expected), 48);
	assert_memory_equal(hashes.key[CERTID_SHA512], SHA512(point, sizeof point, expected), 64);
	OPENSSL_free(name);
	X509_free(certificate);
}

static void responder_id_by_key_is_tag_2_and_sha1(void **state)
{
	X509 *certificate = certificate_of("Key CA");
	uint8_t point[65], hash[20];
	size_t len = 0;
	uint8_t *id = issuer_responder_id(certificate, false, &len);

	(void)state;
	last_octets_of_key(certificate, point);
	assert_non_null(id);
	assert_int_equal(len, 24);
	assert_memory_equal(id, "\xA2\x16\x04\x14", 4);
	assert_memory_equal(id + 4, SHA1(point, sizeof point, hash), 20);
	free(id);
	X509_free(certificate);
}

static void responder_id_by_name_is_tag_1_and_the_name(void **state)
{
	X509 *certificate = certificate_of("Name CA");
	unsigned char *name = NULL;
	const int name_len = i2d_X509_NAME(X509_get_subject_name(certificate), &name);
	size_t len = 0;
	uint8_t *id = issuer_responder_id(certificate, true, &len);

	(void)state;
	assert_non_null(id);
	assert_int_equal(len, name_len + 2);
	assert_int_equal(id[0], 0xA1);
	assert_int_equal(id[1], name_len);
	assert_memory_equal(id + 2, name, (size_t)name_len);
	free(id);
	OPENSSL_free(name);
	X509_free(certificate);
}

static void a_certificate_without_a_key_has_no_hashes(void **state)
{
	X509 *empty = X509_new();
	struct issuer_hashes hashes = {0};

	(void)state;
	assert_false(issuer_hashes(empty, &hashes));
	X509_free(empty);
}

/* One line of the pairs: case, the Name's DER in hexadecimal, the subject. Returns whether it was a pair. */
static bool check_pair(char *line)
{
	char *rest = line;
	const char *label = strsep(&rest, "\t"), *hex = strsep(&rest, "\t");
	const char *expected = strsep(&rest, "\n");
	const unsigned char *p = NULL;
	unsigned char *der = NULL;
	X509_NAME *name = NULL;
	char *subject = NULL;
	long len = 0;

	if (label == NULL || label[0] == '#' || expected == NULL)
		return false;
	der = OPENSSL_hexstr2buf(hex, &len);
	p = der;
	name = d2i_X509_NAME(NULL, &p, len);
	if (strncmp(expected, "!!", 2) == 0) {
		assert_null(name); /* OpenSSL refuses the Name itself, so no such CA can be configured */
	} else {
		assert_non_null(name);
		subject = issuer_redis_subject(name);
		if (subject == NULL || strcmp(subject, expected) != 0)
			fail_msg("%s: got %s, expected %s", label, subject ? subject : "nothing", expected);
	}
	free(subject);
	X509_NAME_free(name);
	OPENSSL_free(der);
	return true;
}

static void every_verified_redis_key(void **state)
{
	FILE *pairs = fopen(PAIRS, "r");
	char line[4096];
	unsigned count = 0;

	(void)state;
	assert_non_null(pairs);
	while (fgets(line, sizeof line, pairs))
		count += check_pair(line);
	(void)fclose(pairs);
	assert_int_equal(count, 35);
}

static void a_plus_gets_a_backslash(void **state)
{
	X509 *certificate = certificate_of("a+b/c");
	char *subject = issuer_redis_subject(X509_get_subject_name(certificate));

	(void)state;
	assert_string_equal(subject, "/CN=a\\+b\\/c");
	free(subject);
	X509_free(certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_of_the_name_and_of_the_bit_strings_content),
		cmocka_unit_test(responder_id_by_key_is_tag_2_and_sha1),
		cmocka_unit_test(responder_id_by_name_is_tag_1_and_the_name),
		cmocka_unit_test(a_certificate_without_a_key_has_no_hashes),
		cmocka_unit_test(every_verified_redis_key),
		cmocka_unit_test(a_plus_gets_a_backslash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
