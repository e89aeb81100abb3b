/* response: octet for octet what OpenSSL builds and signs from the same values, and read back alike by it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "response.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#define NOW 1700000000

/* RFC 8032 7.1, test 1: a seed that the RFC publishes for testing. */
static const uint8_t rfc8032_seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
	0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
	0x1c, 0xae, 0x7f, 0x60};
static const struct sign_key signing_key = {SIGN_ED25519, 1, {{rfc8032_seed, sizeof rfc8032_seed}}};

/* CertIDs: SHA-1 with NULL, SHA-256 with absent parameters and a serial of 20 octets, a negative serial. */
#define SHA1_CERTID                                                                                          \
	SLICE("\x30\x3A\x30\x09\x06\x05\x2B\x0E\x03\x02\x1A\x05\x00"                                         \
	      "\x04\x14NNNNNNNNNNNNNNNNNNNN\x04\x14KKKKKKKKKKKKKKKKKKKK\x02\x01\x05")
#define SHA256_CERTID                                                                                        \
	SLICE("\x30\x67\x30\x0B\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"                                 \
	      "\x04\x20NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN\x04\x20KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"             \
	      "\x02\x14\x7FSSSSSSSSSSSSSSSSSSS")
#define NEGATIVE_CERTID                                                                                      \
	SLICE("\x30\x3A\x30\x09\x06\x05\x2B\x0E\x03\x02\x1A\x05\x00"                                         \
	      "\x04\x14NNNNNNNNNNNNNNNNNNNN\x04\x14KKKKKKKKKKKKKKKKKKKK\x02\x01\x85")

#define NONCE SLICE("\x04\x10nonce of sixteen")

static EVP_PKEY *pkey;
static X509 *signer;
static STACK_OF(X509) * chain;
static uint8_t signer_der[2048], by_key[64], by_name[512];
static struct slice signer_slice, by_key_slice, by_name_slice;

/* A certificate of fixed content: Ed25519 signs it alike each time. */
static int make_signer(void **state)
{
	uint8_t hash[20];
	uint8_t *p = signer_der;
	uint8_t *name = by_name + 2;
	(void)state;
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, rfc8032_seed, sizeof rfc8032_seed);
	signer = X509_new();
	X509_set_version(signer, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(signer), 1);
	ASN1_TIME_set(X509_getm_notBefore(signer), NOW - 86400);
	ASN1_TIME_set(X509_getm_notAfter(signer), NOW + 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(signer), "CN", MBSTRING_ASC,
		(const unsigned char *)"delegate", -1, -1, 0);
	X509_set_issuer_name(signer, X509_get_subject_name(signer));
	X509_set_pubkey(signer, pkey);
	assert_true(X509_sign(signer, pkey, NULL) > 0);
	signer_slice = (struct slice){signer_der, (size_t)i2d_X509(signer, &p)};
	chain = sk_X509_new_null();
	sk_X509_push(chain, signer);

	assert_int_equal(X509_pubkey_digest(signer, EVP_sha1(), hash, NULL), 1);
	memcpy(by_key, "\xA2\x16\x04\x14", 4);
	memcpy(by_key + 4, hash, 20);
	by_key_slice = (struct slice){by_key, 24};
	size_t len = (size_t)i2d_X509_NAME(X509_get_subject_name(signer), &name);
	by_name[0] = 0xA1;
	by_name[1] = (uint8_t)len;
	by_name_slice = (struct slice){by_name, 2 + len};
	return 0;
}

static int free_signer(void **state)
{
	(void)state;
	sk_X509_free(chain);
	X509_free(signer);
	EVP_PKEY_free(pkey);
	return 0;
}

/* ---- by OpenSSL ---- */

static ASN1_GENERALIZEDTIME *time_of(int64_t unix_seconds)
{
	return ASN1_GENERALIZEDTIME_set(NULL, unix_seconds);
}

static X509_EXTENSION *extension(const char *oid, struct slice value)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(octets, value.data, (int)value.len);
	X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, object, 0, octets);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
	return made;
}

static void openssl_add_extension(OCSP_BASICRESP *basic, const char *oid, struct slice value)
{
	X509_EXTENSION *made = extension(oid, value);
	assert_int_equal(OCSP_BASICRESP_add_ext(basic, made, -1), 1);
	X509_EXTENSION_free(made);
}

static void openssl_add_single(OCSP_BASICRESP *basic, const struct single_response *single)
{
	const uint8_t *p = single->certid.data;
	OCSP_CERTID *id = d2i_OCSP_CERTID(NULL, &p, (long)single->certid.len);
	ASN1_GENERALIZEDTIME *times[4] = {time_of(single->revocation_time), time_of(single->this_update),
		time_of(single->next_update), time_of(single->archive_cutoff)};
	int reason = single->reason > 0 ? single->reason : OCSP_REVOKED_STATUS_NOSTATUS;
	OCSP_SINGLERESP *added =
		OCSP_basic_add1_status(basic, id, (int)single->status, reason, times[0], times[1], times[2]);
	assert_non_null(added);
	if (single->has_archive_cutoff)
		OCSP_SINGLERESP_add1_ext_i2d(added, NID_id_pkix_OCSP_archiveCutoff, times[3], 0, 0);
	for (size_t i = 0; i < 4; i++)
		ASN1_GENERALIZEDTIME_free(times[i]);
	OCSP_CERTID_free(id);
}

static size_t openssl_encode(const struct response *r, uint8_t *out)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *unused = NULL;
	unsigned long flags = OCSP_NOTIME | (r->cert_count == 0 ? OCSP_NOCERTS : 0) |
			      (r->responder_id.data == by_key ? OCSP_RESPID_KEY : 0);
	for (size_t i = 0; i < r->single_count; i++)
		openssl_add_single(basic, &r->singles[i]);
	if (r->nonce.len > 0)
		openssl_add_extension(basic, "1.3.6.1.5.5.7.48.1.2", r->nonce);
	if (r->extended_revoke)
		openssl_add_extension(basic, "1.3.6.1.5.5.7.48.1.9", SLICE("\x05\x00"));
	/* OpenSSL sets producedAt to its clock or, so told, not at all; there is no other way to give it one. */
	ASN1_GENERALIZEDTIME_set(
		(ASN1_GENERALIZEDTIME *)(uintptr_t)OCSP_resp_get0_produced_at(basic), r->produced_at);
	assert_int_equal(EVP_DigestSignInit(context, &unused, NULL, NULL, pkey), 1);
	assert_int_equal(
		OCSP_basic_sign_ctx(basic, signer, context, r->cert_count > 1 ? chain : NULL, flags), 1);
	OCSP_RESPONSE *whole = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	size_t len = (size_t)i2d_OCSP_RESPONSE(whole, &out);
	OCSP_RESPONSE_free(whole);
	EVP_MD_CTX_free(context);
	OCSP_BASICRESP_free(basic);
	return len;
}

/* ---- by response ---- */

static struct slice encode(const struct response *r, uint8_t *storage, size_t size)
{
	static uint8_t tbs_storage[16384], signature[SIGN_SIGNATURE_MAX];
	struct slice bits = {signature, 0};
	struct slice tbs = response_encode_tbs(r, tbs_storage, sizeof tbs_storage);
	assert_true(tbs.len > 0);
	assert_true(sign(&signing_key, tbs, signature, &bits.len));
	return response_encode(r, tbs, SIGN_ED25519, bits, storage, size);
}

static void check_same(const struct response *r)
{
	static uint8_t ours[16384], theirs[16384], again[16384];
	struct slice made = encode(r, ours, sizeof ours);
	struct slice wanted = {theirs, openssl_encode(r, theirs)};
	assert_int_equal(made.len, wanted.len);
	assert_memory_equal(made.data, wanted.data, wanted.len);
	const uint8_t *p = made.data;
	uint8_t *q = again;
	OCSP_RESPONSE *parsed = d2i_OCSP_RESPONSE(NULL, &p, (long)made.len);
	assert_non_null(parsed);
	assert_ptr_equal(p, made.data + made.len);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(parsed);
	assert_non_null(basic);
	assert_int_equal(OCSP_basic_verify(basic, chain, NULL, OCSP_NOVERIFY), 1);
	assert_int_equal(i2d_OCSP_RESPONSE(parsed, &q), made.len);
	assert_memory_equal(again, made.data, made.len);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(parsed);
}

#define GOOD(certid)                                                                                         \
	{                                                                                                    \
		certid, CERT_STATUS_GOOD, 0, CRL_REASON_NONE, NOW - 3600, NOW + 604800, false, 0             \
	}

static void each_status_and_reason(void **state)
{
	struct single_response single = GOOD(SHA1_CERTID);
	const struct response r = {by_key_slice, NOW, 1, &single, {NULL, 0}, false, 0, NULL};
	(void)state;
	check_same(&r);
	single.status = CERT_STATUS_UNKNOWN;
	check_same(&r);
	single.status = CERT_STATUS_REVOKED;
	single.revocation_time = NOW - 999999;
	for (int reason = CRL_REASON_NONE; reason <= CRL_REASON_AA_COMPROMISE; reason++) {
		single.reason = reason;
		if (reason != 7 && reason != CRL_REASON_REMOVE_FROM_CRL)
			check_same(&r);
	}
}

static void each_part_of_response_data(void **state)
{
	struct single_response singles[] = {
		GOOD(SHA1_CERTID), GOOD(SHA256_CERTID), GOOD(NEGATIVE_CERTID), GOOD(SHA1_CERTID)};
	const struct slice certs[] = {signer_slice, signer_slice};
	(void)state;
	singles[1].status = CERT_STATUS_REVOKED;
	singles[1].reason = CRL_REASON_CERTIFICATE_HOLD;
	singles[2].status = CERT_STATUS_UNKNOWN;
	singles[3].has_archive_cutoff = true;
	singles[3].archive_cutoff = NOW - 86400 * 3650;
	for (size_t i = 0; i < 4 * 2 * 2 * 2 * 3; i++) {
		const struct response r = {i & 8 ? by_name_slice : by_key_slice, NOW, i % 4 + 1, singles,
			i & 4 ? NONCE : (struct slice){NULL, 0}, (i & 16) != 0, i % 3, certs};
		check_same(&r);
	}
}

static void many_singles_with_long_lengths(void **state)
{
	static struct single_response singles[64];
	const struct response r = {by_name_slice, NOW, 64, singles, NONCE, true, 1, &signer_slice};
	(void)state;
	for (size_t i = 0; i < 64; i++) {
		const struct single_response good = GOOD(SHA256_CERTID);
		singles[i] = good;
	}
	check_same(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_and_reason),
		cmocka_unit_test(each_part_of_response_data),
		cmocka_unit_test(many_singles_with_long_lengths),
	};
	return sign_start() ? cmocka_run_group_tests(tests, make_signer, free_signer) : 1;
}
