#include "serial.h"

#define LIMB      1000000000u /* nine decimal digits at a time: limb × 2^8 + octet fits 64 bits with room */
#define LIMBS_MAX (SERIAL_DECIMAL_MAX / 9 + 1)

bool serial_is_negative(struct slice serial_number)
{
	return serial_number.len > 0 && (serial_number.data[0] & 0x80) != 0;
}

void serial_append_decimal(struct buffer *out, struct slice serial_number)
{
	uint32_t limbs[LIMBS_MAX] = {0}; /* least significant first */
	size_t used = 1;
	if (serial_number.len == 0 || serial_number.len > CERTID_SERIAL_MAX ||
		serial_is_negative(serial_number)) {
		out->failed = true;
		return;
	}
	/*@
	  loop invariant 0 <= i <= serial_number.len && 1 <= used <= LIMBS_MAX;
	  loop assigns i, used, limbs[0 .. LIMBS_MAX - 1];
	  loop variant serial_number.len - i;
	*/
	for (size_t i = 0; i < serial_number.len; i++) {
		uint64_t carry = serial_number.data[i];
		/*@
		  loop invariant 0 <= k <= used && carry <= 0xFFFFFFFF;
		  loop assigns k, carry, limbs[0 .. LIMBS_MAX - 1];
		  loop variant used - k;
		*/
		for (size_t k = 0; k < used; k++) {
			uint64_t sum = limbs[k] * UINT64_C(256) + carry;
			limbs[k] = (uint32_t)(sum % LIMB);
			carry = sum / LIMB;
		}
		if (carry > 0 && used == LIMBS_MAX) { /* never: CERTID_SERIAL_MAX octets fit */
			out->failed = true;
			return;
		}
		if (carry > 0)
			limbs[used++] = (uint32_t)carry;
	}
	bytes_append_padded(out, limbs[used - 1], 1);
	/*@
	  loop invariant 0 <= k < used && buffer_sound(out) && out->len >= \at(out->len, Pre);
	  loop assigns k, out->len, out->failed, out->data[0 .. out->size - 1];
	  loop variant k;
	*/
	for (size_t k = used - 1; k > 0; k--)
		bytes_append_padded(out, limbs[k - 1], 9);
}
