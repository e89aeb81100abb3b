/*
 * Our reading of an OCSPRequest and OpenSSL's. What OpenSSL decodes and writes again in the same octets is DER: it is
 * accepted here, with the same fields, unless one of is_stricter_by_intention()'s rules forbids it; and what is accepted here
 * OpenSSL decodes, and writes again in the same octets.
 */
#include "fuzz.h"
#include "request.h"

/* behind ours: its macros have the names of our enum crl_reason */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "strict_der.h"

#define LIMIT 64

/* The rules of the texts that OpenSSL leaves to its caller. */
static bool is_stricter_by_intention(const char *reason)
{
	static const char *const reasons[] = {
		"TBSRequest version: not v1",    /* RFC 6960 4.1.1, conformance Q2 */
		"TBSRequest requestList: empty", /* Q1 */
		"TBSRequest requestList: more CertIDs than limits.certids", /* Q9 */
		"CertID serialNumber: longer than 64 octets",               /* Q10 */
		"Extensions: one is repeated",                              /* RFC 5280 4.2, Q11 */
		"Extension: unknown and critical",                          /* Q6 */
		/* X.690 11.5: a default is left out; OpenSSL keeps it */
		"Extension critical: DER leaves the default FALSE out",
		/* OpenSSL reads and keeps any octet but 0 as TRUE; X.690 11.1 knows 0xFF */
		"Extension critical: not a BOOLEAN of DER",
		/* a signature of whole octets is all that there is (RFC 6960 4.1.1) */
		"Signature signature: not a BIT STRING of whole octets",
		/* OpenSSL does not look into the values of extensions (RFC 6960 4.4.7.1) */
		"PreferredSignatureAlgorithms: critical and not well-formed",
	};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (strcmp(reason, reasons[i]) == 0)
			return true;
	return false;
}

/*
 * Nor is OpenSSL strict in all that it keeps as it came: the parameters of an algorithm and the parts of a name. And it takes
 * ObjectDescriptor, EXTERNAL, REAL and their like for the value of a name's attribute, which no attribute has.
 */
static bool is_no_der(struct slice der, const char *reason)
{
	uint32_t avoided = 0;
	if (strcmp(reason, "TBSRequest requestorName: not a GeneralName") == 0)
		avoided = 1u << 7 | 1u << 8 | 1u << 9 | 1u << 11 | 7u << 13 | 1u << 29;
	return !is_strict_der(der.data, (long)der.len, avoided);
}

/* NULL where OpenSSL does not accept the octets as DER. */
static OCSP_REQUEST *read_by_openssl(struct slice der)
{
	const unsigned char *cursor = der.data;
	unsigned char *again = NULL;
	bool same = false;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &cursor, (long)der.len);
	if (request && cursor == der.data + der.len) {
		int length = i2d_OCSP_REQUEST(request, &again);
		same = length >= 0 && (size_t)length == der.len && memcmp(again, der.data, der.len) == 0;
	}
	if (!same) {
		OCSP_REQUEST_free(request);
		request = NULL;
	}
	OPENSSL_free(again);
	ERR_clear_error();
	return request;
}

static bool is(struct slice ours, const ASN1_STRING *theirs)
{
	return bytes_equal(
		ours, (struct slice){ASN1_STRING_get0_data(theirs), (size_t)ASN1_STRING_length(theirs)});
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

static enum certid_hash hash_of(const ASN1_OBJECT *algorithm)
{
	switch (OBJ_obj2nid(algorithm)) {
	case NID_sha1:
		return CERTID_SHA1;
	case NID_sha256:
		return CERTID_SHA256;
	case NID_sha384:
		return CERTID_SHA384;
	case NID_sha512:
		return CERTID_SHA512;
	default:
		return CERTID_HASHES;
	}
}

static void compare_certid(const struct certid *ours, OCSP_CERTID *theirs)
{
	ASN1_OCTET_STRING *name = NULL, *key = NULL;
	ASN1_OBJECT *algorithm = NULL;
	ASN1_INTEGER *serial = NULL;
	unsigned char *der = NULL;
	must(OCSP_id_get0_info(&name, &algorithm, &key, &serial, theirs));
	must(is(ours->issuer_name_hash, name) && is(ours->issuer_key_hash, key));
	must(ours->hash == CERTID_HASHES || ours->hash == hash_of(algorithm));
	compare_serial(ours->serial_number, serial);
	int length = i2d_OCSP_CERTID(theirs, &der);
	must(length > 0 && bytes_equal(ours->der, (struct slice){der, (size_t)length}));
	OPENSSL_free(der);
}

static void compare_nonce(const struct request *ours, OCSP_REQUEST *theirs)
{
	int at = OCSP_REQUEST_get_ext_by_NID(theirs, NID_id_pkix_OCSP_Nonce, -1);
	must((at < 0) == (ours->nonce_state == NONCE_ABSENT));
	if (ours->nonce_state != NONCE_VALID)
		return;
	must(is(ours->nonce, X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(theirs, at))));
	ASN1_OCTET_STRING *inner = X509V3_EXT_d2i(OCSP_REQUEST_get_ext(theirs, at));
	must(inner && ASN1_STRING_length(inner) >= 1 && ASN1_STRING_length(inner) <= NONCE_MAX);
	ASN1_OCTET_STRING_free(inner);
}

static void compare(const struct request *ours, OCSP_REQUEST *theirs)
{
	must(OCSP_request_onereq_count(theirs) == (int)ours->certid_count);
	for (size_t i = 0; i < ours->certid_count; i++)
		compare_certid(
			&ours->certids[i], OCSP_onereq_get0_id(OCSP_request_onereq_get0(theirs, (int)i)));
	must(OCSP_request_is_signed(theirs) == (int)ours->is_signed);
	must(OCSP_REQUEST_get_ext_count(theirs) <= REQUEST_EXTENSIONS_MAX);
	compare_nonce(ours, theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request ours;
	struct slice der = {data, size};
	struct request_fault fault = {0};
	bool accepted = request_decode(der, LIMIT, &ours, &fault);
	OCSP_REQUEST *theirs = read_by_openssl(der);
	if (accepted && theirs)
		compare(&ours, theirs);
	else if (accepted)
		must(ours.signer_certs.len > 0); /* we tell them apart, OpenSSL decodes them */
	else if (theirs)
		must(is_stricter_by_intention(fault.reason) || is_no_der(der, fault.reason));
	OCSP_REQUEST_free(theirs);
	return 0;
}
