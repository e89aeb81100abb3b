#include "request_parts.h"

/* X.690 8.19.2: seven bits an octet, the highest bit on all but the last. */
bool request_read_arc(struct slice *oid, uint64_t *arc, bool *fits)
{
	struct slice rest = *oid;
	uint64_t value = 0;
	*fits = true;
	if (rest.len == 0 || rest.data[0] == 0x80)
		return false;
	/*@
	  loop invariant slice_ends(rest, *oid) && (more ==> rest.len <= oid->len) && (!more ==> rest.len < oid->len);
	  loop invariant !*fits ==> value == UINT64_MAX;
	  loop assigns more, rest, value, *fits;
	  loop variant rest.len;
	*/
	for (bool more = true; more; rest = (struct slice){rest.data + 1, rest.len - 1}) {
		if (rest.len == 0)
			return false;
		*fits = *fits && value <= UINT64_MAX / 128;
		value = *fits ? value * 128 + rest.data[0] % 128 : UINT64_MAX;
		more = (rest.data[0] & 0x80) != 0;
	}
	*oid = rest;
	*arc = value;
	return true;
}

/*@
  requires buffer_sound(out);
  assigns out->len, out->failed, out->data[0 .. out->size - 1];
  ensures buffer_sound(out);
*/
static void append_arc(struct buffer *out, uint64_t arc, bool fits)
{
	if (fits)
		bytes_append_padded(out, arc, 1);
	else
		bytes_append_char(out, '?');
}

void request_oid_text(struct slice oid, struct buffer *out)
{
	uint64_t arc = 0;
	bool fits = false;
	if (!request_read_arc(&oid, &arc, &fits)) {
		bytes_append_char(out, '?');
		return;
	}
	uint64_t root = !fits || arc >= 80 ? 2 : arc / 40; /* X.690 8.19.4: root × 40 + the second arc */
	append_arc(out, root, true);
	bytes_append_char(out, '.');
	append_arc(out, arc - root * 40, fits);
	/*@
	  loop invariant buffer_sound(out) && slice_ends(oid, \at(oid, Pre));
	  loop assigns oid, arc, fits, out->len, out->failed, out->data[0 .. out->size - 1];
	  loop variant oid.len;
	*/
	while (oid.len > 0) {
		bytes_append_char(out, '.');
		if (!request_read_arc(&oid, &arc, &fits)) {
			bytes_append_char(out, '?');
			return;
		}
		append_arc(out, arc, fits);
	}
}
