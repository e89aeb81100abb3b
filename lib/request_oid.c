#include "request_parts.h"

/* X.690 8.19.2: seven bits an octet, the highest bit on all but the last. */
bool request_read_arc(struct slice *oid, uint64_t *arc, bool *fits)
{
	struct slice rest = *oid;
	uint64_t value = 0;
	*fits = true;
	if (rest.len == 0 || rest.data[0] == 0x80)
		return false;
	for (bool more = true; more; rest = (struct slice){rest.data + 1, rest.len - 1}) {
		if (rest.len == 0)
			return false;
		if (value > UINT64_MAX >> 7)
			*fits = false;
		value = value << 7 | (rest.data[0] & 0x7F);
		more = (rest.data[0] & 0x80) != 0;
	}
	*oid = rest;
	*arc = value;
	return true;
}

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
	while (oid.len > 0) {
		bytes_append_char(out, '.');
		if (!request_read_arc(&oid, &arc, &fits)) {
			bytes_append_char(out, '?');
			return;
		}
		append_arc(out, arc, fits);
	}
}
