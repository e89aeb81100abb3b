/*
 * request_fields: every field of our reading of an OCSPRequest is what OpenSSL reads. Its OCSP_REQUEST hides the signature, so
 * that the parts are described here to its decoder once more (asn1t.h).
 */
#ifndef REQUEST_FIELDS_H
#define REQUEST_FIELDS_H

#include "fuzz.h"
#include "request.h"

/* behind ours: its macros have the names of our enum crl_reason */
#include "../unit/request_openssl.h"

#include <openssl/x509v3.h>

#include "strict_der.h"

/* Signature and OCSPRequest, RFC 6960 4.1.1 */
typedef struct {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *octets;
	STACK_OF(X509) * certs;
} SIGNATURE;

typedef struct {
	OCSP_REQINFO *tbs;
	SIGNATURE *signature;
} REQUEST;

/* PreferredSignatureAlgorithm, RFC 6960 4.4.7.1 */
typedef struct {
	X509_ALGOR *signature, *key;
} PREFERENCE;

typedef STACK_OF(PREFERENCE) PREFERENCES;
DEFINE_STACK_OF(PREFERENCE)

/* clang-format off */
ASN1_SEQUENCE(SIGNATURE) = {
	ASN1_SIMPLE(SIGNATURE, algorithm, X509_ALGOR),
	ASN1_SIMPLE(SIGNATURE, octets, ASN1_BIT_STRING),
	ASN1_EXP_SEQUENCE_OF_OPT(SIGNATURE, certs, X509, 0),
} static_ASN1_SEQUENCE_END(SIGNATURE)

ASN1_SEQUENCE(REQUEST) = {
	ASN1_SIMPLE(REQUEST, tbs, OCSP_REQINFO),
	ASN1_EXP_OPT(REQUEST, signature, SIGNATURE, 0),
} static_ASN1_SEQUENCE_END(REQUEST)

ASN1_SEQUENCE(PREFERENCE) = {
	ASN1_SIMPLE(PREFERENCE, signature, X509_ALGOR),
	ASN1_OPT(PREFERENCE, key, X509_ALGOR),
} static_ASN1_SEQUENCE_END(PREFERENCE)

ASN1_ITEM_TEMPLATE(PREFERENCES) =
	ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SEQUENCE_OF, 0, PREFERENCES, PREFERENCE)
static_ASN1_ITEM_TEMPLATE_END(PREFERENCES)
	/* clang-format on */

	static struct slice content_of(const ASN1_STRING *string)
{
	return (struct slice){ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)};
}

/* Takes what OpenSSL writes for `value` off the front of `ours`. */
static void take_same(struct slice *ours, const void *value, const ASN1_ITEM *type)
{
	unsigned char *der = NULL;
	int length = ASN1_item_i2d(value, &der, type);
	must(length > 0 && (size_t)length <= ours->len);
	must(memcmp(der, ours->data, (size_t)length) == 0);
	*ours = (struct slice){ours->data + length, ours->len - (size_t)length};
	OPENSSL_free(der);
}

static void compare_whole(struct slice ours, const void *value, const ASN1_ITEM *type)
{
	take_same(&ours, value, type);
	must(ours.len == 0);
}

/* INTEGER's content octets, as OpenSSL writes them again. */
static void compare_serial(struct slice ours, const ASN1_INTEGER *theirs)
{
	unsigned char *der = NULL;
	int length = i2d_ASN1_INTEGER(theirs, &der);
	must(length > 2 && (size_t)length == ours.len + 2);
	must(memcmp(der + 2, ours.data, ours.len) == 0);
	OPENSSL_free(der);
}

/* What a CA can be found by (conformance Q3): a known algorithm without parameters, or NULL, whose hashes have its length. */
static enum certid_hash hash_of(struct slice certid, size_t name_octets, size_t key_octets)
{
	static const struct {
		int nid;
		enum certid_hash hash;
		size_t octets;
	} known[] = {
		{NID_sha1, CERTID_SHA1, 20},
		{NID_sha256, CERTID_SHA256, 32},
		{NID_sha384, CERTID_SHA384, 48},
		{NID_sha512, CERTID_SHA512, 64},
	};
	const unsigned char *at = certid.data;
	const ASN1_OBJECT *oid = NULL;
	long length = 0;
	int tag = 0, class = 0, parameters = 0;
	enum certid_hash found = CERTID_HASHES;
	must((ASN1_get_object(&at, &length, &tag, &class, (long)certid.len) & 0x80) == 0);
	X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, length);
	must(algorithm);
	X509_ALGOR_get0(&oid, &parameters, NULL, algorithm);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (OBJ_obj2nid(oid) == known[i].nid && name_octets == known[i].octets &&
			key_octets == known[i].octets &&
			(parameters == V_ASN1_UNDEF || parameters == V_ASN1_NULL))
			found = known[i].hash;
	X509_ALGOR_free(algorithm);
	return found;
}

static void compare_certid(const struct certid *ours, OCSP_CERTID *theirs)
{
	ASN1_OCTET_STRING *name = NULL, *key = NULL;
	ASN1_INTEGER *serial = NULL;
	must(OCSP_id_get0_info(&name, NULL, &key, &serial, theirs));
	compare_whole(ours->der, theirs, ASN1_ITEM_rptr(OCSP_CERTID));
	must(bytes_equal(ours->issuer_name_hash, content_of(name)));
	must(bytes_equal(ours->issuer_key_hash, content_of(key)));
	must(ours->hash == hash_of(ours->der, content_of(name).len, content_of(key).len));
	compare_serial(ours->serial_number, serial);
}

/* The extension's value; of length 0 where there is none. */
static bool find_extension(OCSP_REQUEST *theirs, int nid, struct slice *value)
{
	int at = OCSP_REQUEST_get_ext_by_NID(theirs, nid, -1);
	if (at >= 0)
		*value = content_of(X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(theirs, at)));
	return at >= 0;
}

/* Read as the OCTET STRING that RFC 9654 2.1 says: OpenSSL's own type of the extension keeps any octets. */
static void compare_nonce(const struct request *ours, OCSP_REQUEST *theirs)
{
	enum request_nonce state = NONCE_INVALID;
	struct slice value = {NULL, 0};
	if (!find_extension(theirs, NID_id_pkix_OCSP_Nonce, &value)) {
		must(ours->nonce_state == NONCE_ABSENT);
		return;
	}
	ASN1_OCTET_STRING *nonce = openssl_read(value, ASN1_ITEM_rptr(ASN1_OCTET_STRING));
	if (nonce && ASN1_STRING_length(nonce) >= 1 && ASN1_STRING_length(nonce) <= 128)
		state = NONCE_VALID;
	must(ours->nonce_state == state);
	must(state == NONCE_INVALID || bytes_equal(ours->nonce, value));
	ASN1_OCTET_STRING_free(nonce);
}

static void compare_preference(struct slice ours, const PREFERENCE *theirs)
{
	take_same(&ours, theirs->signature, ASN1_ITEM_rptr(X509_ALGOR));
	if (theirs->key)
		take_same(&ours, theirs->key, ASN1_ITEM_rptr(X509_ALGOR));
	must(ours.len == 0);
}

/* The first 16, or none of those that cannot be read. What is not DER in parameters is kept as it came, here or there. */
static void compare_preferred(const struct request *ours, OCSP_REQUEST *theirs)
{
	struct slice value = {NULL, 0};
	/* id-pkix-ocsp 8, which OpenSSL knows by the name that a draft gave it */
	bool present = find_extension(theirs, NID_id_pkix_OCSP_extendedStatus, &value);
	PREFERENCES *preferences = present ? openssl_read(value, ASN1_ITEM_rptr(PREFERENCES)) : NULL;
	int count = preferences ? sk_PREFERENCE_num(preferences) : 0;
	if (count > 16)
		count = 16;
	if (!present || is_strict_der(value.data, (long)value.len, 0))
		must((int)ours->preferred_count == count);
	for (int i = 0; i < count && i < (int)ours->preferred_count; i++)
		compare_preference(ours->preferred[i], sk_PREFERENCE_value(preferences, i));
	ASN1_item_free((ASN1_VALUE *)preferences, ASN1_ITEM_rptr(PREFERENCES));
}

static void compare_signature(const struct request *ours, const SIGNATURE *theirs)
{
	struct slice certs = ours->signer_certs;
	must(ours->is_signed == (theirs != NULL));
	if (!theirs) {
		must(ours->signature_algorithm.len == 0 && ours->signature.len == 0 && certs.len == 0);
		return;
	}
	compare_whole(ours->signature_algorithm, theirs->algorithm, ASN1_ITEM_rptr(X509_ALGOR));
	must(bytes_equal(ours->signature, content_of(theirs->octets)));
	for (int i = 0; i < sk_X509_num(theirs->certs); i++)
		take_same(&certs, sk_X509_value(theirs->certs, i), ASN1_ITEM_rptr(X509));
	must(certs.len == 0);
}

/* `der`: what both have accepted. */
static void compare_fields(const struct request *ours, OCSP_REQUEST *theirs, struct slice der)
{
	must(OCSP_request_onereq_count(theirs) == (int)ours->certid_count);
	for (size_t i = 0; i < ours->certid_count; i++)
		compare_certid(
			&ours->certids[i], OCSP_onereq_get0_id(OCSP_request_onereq_get0(theirs, (int)i)));
	must(OCSP_request_is_signed(theirs) == (int)ours->is_signed);
	must(OCSP_REQUEST_get_ext_count(theirs) <= REQUEST_EXTENSIONS_MAX);
	compare_nonce(ours, theirs);
	compare_preferred(ours, theirs);
	REQUEST *parts = openssl_read(der, ASN1_ITEM_rptr(REQUEST));
	must(parts);
	compare_whole(ours->tbs, parts->tbs, ASN1_ITEM_rptr(OCSP_REQINFO));
	compare_signature(ours, parts->signature);
	ASN1_item_free((ASN1_VALUE *)parts, ASN1_ITEM_rptr(REQUEST));
}

#endif
