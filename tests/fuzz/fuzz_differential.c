/*
 * Our reading of an OCSPRequest and OpenSSL's. What OpenSSL decodes and writes again in the same octets is DER: it is
 * accepted here, with the same fields, unless one of is_stricter_by_intention()'s rules forbids it; and what is accepted here
 * OpenSSL decodes, and writes again in the same octets.
 */
#include "request_fields.h"

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
		"Extensions: more than 32",        /* of one list: REQUEST_EXTENSIONS_MAX */
		"Extension: unknown and critical", /* Q6 */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request ours;
	struct slice der = {data, size};
	struct request_fault fault = {0};
	bool accepted = request_decode(der, LIMIT, &ours, &fault);
	OCSP_REQUEST *theirs = openssl_request(der);
	if (accepted && theirs)
		compare_fields(&ours, theirs, der);
	else if (accepted)
		must(ours.signer_certs.len > 0); /* we tell them apart, OpenSSL decodes them */
	else if (theirs)
		must(is_stricter_by_intention(fault.reason) || is_no_der(der, fault.reason));
	OCSP_REQUEST_free(theirs);
	return 0;
}
