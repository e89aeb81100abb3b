/*
 * request: OCSPRequests that nobody here wrote (tests/vectors), as they are, cut at every length, and with every bit
 * flipped. The judge is OpenSSL: what is accepted it must read alike, and where it reads DER a refusal must be one of the
 * rules in which this decoder is stricter by intention.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "request.h"

#include "request_openssl.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FOLDER       "tests/vectors/"

/* One line of index.tsv. */
struct vector {
	char file[80], octets[16], parses[8], requests[16], hashes[80], nonce[300], is_signed[8], source[300];
	uint8_t data[8192];
	struct slice der;
};

static struct vector vectors[64];
static size_t vector_count;
static struct request request;

static void read_octets(struct vector *v)
{
	char path[sizeof FOLDER + 100];
	assert_true(snprintf(path, sizeof path, FOLDER "requests/%s", v->file) > 0);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	v->der = (struct slice){v->data, fread(v->data, 1, sizeof v->data, file)};
	assert_int_equal(fclose(file), 0);
	assert_int_equal(v->der.len, strtoul(v->octets, NULL, 10));
}

static int read_index(void **state)
{
	char line[1024];
	FILE *file = fopen(FOLDER "index.tsv", "r");
	(void)state;
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file)); /* the heading */
	while (fgets(line, sizeof line, file)) {
		struct vector *v = &vectors[vector_count++];
		assert_true(vector_count <= COUNT(vectors));
		assert_int_equal(sscanf(line,
					 "%79[^\t]\t%15[^\t]\t%7[^\t]\t%15[^\t]\t%79[^\t]\t%299[^\t]\t%7[^\t]"
					 "\t%299[^\n]",
					 v->file, v->octets, v->parses, v->requests, v->hashes, v->nonce,
					 v->is_signed, v->source),
			8);
		read_octets(v);
	}
	return fclose(file);
}

static bool decode(struct slice der, struct request_fault *fault)
{
	return request_decode(der, 64, &request, fault);
}

/* The requests of the collection that are refused; OpenSSL's decoder leaves both rules to its caller. */
static bool is_malformed(const struct vector *v)
{
	static const char *const files[] = {
		"pyca-req-duplicate-ext.der", /* repeats an extension: conformance Q11 */
	};
	for (size_t i = 0; i < COUNT(files); i++)
		if (strcmp(v->file, files[i]) == 0)
			return true;
	return false;
}

/* index.tsv names each hash once, in any order of the CertIDs. */
static void check_hashes(const struct vector *v)
{
	static const char *const names[] = {"sha1", "sha256", "sha384", "sha512", NULL};
	for (size_t i = 0; i < request.certid_count; i++) {
		const char *name = names[request.certids[i].hash];
		if (name && !strstr(v->hashes, name))
			fail_msg("%s: CertID %zu: %s", v->file, i, name);
		if (!name && (strcmp(v->hashes, "sha1") == 0 || strcmp(v->hashes, "sha256") == 0 ||
				     strcmp(v->hashes, "sha384") == 0 || strcmp(v->hashes, "sha512") == 0))
			fail_msg("%s: CertID %zu: unknown hash", v->file, i);
	}
}

static void check_nonce(const struct vector *v)
{
	char text[300] = "no";
	if (request.nonce_state == NONCE_VALID) {
		struct buffer out = bytes_buffer((uint8_t *)text, sizeof text);
		bytes_append_hex(&out, request.nonce);
		bytes_append(&out, (struct slice){(const uint8_t *)"", 1});
		for (char *c = text; *c; c++)
			*c = (char)toupper((unsigned char)*c);
	}
	assert_string_equal(text, v->nonce);
}

static void vectors_decode_as_their_index_says(void **state)
{
	(void)state;
	assert_int_equal(vector_count, 38);
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		struct request_fault fault;
		bool accepted = decode(v->der, &fault);
		if (accepted == is_malformed(v))
			fail_msg("%s: %s", v->file, accepted ? "accepted" : fault.reason);
		if (!accepted)
			continue;
		assert_int_equal(request.certid_count, strtoul(v->requests, NULL, 10));
		assert_int_equal(request.is_signed, strcmp(v->is_signed, "yes") == 0);
		check_hashes(v);
		check_nonce(v);
	}
}

static void no_vector_is_accepted_when_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		for (size_t length = 0; length < vectors[i].der.len; length++) {
			struct request_fault fault;
			/* in storage of its own size, so that a sanitizer sees a read beyond it */
			uint8_t *cut = malloc(length > 0 ? length : 1);
			assert_non_null(cut);
			memcpy(cut, vectors[i].data, length);
			assert_false(decode((struct slice){cut, length}, &fault));
			assert_non_null(fault.reason);
			free(cut);
		}
	}
}

/* Where this decoder refuses what OpenSSL takes for DER: rules of the text that OpenSSL leaves to its caller. */
static bool is_stricter_by_intention(const char *reason)
{
	static const char *const reasons[] = {
		"TBSRequest version: not v1",
		"TBSRequest requestList: empty",
		"CertID serialNumber: longer than 64 octets",
		"Extensions: one is repeated",
		"Extension: unknown and critical",
		"Extension critical: not a BOOLEAN of DER",
		"Signature signature: not a BIT STRING of whole octets",
	};
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (strcmp(reason, reasons[i]) == 0)
			return true;
	return false;
}

static void judge(const struct vector *v, struct slice der, size_t bit)
{
	struct request_fault fault;
	if (decode(der, &fault)) {
		if (openssl_certids(der) != (int)request.certid_count)
			fail_msg("%s, bit %zu: accepted, OpenSSL: %d", v->file, bit, openssl_certids(der));
	} else if (!is_stricter_by_intention(fault.reason) && openssl_certids(der) >= 0) {
		fail_msg("%s, bit %zu: OpenSSL accepts, refused: %s", v->file, bit, fault.reason);
	}
}

/* Certificates of the signer are not decoded here, but by OpenSSL: a flip in them says nothing. */
static void a_flipped_bit_is_refused_or_read_as_openssl_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		struct vector *v = &vectors[i];
		struct request_fault fault;
		(void)decode(v->der, &fault);
		struct slice certs = request.signer_certs;
		size_t from = certs.len > 0 ? (size_t)(certs.data - v->data) : v->der.len;
		for (size_t bit = 0; bit < v->der.len * 8; bit++) {
			if (bit / 8 >= from && bit / 8 < from + certs.len)
				continue;
			v->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			judge(v, v->der, bit);
			v->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_decode_as_their_index_says),
		cmocka_unit_test(no_vector_is_accepted_when_cut),
		cmocka_unit_test(a_flipped_bit_is_refused_or_read_as_openssl_does),
	};
	return cmocka_run_group_tests(tests, read_index, NULL);
}
