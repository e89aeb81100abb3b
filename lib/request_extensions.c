#include "request_parts.h"

#include "der.h"

/* Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
struct extension {
	struct slice extn_id;
	bool critical;
	struct slice extn_value; /* content of the OCTET STRING */
};

typedef bool read_value(const struct extension *extension, struct request *out, struct request_fault *fault);

/* An extension that is known in one of the lists; `read` is NULL where its value changes nothing. */
struct known_extension {
	struct slice extn_id;
	read_value *read;
};

/* id-pkix-ocsp is 1.3.6.1.5.5.7.48.1 */
#define ID_PKIX_OCSP_NONCE           REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x02")
#define ID_PKIX_OCSP_RESPONSE        REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x04")
#define ID_PKIX_OCSP_SERVICE_LOCATOR REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x07")
#define ID_PKIX_OCSP_PREF_SIG_ALGS   REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x08")

/* Nonce ::= OCTET STRING (SIZE (1..128))   (RFC 9654 2.1) */
static bool read_nonce(const struct extension *extension, struct request *out, struct request_fault *fault)
{
	struct slice cursor = extension->extn_value;
	struct slice octets = {NULL, 0};
	(void)fault;
	if (!der_read(&cursor, DER_OCTET_STRING, &octets) || cursor.len > 0 || octets.len < 1 ||
		octets.len > NONCE_MAX) {
		out->nonce_state = NONCE_INVALID;
		return true;
	}
	out->nonce_state = NONCE_VALID;
	out->nonce = extension->extn_value;
	return true;
}

/*
 * PreferredSignatureAlgorithm ::= SEQUENCE { sigIdentifier AlgorithmIdentifier,
 *     pubKeyAlgIdentifier SMIMECapability OPTIONAL }
 * SMIMECapability ::= SEQUENCE { capabilityID OBJECT IDENTIFIER, parameters ANY OPTIONAL }: AlgorithmIdentifier's form
 */
static bool read_preference(struct slice *cursor, struct slice *sig_identifier)
{
	struct slice inside;
	struct slice oid;
	struct slice parameters;
	if (!der_read(cursor, DER_SEQUENCE, &inside))
		return false;
	struct slice before = inside;
	if (!der_read_algorithm(&inside, &oid, &parameters))
		return false;
	*sig_identifier = (struct slice){before.data, before.len - inside.len};
	return inside.len == 0 || (der_read_algorithm(&inside, &oid, &parameters) && inside.len == 0);
}

/* PreferredSignatureAlgorithms ::= SEQUENCE OF PreferredSignatureAlgorithm   (RFC 6960 4.4.7.1) */
static bool read_preferred(
	const struct extension *extension, struct request *out, struct request_fault *fault)
{
	struct slice cursor = extension->extn_value;
	struct slice list = {NULL, 0};
	size_t count = 0;
	bool strict = der_read(&cursor, DER_SEQUENCE, &list) && cursor.len == 0;
	while (strict && list.len > 0) {
		struct slice sig_identifier;
		strict = read_preference(&list, &sig_identifier);
		if (strict && count < REQUEST_PREFERRED_MAX)
			out->preferred[count++] = sig_identifier;
	}
	out->preferred_count = strict ? count : 0;
	if (!strict && extension->critical)
		return request_refuse(fault, "PreferredSignatureAlgorithms: critical and not well-formed");
	return true;
}

static bool read_extension(struct slice *cursor, struct extension *extension, struct request_fault *fault)
{
	struct slice inside;
	if (!der_read(cursor, DER_SEQUENCE, &inside))
		return request_refuse(fault, "Extension: not a SEQUENCE");
	if (!der_read_oid(&inside, &extension->extn_id))
		return request_refuse(fault, "Extension extnID: not an OBJECT IDENTIFIER");
	extension->critical = false;
	if (der_peek(inside) == DER_BOOLEAN) {
		if (!der_read_boolean(&inside, &extension->critical))
			return request_refuse(fault, "Extension critical: not a BOOLEAN of DER");
		if (!extension->critical)
			return request_refuse(fault, "Extension critical: DER leaves the default FALSE out");
	}
	if (!der_read(&inside, DER_OCTET_STRING, &extension->extn_value))
		return request_refuse(fault, "Extension extnValue: not an OCTET STRING");
	if (inside.len > 0)
		return request_refuse(fault, "Extension: trailing octets");
	return true;
}

static const struct known_extension *find_known(
	const struct known_extension *known, size_t known_count, struct slice extn_id)
{
	for (size_t i = 0; i < known_count; i++)
		if (bytes_equal(known[i].extn_id, extn_id))
			return &known[i];
	return NULL;
}

/* Conformance Q11. `earlier` grows by this one; false where it is there already or the list is full. */
static bool is_new(struct slice *earlier, size_t *count, struct slice extn_id, struct request_fault *fault)
{
	if (*count >= REQUEST_EXTENSIONS_MAX)
		return request_refuse(fault, "Extensions: more than 32");
	for (size_t i = 0; i < *count; i++) {
		if (bytes_equal(earlier[i], extn_id)) {
			fault->oid = extn_id;
			return request_refuse(fault, "Extensions: one is repeated");
		}
	}
	earlier[(*count)++] = extn_id;
	return true;
}

/* Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension. An empty one is tolerated: clients in the field send it. */
static bool read_list(struct slice cursor, const struct known_extension *known, size_t known_count,
	struct request *out, struct request_fault *fault)
{
	struct slice earlier[REQUEST_EXTENSIONS_MAX];
	size_t count = 0;
	struct slice list;
	if (!der_read(&cursor, DER_SEQUENCE, &list) || cursor.len > 0)
		return request_refuse(fault, "Extensions: not one SEQUENCE");
	while (list.len > 0) {
		struct extension extension;
		if (!read_extension(&list, &extension, fault) ||
			!is_new(earlier, &count, extension.extn_id, fault))
			return false;
		const struct known_extension *found = find_known(known, known_count, extension.extn_id);
		if (!found && extension.critical) {
			fault->oid = extension.extn_id;
			return request_refuse(fault, "Extension: unknown and critical");
		}
		if (found && found->read && !found->read(&extension, out, fault))
			return false;
	}
	return true;
}

bool request_read_extensions(struct slice cursor, struct request *out, struct request_fault *fault)
{
	static const struct known_extension known[] = {
		{ID_PKIX_OCSP_NONCE, read_nonce},
		/* every client takes basic (RFC 6960 4.4.3), and there is nothing else to answer with */
		{ID_PKIX_OCSP_RESPONSE, NULL},
		{ID_PKIX_OCSP_PREF_SIG_ALGS, read_preferred},
	};
	return read_list(cursor, known, sizeof known / sizeof known[0], out, fault);
}

bool request_read_single_extensions(struct slice cursor, struct request_fault *fault)
{
	static const struct known_extension known[] = {
		/* this responder routes nothing (RFC 6960 4.4.6) */
		{ID_PKIX_OCSP_SERVICE_LOCATOR, NULL},
	};
	return read_list(cursor, known, sizeof known / sizeof known[0], NULL, fault);
}
