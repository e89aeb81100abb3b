#include "der.h"

#include "calendar.h"

#include <string.h>

#define TAG_APPLICATION  0x40 /* the universal class's tags are below it */
#define TAG_CONSTRUCTED  0x20
#define TAG_NUMBER_MASK  0x1F
#define UNIVERSAL_STRING 0x1C
#define BMP_STRING       0x1E
#define LENGTH_LONG      0x80

/* X.690 8.1.3: takes the length octets off the cursor. DER (10.1) wants the fewest there can be. */
/*@
  requires \valid(cursor) && \valid(length) && \separated(cursor, length) && slice_readable(*cursor);
  assigns *cursor, *length;
  ensures \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
*/
static bool read_length(struct slice *cursor, size_t *length)
{
	if (cursor->len < 1)
		return false;
	uint8_t first = cursor->data[0];
	struct slice rest = {cursor->data + 1, cursor->len - 1};
	size_t value = first;
	if (first >= LENGTH_LONG) {
		size_t count = first & 0x7F;
		if (count < 1 || count > 4 || rest.len < count || rest.data[0] == 0)
			return false;
		value = 0;
		/*@
		  loop invariant 0 <= i <= count && octets_hold(i, value);
		  loop assigns i, value;
		  loop variant count - i;
		*/
		for (size_t i = 0; i < count; i++)
			value = value * 256 + rest.data[i];
		if (value < LENGTH_LONG)
			return false;
		rest = (struct slice){rest.data + count, rest.len - count};
	}
	*cursor = rest;
	*length = value;
	return true;
}

/* X.690 8.3.2: the first nine bits are neither all zero nor all one. */
/*@ requires slice_readable(content); assigns \nothing; ensures \result ==> content.len >= 1; */
static bool integer_is_minimal(struct slice content)
{
	if (content.len == 0)
		return false;
	if (content.len == 1)
		return true;
	bool sign = (content.data[1] & 0x80) != 0;
	return !(content.data[0] == 0x00 && !sign) && !(content.data[0] == 0xFF && sign);
}

/* X.690 8.19.2: no arc begins with 0x80, and the last octet ends an arc. */
/*@ requires slice_readable(oid); assigns \nothing; ensures \result ==> oid.len >= 1; */
static bool oid_is_strict(struct slice oid)
{
	bool arc_begins = true;
	/*@
	  loop invariant 0 <= i <= oid.len;
	  loop assigns i, arc_begins;
	  loop variant oid.len - i;
	*/
	for (size_t i = 0; i < oid.len; i++) {
		if (arc_begins && oid.data[i] == 0x80)
			return false;
		arc_begins = (oid.data[i] & 0x80) == 0;
	}
	return oid.len > 0 && arc_begins;
}

/* X.690 8.6.2, 11.2.1: 0 to 7 unused bits, which are zero. */
/*@ requires slice_readable(content); assigns \nothing; ensures \result ==> content.len >= 1; */
static bool bits_are_strict(struct slice content)
{
	if (content.len == 0 || content.data[0] > 7)
		return false;
	unsigned unused = content.data[0];
	if (content.len == 1)
		return unused == 0;
	return (content.data[content.len - 1] & (0xFFu >> (8 - unused))) == 0;
}

/* Of a universal type: X.690 8.9.1, 8.11.1, 10.2 on its form, and what its content may be. */
/*@
  requires slice_readable(content);
  assigns \nothing;
  ensures \result ==> der_says_something(tag, content);
*/
static bool universal_is_strict(uint8_t tag, struct slice content)
{
	if ((tag & TAG_CONSTRUCTED) != 0)
		return tag == DER_SEQUENCE || tag == DER_SET;
	switch (tag) {
	case DER_SEQUENCE & ~TAG_CONSTRUCTED:
	case DER_SET & ~TAG_CONSTRUCTED:
		return false;
	case DER_BOOLEAN:
		return content.len == 1 && (content.data[0] == 0x00 || content.data[0] == 0xFF);
	case DER_INTEGER:
	case DER_ENUMERATED:
		return integer_is_minimal(content);
	case DER_BIT_STRING:
		return bits_are_strict(content);
	case DER_NULL:
		return content.len == 0;
	case DER_OID:
		return oid_is_strict(content);
	case UNIVERSAL_STRING:
		return content.len % 4 == 0;
	case BMP_STRING:
		return content.len % 2 == 0;
	default:
		return true;
	}
}

bool der_read_any(struct slice *cursor, uint8_t *tag, struct slice *content)
{
	if (cursor->len < 2)
		return false;
	uint8_t first = cursor->data[0];
	if (first == 0 || (first & TAG_NUMBER_MASK) == TAG_NUMBER_MASK)
		return false;
	struct slice rest = {cursor->data + 1, cursor->len - 1};
	size_t length = 0;
	if (!read_length(&rest, &length))
		return false;
	if (length > rest.len)
		return false;
	struct slice found = {rest.data, length};
	if (first < TAG_APPLICATION && !universal_is_strict(first, found))
		return false;
	*tag = first;
	*content = found;
	*cursor = (struct slice){rest.data + length, rest.len - length};
	return true;
}

uint8_t der_peek(struct slice cursor)
{
	return cursor.len > 0 ? cursor.data[0] : 0;
}

bool der_read(struct slice *cursor, uint8_t tag, struct slice *content)
{
	uint8_t found = 0;
	if (der_peek(*cursor) != tag)
		return false;
	return der_read_any(cursor, &found, content);
}

bool der_read_whole(struct slice *cursor, uint8_t tag, struct slice *whole)
{
	struct slice before = *cursor;
	struct slice content;
	if (!der_read(cursor, tag, &content))
		return false;
	*whole = (struct slice){before.data, before.len - cursor->len};
	return true;
}

bool der_read_integer(struct slice *cursor, struct slice *content)
{
	return der_read(cursor, DER_INTEGER, content);
}

bool der_read_small(struct slice *cursor, uint8_t tag, uint32_t max, uint32_t *value)
{
	struct slice rest = *cursor;
	struct slice found;
	if (!der_read(&rest, tag, &found) || !integer_is_minimal(found))
		return false;
	if (found.len > 5 || (found.data[0] & 0x80) != 0)
		return false;
	uint64_t sum = 0;
	/*@
	  loop invariant 0 <= i <= found.len && octets_hold(i, sum);
	  loop assigns i, sum;
	  loop variant found.len - i;
	*/
	for (size_t i = 0; i < found.len; i++)
		sum = sum * 256 + found.data[i];
	if (sum > max)
		return false;
	*cursor = rest;
	*value = (uint32_t)sum;
	return true;
}

bool der_read_boolean(struct slice *cursor, bool *value)
{
	struct slice found;
	if (!der_read(cursor, DER_BOOLEAN, &found))
		return false;
	*value = found.data[0] == 0xFF;
	return true;
}

bool der_read_oid(struct slice *cursor, struct slice *oid)
{
	return der_read(cursor, DER_OID, oid);
}

bool der_read_algorithm(struct slice *cursor, struct slice *oid, struct slice *parameters)
{
	struct slice rest = *cursor;
	struct slice inside;
	struct slice any;
	uint8_t tag = 0;
	if (!der_read(&rest, DER_SEQUENCE, &inside) || !der_read_oid(&inside, oid))
		return false;
	*parameters = inside;
	if (inside.len > 0 && (!der_read_any(&inside, &tag, &any) || inside.len > 0))
		return false;
	*cursor = rest;
	return true;
}

bool der_read_bits(struct slice *cursor, struct slice *octets)
{
	struct slice rest = *cursor;
	struct slice found;
	if (!der_read(&rest, DER_BIT_STRING, &found) || found.len < 1 || found.data[0] != 0)
		return false;
	*cursor = rest;
	*octets = (struct slice){found.data + 1, found.len - 1};
	return true;
}

/*@
  requires \valid(text) && \valid(value) && \separated(text, value) && slice_readable(*text);
  assigns *text, *value;
  ensures \result ==> slice_ends(*text, \old(*text)) && 0 <= *value <= 99;
  ensures slice_readable(*text);
*/
static bool two_digits(struct slice *text, int *value)
{
	if (text->len < 2)
		return false;
	int tens = text->data[0] - '0';
	int ones = text->data[1] - '0';
	if (tens < 0 || tens > 9 || ones < 0 || ones > 9)
		return false;
	*value = tens * 10 + ones;
	*text = (struct slice){text->data + 2, text->len - 2};
	return true;
}

bool der_read_time(struct slice *cursor, int64_t *unix_seconds)
{
	struct slice rest = *cursor;
	struct slice text;
	struct calendar c = {0};
	uint8_t tag = 0;
	int century = 0;
	int year = 0;
	if (!der_read_any(&rest, &tag, &text) || (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME))
		return false;
	if (tag == DER_GENERALIZED_TIME && !two_digits(&text, &century))
		return false;
	if (!two_digits(&text, &year) || !two_digits(&text, &c.month) || !two_digits(&text, &c.day))
		return false;
	if (!two_digits(&text, &c.hour) || !two_digits(&text, &c.minute) || !two_digits(&text, &c.second))
		return false;
	if (text.len != 1 || text.data[0] != 'Z')
		return false;
	if (tag == DER_UTC_TIME)
		century = year < 50 ? 20 : 19; /* RFC 5280 4.1.2.5.1 */
	c.year = century * 100 + year;
	if (!calendar_to_unix(&c, unix_seconds))
		return false;
	*cursor = rest;
	return true;
}

struct der_writer der_writer(uint8_t *storage, size_t size)
{
	return (struct der_writer){storage, size, size, false};
}

struct slice der_written(const struct der_writer *w)
{
	return (struct slice){w->data + w->start, w->size - w->start};
}

size_t der_mark(const struct der_writer *w)
{
	return w->start;
}

/* memcpy of octets: `make prove` takes this contract for granted. */
/*@
  requires \valid(to + (0 .. len - 1)) && \valid_read(from + (0 .. len - 1));
  requires \separated(to + (0 .. len - 1), from + (0 .. len - 1));
  assigns to[0 .. len - 1];
*/
static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
	memcpy(to, from, len);
}

void der_put(struct der_writer *w, struct slice octets)
{
	if (octets.len > w->start) {
		w->failed = true;
		return;
	}
	w->start -= octets.len;
	if (octets.len > 0)
		copy(w->data + w->start, octets.data, octets.len);
}

void der_wrap(struct der_writer *w, uint8_t tag, size_t end)
{
	uint8_t header[6];
	size_t first = sizeof header;
	size_t length = end - w->start;
	if (length > DER_LENGTH_MAX) {
		w->failed = true;
		return;
	}
	size_t rest = length;
	/*@
	  loop invariant 3 <= first <= 6 && octets_hold(first - 2, rest);
	  loop assigns rest, first, header[0 .. 5];
	  loop variant first;
	*/
	do {
		header[--first] = (uint8_t)(rest % 256);
		rest /= 256;
	} while (rest > 0);
	if (length >= LENGTH_LONG) {
		uint8_t count = (uint8_t)(sizeof header - first);
		header[--first] = (uint8_t)(LENGTH_LONG + count);
	}
	header[--first] = tag;
	der_put(w, (struct slice){header + first, sizeof header - first});
}

void der_put_element(struct der_writer *w, uint8_t tag, struct slice content)
{
	size_t end = der_mark(w);
	der_put(w, content);
	der_wrap(w, tag, end);
}

void der_put_time(struct der_writer *w, int64_t unix_seconds)
{
	struct calendar c;
	uint8_t text[sizeof "YYYYMMDDHHMMSSZ"];
	struct buffer out = bytes_buffer(text, sizeof text);
	if (!calendar_from_unix(unix_seconds, &c)) {
		w->failed = true;
		return;
	}
	bytes_append_padded(&out, (uint64_t)c.year, 4);
	bytes_append_padded(&out, (uint64_t)c.month, 2);
	bytes_append_padded(&out, (uint64_t)c.day, 2);
	bytes_append_padded(&out, (uint64_t)c.hour, 2);
	bytes_append_padded(&out, (uint64_t)c.minute, 2);
	bytes_append_padded(&out, (uint64_t)c.second, 2);
	bytes_append_char(&out, 'Z');
	der_put_element(w, DER_GENERALIZED_TIME, bytes_written(&out));
}

void der_put_small(struct der_writer *w, uint8_t tag, uint8_t value)
{
	if (value >= 128)
		w->failed = true;
	der_put_element(w, tag, (struct slice){&value, 1});
}
