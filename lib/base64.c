#include "base64.h"

#define SEQUENCE      0x30
#define LENGTH_LONG   0x80
#define SLASH_SEXTET  63
#define WINDOW_OCTETS 6 /* of a DER header: tag, length's length, four octets of length */

/*@
  assigns \nothing;
  ensures -1 <= \result <= 15;
*/
static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Takes one octet off the front, unescaped. The caller knows that there is one. */
/*@
  requires \valid(text) && slice_readable(*text) && text->len > 0;
  assigns *text;
  ensures slice_ends(*text, \old(*text)) && text->len < \old(text->len);
  ensures slice_readable(*text);
*/
static uint8_t take_octet(struct slice *text)
{
	uint8_t octet = text->data[0];
	size_t taken = 1;
	if (octet == '%' && text->len >= 3) {
		int high = hex_digit(text->data[1]);
		int low = hex_digit(text->data[2]);
		if (high >= 0 && low >= 0) {
			octet = (uint8_t)(high * 16 + low);
			taken = 3;
		}
	}
	*text = (struct slice){text->data + taken, text->len - taken};
	return octet;
}

size_t base64_percent_decode(struct slice text, uint8_t *out, size_t size)
{
	size_t len = 0;
	/*@
	  loop invariant slice_readable(text) && len <= size && len + text.len <= \at(text.len, Pre);
	  loop assigns text, len, out[0 .. size - 1];
	  loop variant text.len;
	*/
	while (text.len > 0) {
		if (len == size)
			return size + 1;
		out[len++] = take_octet(&text);
	}
	return len;
}

/*@
  assigns \nothing;
*/
static bool is_line_break(uint8_t c)
{
	return c == '\r' || c == '\n';
}

/* A space is a '+' that somebody took for a form's. -1: not of the alphabet. */
/*@
  assigns \nothing;
  ensures -1 <= \result <= 63;
*/
static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-' || c == ' ')
		return 62;
	if (c == '/' || c == '_')
		return SLASH_SEXTET;
	return -1;
}

/* The '=' that this many characters want. */
/*@
  assigns \nothing;
  ensures \result <= 3;
*/
static size_t padding_of(size_t characters)
{
	return (4 - characters % 4) % 4;
}

/*
 * Four characters are three octets (RFC 4648 4): what the character in this place, 0 to 3, adds to the bits of the one
 * before it. The first of the four ends no octet.
 */
/*@
  requires \valid(bits) && \valid(octet) && \separated(bits, octet);
  assigns *bits, *octet;
*/
static bool ends_octet(size_t place, uint8_t value, uint8_t *bits, uint8_t *octet)
{
	switch (place) {
	case 0:
		*bits = value;
		return false;
	case 1:
		*octet = (uint8_t)(*bits * 4 + value / 16);
		*bits = value % 16;
		return true;
	case 2:
		*octet = (uint8_t)(*bits * 16 + value / 4);
		*bits = value % 4;
		return true;
	default:
		*octet = (uint8_t)(*bits * 64 + value);
		*bits = 0;
		return true;
	}
}

bool base64_decode(struct slice text, uint8_t *out, size_t size, size_t *written)
{
	uint8_t bits = 0;
	uint8_t octet = 0;
	size_t characters = 0;
	size_t padding = 0;
	size_t len = 0;
	/*@
	  loop invariant 0 <= i <= text.len && characters + padding <= i && len <= size;
	  loop assigns i, bits, octet, characters, padding, len, out[0 .. size - 1];
	  loop variant text.len - i;
	*/
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		if (is_line_break(c))
			continue;
		if (c == '=') {
			padding++;
			continue;
		}
		int value = sextet(c);
		if (value < 0 || padding > 0)
			return false;
		if (!ends_octet(characters++ % 4, (uint8_t)value, &bits, &octet))
			continue;
		if (len == size)
			return false;
		out[len++] = octet;
	}
	if (characters % 4 == 1 || bits != 0)
		return false;
	if (padding > 0 && padding != padding_of(characters))
		return false;
	*written = len;
	return true;
}

/* What is known of the text from some place to the path's end; grows towards the front, a character at a time. */
struct tail {
	size_t characters; /* of base64: no CR, no LF, no padding */
	size_t padding;
	size_t slashes;  /* the last of the characters: they may be the path's instead of the request's */
	int last;        /* the sextet in front of those slashes */
	uint64_t window; /* the first eight characters' 48 bits; zeros where there are fewer */
};

/*@
  predicate tail_sound(struct tail t) =
    t.slashes <= t.characters && 0 <= t.last <= 63 && t.window <= 0xFFFFFFFFFFFF;
*/
/*@
  requires \valid(t) && tail_sound(*t) && t->characters < SIZE_MAX && 0 <= value <= 63;
  assigns t->slashes, t->last, t->window, t->characters;
  ensures tail_sound(*t) && t->characters == \old(t->characters) + 1;
*/
static void grow(struct tail *t, uint8_t c, int value)
{
	bool only_slashes = t->slashes == t->characters;
	if (only_slashes && c == '/' && t->padding == 0)
		t->slashes++;
	else if (only_slashes)
		t->last = value;
	t->window = (uint64_t)value * (UINT64_C(1) << 42) + t->window / 64;
	t->characters++;
}

/*@
  logic integer octets_in(integer characters) = characters / 4 * 3 + characters % 4 * 3 / 4;
*/
/*@
  assigns \nothing;
  ensures \result == octets_in(characters) <= characters;
*/
static size_t octets_of(size_t characters)
{
	return characters / 4 * 3 + characters % 4 * 3 / 4;
}

/*@
  requires octets <= 0x1FFFFFFFF;
  assigns \nothing;
  ensures octets / 3 * 4 <= \result <= octets / 3 * 4 + 3;
  ensures \forall size_t characters; octets <= octets_in(characters) ==> \result <= characters;
*/
static size_t characters_of(size_t octets)
{
	return octets / 3 * 4 + (octets % 3 > 0 ? octets % 3 + 1 : 0);
}

/*
 * SEQUENCE's identifier and length octets (X.690 8.1.2, 8.1.3, 10.1) at the front of the window, of which `available`
 * octets are there: how long the whole element says it is. False: no such header.
 */
/*@
  requires \valid(total) && window <= 0xFFFFFFFFFFFF;
  assigns *total;
  ensures \result ==> 2 <= *total <= 0x1FFFFFFFF;
*/
static bool sequence_octets(uint64_t window, size_t available, uint64_t *total)
{
	if (available < 2 || (window >> 40 & 0xFF) != SEQUENCE)
		return false;
	uint64_t first = window >> 32 & 0xFF;
	*total = 2 + first;
	if (first < LENGTH_LONG)
		return true;
	size_t count = (size_t)(first - LENGTH_LONG);
	if (count < 1 || count > WINDOW_OCTETS - 2 || available < 2 + count)
		return false;
	uint32_t length = (uint32_t)window >> 8 * (WINDOW_OCTETS - 2 - count);
	*total = 2 + count + (uint64_t)length;
	return length >= LENGTH_LONG && length >> 8 * (count - 1) > 0;
}

/* Whether base64_decode() of this tail, less *surplus slashes at its end, is one SEQUENCE: in constant time. */
/*@
  requires \valid_read(t) && tail_sound(*t) && \valid(surplus) && \separated(t, surplus);
  assigns *surplus;
  ensures base64_verdict(\result) && (\result == BASE64_FOUND ==> *surplus <= t->slashes);
*/
static enum base64_find judge(const struct tail *t, size_t *surplus)
{
	static const int leftover[4] = {0, 0, 0x0F, 0x03}; /* bits of the last character, by characters % 4 */
	size_t available = octets_of(t->characters);
	uint64_t total = 0;
	if (!sequence_octets(t->window, available, &total))
		return BASE64_NONE;
	if (total > available)
		return BASE64_TRUNCATED;
	size_t needed = characters_of((size_t)total);
	size_t rest = t->characters - needed;
	if (rest > t->slashes || (t->padding > 0 && t->padding != padding_of(needed)))
		return BASE64_NONE;
	int last = rest == t->slashes ? t->last : SLASH_SEXTET;
	if ((last & leftover[needed % 4]) != 0)
		return BASE64_NONE;
	*surplus = rest;
	return BASE64_FOUND;
}

/* Slashes behind padding are the path's. */
/*@
  requires slice_readable(path);
  assigns \nothing;
  ensures \result.data == path.data && \result.len <= path.len;
*/
static struct slice without_slashes_behind_padding(struct slice path)
{
	size_t end = path.len;
	/*@
	  loop invariant end <= path.len;
	  loop assigns end;
	  loop variant end;
	*/
	while (end > 0 && (path.data[end - 1] == '/' || is_line_break(path.data[end - 1])))
		end--;
	bool padded = end > 0 && path.data[end - 1] == '=';
	return (struct slice){path.data, padded ? end : path.len};
}

struct found {
	enum base64_find verdict;
	size_t start, surplus;
};

/* The text that begins at `start` is earlier than all that were considered before it. */
/*@
  requires \valid_read(t) && tail_sound(*t) && \valid(found) && \separated(t, found);
  requires base64_verdict(found->verdict);
  assigns *found;
  ensures base64_verdict(found->verdict);
  ensures found->start == start || found->start == \old(found->start);
*/
static void consider(const struct tail *t, size_t start, struct found *found)
{
	size_t surplus = 0;
	enum base64_find verdict = judge(t, &surplus);
	if (verdict == BASE64_FOUND)
		*found = (struct found){verdict, start, surplus};
	else if (verdict == BASE64_TRUNCATED && found->verdict == BASE64_NONE)
		found->verdict = verdict;
}

/* Leading slashes need no care: a SEQUENCE's base64 begins with 'M', so only the text behind the last one counts. */
/*@
  requires slice_readable(path);
  assigns \nothing;
  ensures \result.start <= path.len && base64_verdict(\result.verdict);
*/
static struct found find_text(struct slice path)
{
	struct tail t = {0};
	struct found found = {0};
	size_t i = path.len;
	/*@
	  loop invariant i <= path.len && found.start <= path.len && base64_verdict(found.verdict);
	  loop invariant tail_sound(t) && t.characters + t.padding <= path.len - i;
	  loop assigns i, t, found;
	  loop variant i;
	*/
	for (; i > 0; i--) {
		uint8_t c = path.data[i - 1];
		if (is_line_break(c))
			continue;
		if (c == '=' && t.characters == 0) {
			t.padding++;
			continue;
		}
		int value = sextet(c);
		if (value < 0)
			break;
		if (c == '/')
			consider(&t, i, &found);
		grow(&t, c, value);
	}
	if (i == 0 && path.len > 0 && path.data[0] != '/')
		consider(&t, 0, &found);
	return found;
}

enum base64_find base64_find_request(struct slice path, uint8_t *out, size_t size, size_t *written)
{
	struct slice rest = without_slashes_behind_padding(path);
	struct found found = find_text(rest);
	if (found.verdict != BASE64_FOUND)
		return found.verdict;
	size_t end = rest.len;
	/*@
	  loop invariant found.start <= end <= rest.len;
	  loop assigns end, found.surplus;
	  loop variant end;
	*/
	while (found.surplus > 0 && end > found.start) {
		end--;
		if (rest.data[end] == '/')
			found.surplus--;
	}
	struct slice text = {rest.data + found.start, end - found.start};
	return base64_decode(text, out, size, written) ? BASE64_FOUND : BASE64_NONE;
}
