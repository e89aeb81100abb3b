/*
 * serial: a serialNumber as people and Redis keys write it. A leaf.
 */
#ifndef SERIAL_H
#define SERIAL_H

#include "ocsp.h"

#define SERIAL_DECIMAL_MAX                                                                                   \
	160 /* characters of CERTID_SERIAL_MAX octets: 64 × 8 × log10(2) = 154.1, and a sign */

/* True for a negative INTEGER (content octets): no CA issues one, no source may match one (conformance Q10). */
/*@
  requires slice_readable(serial_number);
  assigns \nothing;
  ensures \result ==> serial_number.len > 0;
*/
bool serial_is_negative(struct slice serial_number);

/*
 * Appends the value of INTEGER content octets in decimal, as a Redis key has it. At most CERTID_SERIAL_MAX octets, not
 * negative; anything else sets out->failed.
 */
/*@
  requires buffer_sound(out) && slice_readable(serial_number);
  requires \separated(serial_number.data + (0 .. serial_number.len - 1), out);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures buffer_sound(out) && out->len >= \old(out->len);
*/
void serial_append_decimal(struct buffer *out, struct slice serial_number);

#endif
