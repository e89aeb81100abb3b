#include "request_parts.h"

#include "der.h"

/* The hash algorithms that a CA is found by (conformance Q3). */
static const struct {
	struct slice oid;
	enum certid_hash hash;
	size_t octets;
} hash_algorithms[] = {
	{REQUEST_OID("\x2B\x0E\x03\x02\x1A"), CERTID_SHA1, 20},
	{REQUEST_OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), CERTID_SHA256, 32},
	{REQUEST_OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), CERTID_SHA384, 48},
	{REQUEST_OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), CERTID_SHA512, 64},
};

/* NULL, header and content */
/*@ requires slice_readable(element); assigns \nothing; */
static bool is_null(struct slice element)
{
	return element.len == 2 && element.data[0] == DER_NULL && element.data[1] == 0;
}

/*
 * Whatever is no known algorithm with its usual parameters and hashes of its length is a CertID that no CA of ours has:
 * well-formed, and CERTID_HASHES.
 */
/*@
  requires slice_readable(oid) && slice_readable(parameters) && \valid_read(certid);
  assigns \nothing;
*/
static enum certid_hash find_hash(struct slice oid, struct slice parameters, const struct certid *certid)
{
	if (parameters.len > 0 && !is_null(parameters))
		return CERTID_HASHES;
	/*@ loop invariant 0 <= i <= 4; loop assigns i; loop variant 4 - i; */
	for (size_t i = 0; i < sizeof hash_algorithms / sizeof hash_algorithms[0]; i++) {
		/*@ admit literal: slice_readable(hash_algorithms[i].oid); */
		if (bytes_equal(oid, hash_algorithms[i].oid) &&
			certid->issuer_name_hash.len == hash_algorithms[i].octets &&
			certid->issuer_key_hash.len == hash_algorithms[i].octets)
			return hash_algorithms[i].hash;
	}
	return CERTID_HASHES;
}

/*
 * CertID ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, issuerNameHash OCTET STRING,
 *     issuerKeyHash OCTET STRING, serialNumber CertificateSerialNumber }
 */
/*@
  requires \valid(cursor) && \valid(certid) && \valid(fault) && \separated(cursor, certid, fault) && slice_readable(*cursor);
  assigns *cursor, *certid, *fault;
  ensures \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
  ensures \result ==> certid_within(*certid, \old(*cursor));
*/
static bool read_certid(struct slice *cursor, struct certid *certid, struct request_fault *fault)
{
	struct slice oid;
	struct slice parameters;
	struct slice inside;
	if (!der_read_whole(cursor, DER_SEQUENCE, &certid->der))
		return request_refuse(fault, "Request reqCert: no CertID");
	struct slice whole = certid->der;
	/*@ assert slice_within(whole, \at(*cursor, Pre)); */
	if (!der_read(&whole, DER_SEQUENCE, &inside) || !der_read_algorithm(&inside, &oid, &parameters))
		return request_refuse(fault, "CertID hashAlgorithm: not an AlgorithmIdentifier");
	/*@ assert slice_within(inside, \at(*cursor, Pre)); */
	if (!der_read(&inside, DER_OCTET_STRING, &certid->issuer_name_hash))
		return request_refuse(fault, "CertID issuerNameHash: not an OCTET STRING");
	if (!der_read(&inside, DER_OCTET_STRING, &certid->issuer_key_hash))
		return request_refuse(fault, "CertID issuerKeyHash: not an OCTET STRING");
	if (!der_read_integer(&inside, &certid->serial_number))
		return request_refuse(fault, "CertID serialNumber: not an INTEGER of DER");
	if (certid->serial_number.len > CERTID_SERIAL_MAX)
		return request_refuse(fault, "CertID serialNumber: longer than 64 octets");
	if (inside.len > 0)
		return request_refuse(fault, "CertID: trailing octets");
	certid->hash = find_hash(oid, parameters, certid);
	return true;
}

/* Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL } */
/*@
  requires \valid(list) && \valid(certid) && \valid(fault) && \separated(list, certid, fault) && slice_readable(*list);
  assigns *list, *certid, *fault;
  ensures \result ==> slice_ends(*list, \old(*list)) && list->len < \old(list->len);
  ensures \result ==> certid_within(*certid, \old(*list));
*/
static bool read_single(struct slice *list, struct certid *certid, struct request_fault *fault)
{
	struct slice inside;
	struct slice extensions;
	if (!der_read(list, DER_SEQUENCE, &inside))
		return request_refuse(fault, "requestList: a Request is not a SEQUENCE");
	if (!read_certid(&inside, certid, fault))
		return false;
	if (inside.len == 0)
		return true;
	if (!der_read(&inside, DER_CONTEXT_CONSTRUCTED(0), &extensions) || inside.len > 0)
		return request_refuse(
			fault, "Request: something else than singleRequestExtensions behind reqCert");
	return request_read_single_extensions(extensions, fault);
}

/* requestList SEQUENCE OF Request, never empty: a request asks something */
/*@
  requires \valid(cursor) && \valid(out) && \valid(fault) && \separated(cursor, out, fault);
  requires slice_readable(*cursor) && out->certid_count == 0;
  assigns *cursor, out->certid_count, out->certids[0 .. REQUEST_CERTIDS_MAX - 1], *fault;
  ensures \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
  ensures \result ==> 1 <= out->certid_count <= REQUEST_CERTIDS_MAX;
*/
static bool read_list(
	struct slice *cursor, size_t certids_limit, struct request *out, struct request_fault *fault)
{
	struct slice list;
	if (!der_read(cursor, DER_SEQUENCE, &list))
		return request_refuse(fault, "TBSRequest requestList: not a SEQUENCE");
	if (list.len == 0)
		return request_refuse(fault, "TBSRequest requestList: empty");
	/*@
	  loop invariant slice_readable(list) && out->certid_count <= REQUEST_CERTIDS_MAX;
	  loop invariant list.len > 0 || out->certid_count > 0;
	  loop assigns list, out->certid_count, out->certids[0 .. REQUEST_CERTIDS_MAX - 1], *fault;
	  loop variant list.len;
	*/
	while (list.len > 0) {
		if (out->certid_count >= certids_limit || out->certid_count >= REQUEST_CERTIDS_MAX)
			return request_refuse(
				fault, "TBSRequest requestList: more CertIDs than limits.certids");
		if (!read_single(&list, &out->certids[out->certid_count], fault))
			return false;
		out->certid_count++;
	}
	return true;
}

/* version [0] EXPLICIT Version DEFAULT v1(0): said aloud it is no DER, but clients in the field do (conformance Q2) */
/*@
  requires \valid(cursor) && \valid(fault) && \separated(cursor, fault) && slice_readable(*cursor);
  assigns *cursor, fault->reason;
  ensures \result ==> slice_ends(*cursor, \old(*cursor));
*/
static bool read_version(struct slice *cursor, struct request_fault *fault)
{
	struct slice inside;
	uint32_t version = 0;
	if (der_peek(*cursor) != DER_CONTEXT_CONSTRUCTED(0))
		return true;
	if (!der_read(cursor, DER_CONTEXT_CONSTRUCTED(0), &inside) ||
		!der_read_small(&inside, DER_INTEGER, 0, &version) || inside.len > 0)
		return request_refuse(fault, "TBSRequest version: not v1");
	return true;
}

/* requestorName [1] EXPLICIT GeneralName OPTIONAL */
/*@
  requires \valid(cursor) && \valid(fault) && \separated(cursor, fault) && slice_readable(*cursor);
  assigns *cursor, fault->reason;
  ensures \result ==> slice_ends(*cursor, \old(*cursor));
*/
static bool read_requestor_name(struct slice *cursor, struct request_fault *fault)
{
	struct slice name;
	if (der_peek(*cursor) != DER_CONTEXT_CONSTRUCTED(1))
		return true;
	if (!der_read(cursor, DER_CONTEXT_CONSTRUCTED(1), &name) || !request_is_general_name(name))
		return request_refuse(fault, "TBSRequest requestorName: not a GeneralName");
	return true;
}

/*
 * TBSRequest ::= SEQUENCE { version [0] EXPLICIT Version DEFAULT v1, requestorName [1] EXPLICIT GeneralName OPTIONAL,
 *     requestList SEQUENCE OF Request, requestExtensions [2] EXPLICIT Extensions OPTIONAL }
 */
/*@
  requires slice_readable(whole) && \valid(out) && \valid(fault) && \separated(out, fault) && out->certid_count == 0;
  assigns out->certid_count, out->certids[0 .. REQUEST_CERTIDS_MAX - 1], out->nonce_state, out->nonce,
    out->preferred_count, out->preferred[0 .. REQUEST_PREFERRED_MAX - 1], *fault;
  ensures \result ==> 1 <= out->certid_count <= REQUEST_CERTIDS_MAX;
*/
static bool read_tbs(
	struct slice whole, size_t certids_limit, struct request *out, struct request_fault *fault)
{
	struct slice tbs;
	struct slice extensions;
	if (!der_read(&whole, DER_SEQUENCE, &tbs))
		return request_refuse(fault, "OCSPRequest tbsRequest: not a SEQUENCE");
	if (!read_version(&tbs, fault) || !read_requestor_name(&tbs, fault) ||
		!read_list(&tbs, certids_limit, out, fault))
		return false;
	if (tbs.len == 0)
		return true;
	if (!der_read(&tbs, DER_CONTEXT_CONSTRUCTED(2), &extensions) || tbs.len > 0)
		return request_refuse(
			fault, "TBSRequest: something else than requestExtensions behind requestList");
	return request_read_extensions(extensions, out, fault);
}

/* certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL. They are told apart, not decoded: few configurations need them. */
/*@
  requires \valid(cursor) && \valid(out) && \valid(fault) && \separated(cursor, out, fault);
  requires slice_readable(*cursor);
  assigns *cursor, out->signer_certs, fault->reason;
*/
static bool read_certs(struct slice *cursor, struct request *out, struct request_fault *fault)
{
	struct slice explicit_certs;
	struct slice certificate;
	if (cursor->len == 0)
		return true;
	if (!der_read(cursor, DER_CONTEXT_CONSTRUCTED(0), &explicit_certs) || cursor->len > 0)
		return request_refuse(fault, "Signature: something else than certs behind signature");
	if (!der_read(&explicit_certs, DER_SEQUENCE, &out->signer_certs) || explicit_certs.len > 0)
		return request_refuse(fault, "Signature certs: not one SEQUENCE");
	struct slice certs = out->signer_certs;
	/*@ loop invariant slice_ends(certs, out->signer_certs); loop assigns certs, certificate; loop variant certs.len; */
	while (certs.len > 0)
		if (!der_read(&certs, DER_SEQUENCE, &certificate))
			return request_refuse(fault, "Signature certs: a Certificate is not a SEQUENCE");
	return true;
}

/*
 * optionalSignature [0] EXPLICIT Signature OPTIONAL
 * Signature ::= SEQUENCE { signatureAlgorithm AlgorithmIdentifier, signature BIT STRING, certs [0] … OPTIONAL }
 */
/*@
  requires slice_readable(cursor) && \valid(out) && \valid(fault) && \separated(out, fault);
  assigns out->signature_algorithm, out->signature, out->is_signed, out->signer_certs, fault->reason;
  ensures \result ==> slice_within(out->signature_algorithm, cursor) && slice_within(out->signature, cursor);
*/
static bool read_signature(struct slice cursor, struct request *out, struct request_fault *fault)
{
	struct slice explicit_signature;
	struct slice inside;
	struct slice oid;
	struct slice parameters;
	if (!der_read(&cursor, DER_CONTEXT_CONSTRUCTED(0), &explicit_signature) || cursor.len > 0)
		return request_refuse(
			fault, "OCSPRequest: something else than optionalSignature behind tbsRequest");
	if (!der_read(&explicit_signature, DER_SEQUENCE, &inside) || explicit_signature.len > 0)
		return request_refuse(fault, "OCSPRequest optionalSignature: not one SEQUENCE");
	struct slice before = inside;
	if (!der_read_algorithm(&inside, &oid, &parameters))
		return request_refuse(fault, "Signature signatureAlgorithm: not an AlgorithmIdentifier");
	out->signature_algorithm = (struct slice){before.data, before.len - inside.len};
	if (!der_read_bits(&inside, &out->signature))
		return request_refuse(fault, "Signature signature: not a BIT STRING of whole octets");
	out->is_signed = true;
	return read_certs(&inside, out, fault);
}

/* All but the arrays, of which the counts say how much is there: 19 KiB need not be cleared for one CertID. */
/*@
  requires \valid(out);
  assigns out->certid_count, out->nonce_state, out->nonce, out->preferred_count, out->tbs, out->is_signed,
    out->signature_algorithm, out->signature, out->signer_certs;
  ensures out->certid_count == 0;
*/
static void clear(struct request *out)
{
	static const struct slice none = {NULL, 0};
	out->certid_count = 0;
	out->nonce_state = NONCE_ABSENT;
	out->nonce = none;
	out->preferred_count = 0;
	out->tbs = none;
	out->is_signed = false;
	out->signature_algorithm = none;
	out->signature = none;
	out->signer_certs = none;
}

/* OCSPRequest ::= SEQUENCE { tbsRequest TBSRequest, optionalSignature [0] EXPLICIT Signature OPTIONAL } */
bool request_decode(struct slice der, size_t certids_limit, struct request *out, struct request_fault *fault)
{
	struct slice inside;
	clear(out);
	*fault = (struct request_fault){NULL, {NULL, 0}};
	if (!der_read(&der, DER_SEQUENCE, &inside))
		return request_refuse(fault, "OCSPRequest: not a whole SEQUENCE of DER");
	if (der.len > 0)
		return request_refuse(fault, "OCSPRequest: trailing octets");
	if (!der_read_whole(&inside, DER_SEQUENCE, &out->tbs))
		return request_refuse(fault, "OCSPRequest tbsRequest: not a SEQUENCE");
	/*@ assert slice_within(out->tbs, \at(der, Pre)); */
	if (!read_tbs(out->tbs, certids_limit, out, fault))
		return false;
	return inside.len == 0 || read_signature(inside, out, fault);
}
