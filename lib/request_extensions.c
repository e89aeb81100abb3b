#include "request_parts.h"

#include "der.h"

/* Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
struct extension {
	struct slice extn_id;
	bool critical;
	struct slice extn_value; /* content of the OCTET STRING */
};

enum known { UNKNOWN, NONCE, RESPONSE, PREFERRED, SERVICE_LOCATOR };

/* id-pkix-ocsp is 1.3.6.1.5.5.7.48.1 */
static const struct {
	struct slice extn_id;
	enum known known;
	bool single; /* known in singleRequestExtensions, else in requestExtensions */
} known_extensions[] = {
	{REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x02"), NONCE, false},
	/* every client takes basic (RFC 6960 4.4.3), and there is nothing else to answer with */
	{REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x04"), RESPONSE, false},
	{REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x08"), PREFERRED, false},
	/* this responder routes nothing (RFC 6960 4.4.6) */
	{REQUEST_OID("\x2B\x06\x01\x05\x05\x07\x30\x01\x07"), SERVICE_LOCATOR, true},
};

/*@
  predicate extension_within(struct extension *e, struct slice whole) =
    slice_within(e->extn_id, whole) && slice_within(e->extn_value, whole);
*/

/* Nonce ::= OCTET STRING (SIZE (1..128))   (RFC 9654 2.1) */
/*@
  requires slice_readable(extn_value) && \valid(out);
  assigns out->nonce_state, out->nonce;
  ensures out->nonce_state == NONCE_VALID ==> out->nonce == extn_value;
*/
static void read_nonce(struct slice extn_value, struct request *out)
{
	struct slice cursor = extn_value;
	struct slice octets = {NULL, 0};
	if (!der_read(&cursor, DER_OCTET_STRING, &octets) || cursor.len > 0 || octets.len < 1 ||
		octets.len > NONCE_MAX) {
		out->nonce_state = NONCE_INVALID;
		return;
	}
	out->nonce_state = NONCE_VALID;
	out->nonce = extn_value;
}

/*
 * PreferredSignatureAlgorithm ::= SEQUENCE { sigIdentifier AlgorithmIdentifier,
 *     pubKeyAlgIdentifier SMIMECapability OPTIONAL }
 * SMIMECapability ::= SEQUENCE { capabilityID OBJECT IDENTIFIER, parameters ANY OPTIONAL }: AlgorithmIdentifier's form
 */
/*@
  requires \valid(cursor) && \valid(preference) && \separated(cursor, preference) && slice_readable(*cursor);
  assigns *cursor, *preference;
  ensures \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
  ensures \result ==> slice_within(*preference, \old(*cursor));
  ensures cursor->len <= \old(cursor->len);
*/
static bool read_preference(struct slice *cursor, struct slice *preference)
{
	struct slice inside;
	struct slice oid;
	struct slice parameters;
	if (!der_read(cursor, DER_SEQUENCE, &inside))
		return false;
	struct slice whole = inside;
	if (!der_read_algorithm(&inside, &oid, &parameters))
		return false;
	*preference = whole;
	return inside.len == 0 || (der_read_algorithm(&inside, &oid, &parameters) && inside.len == 0);
}

/* PreferredSignatureAlgorithms ::= SEQUENCE OF PreferredSignatureAlgorithm   (RFC 6960 4.4.7.1) */
/*@
  requires slice_readable(extension.extn_value) && \valid(out) && \valid(fault) && \separated(out, fault);
  assigns out->preferred_count, out->preferred[0 .. REQUEST_PREFERRED_MAX - 1], fault->reason;
  ensures out->preferred_count <= REQUEST_PREFERRED_MAX;
  ensures \forall integer i; 0 <= i < out->preferred_count ==> slice_within(out->preferred[i], extension.extn_value);
*/
static bool read_preferred(struct extension extension, struct request *out, struct request_fault *fault)
{
	struct slice cursor = extension.extn_value;
	struct slice list = {NULL, 0};
	size_t count = 0;
	bool strict = der_read(&cursor, DER_SEQUENCE, &list) && cursor.len == 0;
	/*@
	  loop invariant strict ==> slice_within(list, extension.extn_value);
	  loop invariant count <= REQUEST_PREFERRED_MAX;
	  loop invariant \forall integer i; 0 <= i < count ==> slice_within(out->preferred[i], extension.extn_value);
	  loop assigns list, strict, count, out->preferred[0 .. REQUEST_PREFERRED_MAX - 1];
	  loop variant list.len + strict;
	*/
	while (strict && list.len > 0) {
		struct slice preference;
		strict = read_preference(&list, &preference);
		if (strict && count < REQUEST_PREFERRED_MAX)
			out->preferred[count++] = preference;
	}
	out->preferred_count = strict ? count : 0;
	if (!strict && extension.critical)
		return request_refuse(fault, "PreferredSignatureAlgorithms: critical and not well-formed");
	return true;
}

/*@
  requires \valid(cursor) && \valid(extension) && \valid(fault) && \separated(cursor, extension, fault);
  requires slice_readable(*cursor);
  assigns *cursor, *extension, fault->reason;
  ensures \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
  ensures \result ==> extension_within(extension, \old(*cursor));
*/
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

/*@ requires slice_readable(extn_id); assigns \nothing; */
static enum known find_known(struct slice extn_id, bool single)
{
	/*@ loop invariant 0 <= i <= 4; loop assigns i; loop variant 4 - i; */
	for (size_t i = 0; i < sizeof known_extensions / sizeof known_extensions[0]; i++) {
		/*@ admit literal: slice_readable(known_extensions[i].extn_id); */
		if (single == known_extensions[i].single && bytes_equal(known_extensions[i].extn_id, extn_id))
			return known_extensions[i].known;
	}
	return UNKNOWN;
}

/* One of the two lists while it is read. */
struct extensions {
	struct slice list, rest;
	size_t count;
};

/*@
  predicate extensions_sound(struct extensions *all) =
    slice_readable(all->list) && slice_ends(all->rest, all->list) && all->count <= REQUEST_EXTENSIONS_MAX;
*/

/* Whether one of these Extensions, which have been read before, has that extnID. */
/*@ requires slice_readable(earlier) && slice_readable(extn_id); assigns \nothing; */
static bool is_among(struct slice earlier, struct slice extn_id)
{
	struct slice inside;
	struct slice oid;
	/*@
	  loop invariant slice_ends(earlier, \at(earlier, Pre));
	  loop assigns earlier, inside, oid;
	  loop variant earlier.len;
	*/
	while (der_read(&earlier, DER_SEQUENCE, &inside) && der_read_oid(&inside, &oid))
		if (bytes_equal(oid, extn_id))
			return true;
	return false;
}

/* Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension. An empty one is tolerated: clients in the field send it. */
/*@
  requires slice_readable(cursor) && \valid(all) && \valid(fault) && \separated(all, fault);
  assigns *all, fault->reason;
  ensures \result ==> extensions_sound(all) && slice_within(all->list, cursor);
*/
static bool begin(struct slice cursor, struct extensions *all, struct request_fault *fault)
{
	if (!der_read(&cursor, DER_SEQUENCE, &all->list) || cursor.len > 0)
		return request_refuse(fault, "Extensions: not one SEQUENCE");
	all->rest = all->list;
	all->count = 0;
	return true;
}

/* Takes the next one off, and says which of this list's known ones it is. Conformance Q11. */
/*@
  requires \valid(all) && \valid(extension) && \valid(which) && \valid(fault);
  requires \separated(all, extension, which, fault) && extensions_sound(all);
  assigns all->rest, all->count, *extension, *which, *fault;
  ensures \result ==> extensions_sound(all) && all->rest.len < \old(all->rest.len);
  ensures \result ==> extension_within(extension, all->list);
*/
static bool next(struct extensions *all, bool single, struct extension *extension, enum known *which,
	struct request_fault *fault)
{
	struct slice earlier = {all->list.data, all->list.len - all->rest.len};
	if (!read_extension(&all->rest, extension, fault))
		return false;
	if (all->count >= REQUEST_EXTENSIONS_MAX)
		return request_refuse(fault, "Extensions: more than 32");
	all->count++;
	if (is_among(earlier, extension->extn_id)) {
		fault->oid = extension->extn_id;
		return request_refuse(fault, "Extensions: one is repeated");
	}
	*which = find_known(extension->extn_id, single);
	if (*which == UNKNOWN && extension->critical) {
		fault->oid = extension->extn_id;
		return request_refuse(fault, "Extension: unknown and critical");
	}
	return true;
}

bool request_read_extensions(struct slice cursor, struct request *out, struct request_fault *fault)
{
	struct extensions all;
	struct extension extension;
	enum known which = UNKNOWN;
	struct extension nonce = {
		0}; /* one of each at most: those that are there are read when the list is through */
	struct extension preferred = {0};
	if (!begin(cursor, &all, fault))
		return false;
	/*@
	  loop invariant extensions_sound(&all);
	  loop invariant nonce.extn_id.len > 0 ==> slice_within(nonce.extn_value, all.list);
	  loop invariant preferred.extn_id.len > 0 ==> slice_within(preferred.extn_value, all.list);
	  loop assigns all.rest, all.count, extension, which, *fault, nonce, preferred;
	  loop variant all.rest.len;
	*/
	while (all.rest.len > 0) {
		if (!next(&all, false, &extension, &which, fault))
			return false;
		if (which == NONCE)
			nonce = extension;
		if (which == PREFERRED)
			preferred = extension;
	}
	if (nonce.extn_id.len > 0)
		read_nonce(nonce.extn_value, out);
	return preferred.extn_id.len == 0 || read_preferred(preferred, out, fault);
}

bool request_read_single_extensions(struct slice cursor, struct request_fault *fault)
{
	struct extensions all;
	struct extension extension;
	enum known which = UNKNOWN;
	if (!begin(cursor, &all, fault))
		return false;
	/*@
	  loop invariant extensions_sound(&all);
	  loop assigns all.rest, all.count, extension, which, *fault;
	  loop variant all.rest.len;
	*/
	while (all.rest.len > 0)
		if (!next(&all, true, &extension, &which, fault))
			return false;
	return true;
}
