/*
 * base64: the request inside a GET's path (RFC 6960 A.1, RFC 9919 6, conformance H1). A leaf.
 */
#ifndef BASE64_H
#define BASE64_H

#include "bytes.h"

/*
 * Percent-decodes `text` once into `out`, which holds `size` octets (text.len always suffices; `out` may be
 * text.data). A '%' that two hexadecimal digits do not follow stays as it is (no decoder below accepts it).
 * Returns the octets written, or size + 1 where they do not fit.
 */
/*@
  requires slice_readable(text) && \valid(out + (0 .. size - 1)) && size < SIZE_MAX;
  assigns out[0 .. size - 1];
  ensures \result <= size + 1;
  ensures size >= text.len ==> \result <= text.len;
*/
size_t base64_percent_decode(struct slice text, uint8_t *out, size_t size);

/*
 * Base64 (RFC 4648 4) or base64url (5), also mixed; a space counts as '+'; CR and LF are skipped; the padding may be
 * missing, and nothing may follow it. Refused: any other octet, a last group of one character, leftover bits that are
 * not zero, too much or too little padding where there is any.
 * Decodes into `out` of `size` octets (3 * text.len / 4 always suffices); out may be text.data. False also where it
 * does not fit; `out` is then undefined.
 */
/*@
  requires slice_readable(text) && \valid(out + (0 .. size - 1)) && \valid(written);
  requires \separated(written, out + (0 .. size - 1)) && \separated(written, text.data + (0 .. text.len - 1));
  assigns *written, out[0 .. size - 1];
  ensures \result ==> *written <= size;
*/
bool base64_decode(struct slice text, uint8_t *out, size_t size, size_t *written);

/* What a path's tail says of itself, in one pass and without decoding it whole. */
enum base64_find {
	BASE64_NONE,      /* nothing behind any '/' looks like a request */
	BASE64_FOUND,     /* exactly one DER SEQUENCE */
	BASE64_TRUNCATED, /* a SEQUENCE that says it is longer than what is there: a server merged slashes (H2) */
};

/*@ predicate base64_verdict(enum base64_find f) = f == BASE64_NONE || f == BASE64_FOUND || f == BASE64_TRUNCATED; */

/*
 * The earliest text behind a '/' of `path`, which is percent-decoded already, that decodes to exactly one DER
 * SEQUENCE; leading slashes of that text are skipped, and so are those behind its end. Decodes it into `out`, which
 * holds `size` octets (3 * path.len / 4 always suffices; less is BASE64_NONE) and may be path.data.
 * Time is linear in path.len whatever the path holds.
 * BASE64_TRUNCATED is told where a text's SEQUENCE header asks for more octets than there are, if no text is
 * BASE64_FOUND. A path that does not begin with '/' is taken as if one stood before it.
 */
/*@
  requires slice_readable(path) && \valid(out + (0 .. size - 1)) && \valid(written);
  requires \separated(written, out + (0 .. size - 1)) && \separated(written, path.data + (0 .. path.len - 1));
  assigns *written, out[0 .. size - 1];
  ensures base64_verdict(\result);
  ensures \result == BASE64_FOUND ==> *written <= size;
*/
enum base64_find base64_find_request(struct slice path, uint8_t *out, size_t size, size_t *written);

#endif
