/*
 * request_parts: what request.c, the decoder of OCSPRequest, is made of. Nobody else includes this.
 */
#ifndef REQUEST_PARTS_H
#define REQUEST_PARTS_H

#include "request.h"

/* An OBJECT IDENTIFIER's content as the initialiser of a static table (SLICE is no constant expression there). */
#define REQUEST_OID(literal)                                                                                 \
	{                                                                                                    \
		(const uint8_t *)(literal), sizeof(literal) - 1                                              \
	}

/* Sets the fault's reason; false, so that a refusal is one statement. */
/*@
  requires \valid(fault);
  assigns fault->reason;
  ensures !\result;
*/
static inline bool request_refuse(struct request_fault *fault, const char *reason)
{
	fault->reason = reason;
	return false;
}

/*
 * Extensions (RFC 5280 4.1) of one of the two lists, all of `cursor`. request_read_extensions() is for
 * requestExtensions and fills nonce and preferred of *out; the other only checks. Conformance Q5, Q6, Q11.
 */
/*@
  requires slice_readable(cursor) && \valid(out) && \valid(fault) && \separated(out, fault);
  assigns out->nonce_state, out->nonce, out->preferred_count, out->preferred[0 .. REQUEST_PREFERRED_MAX - 1], *fault;
*/
bool request_read_extensions(struct slice cursor, struct request *out, struct request_fault *fault);
/*@
  requires slice_readable(cursor) && \valid(fault);
  assigns *fault;
*/
bool request_read_single_extensions(struct slice cursor, struct request_fault *fault);

/* GeneralName (RFC 5280 4.2.1.6) that fills `cursor`: whether it is well-formed, to the depth of OpenSSL's reading. */
/*@
  requires slice_readable(cursor);
  assigns \nothing;
*/
bool request_is_general_name(struct slice cursor);

/*
 * Takes the next arc off OBJECT IDENTIFIER content; the first one still holds two (X.690 8.19.4). `fits` says whether
 * its value is below 2^64. False: not minimal or not complete.
 */
/*@
  requires \valid(oid) && \valid(arc) && \valid(fits) && \separated(oid, arc, fits) && slice_readable(*oid);
  assigns *oid, *arc, *fits;
  ensures \result ==> slice_ends(*oid, \old(*oid)) && oid->len < \old(oid->len);
  ensures \result && !*fits ==> *arc == UINT64_MAX;
  ensures untouched: !\result ==> *oid == \old(*oid) && *arc == \old(*arc);
*/
bool request_read_arc(struct slice *oid, uint64_t *arc, bool *fits);

#endif
