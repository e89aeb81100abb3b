#include "base64.h"

#define SEQUENCE      0x30
#define LENGTH_LONG   0x80
#define SLASH_SEXTET  63
#define WINDOW_OCTETS 6 /* of a DER header: tag, length's length, four octets of length */

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
static uint8_t take_octet(struct slice *text)
{
	uint8_t octet = text->data[0];
	size_t taken = 1;
	if (octet == '%' && text->len >= 3) {
		int high = hex_digit(text->data[1]);
		int low = hex_digit(text->data[2]);
		if (high >= 0 && low >= 0) {
			octet = (uint8_t)(high << 4 | low);
			taken = 3;
		}
	}
	*text = (struct slice){text->data + taken, text->len - taken};
	return octet;
}

size_t base64_percent_decode(struct slice text, uint8_t *out, size_t size)
{
	size_t len = 0;
	while (text.len > 0) {
		if (len == size)
			return size + 1;
		out[len++] = take_octet(&text);
	}
	return len;
}

static bool is_line_break(uint8_t c)
{
	return c == '\r' || c == '\n';
}

/* A space is a '+' that somebody took for a form's. -1: not of the alphabet. */
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
static size_t padding_of(size_t characters)
{
	return (4 - characters % 4) % 4;
}

bool base64_decode(struct slice text, uint8_t *out, size_t size, size_t *written)
{
	uint32_t bits = 0;
	unsigned pending = 0;
	size_t characters = 0;
	size_t padding = 0;
	size_t len = 0;
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
		characters++;
		bits = bits << 6 | (uint32_t)value;
		pending += 6;
		if (pending < 8)
			continue;
		if (len == size)
			return false;
		pending -= 8;
		out[len++] = (uint8_t)(bits >> pending);
		bits &= (1u << pending) - 1;
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

static void grow(struct tail *t, uint8_t c, int value)
{
	bool only_slashes = t->slashes == t->characters;
	if (only_slashes && c == '/' && t->padding == 0)
		t->slashes++;
	else if (only_slashes)
		t->last = value;
	t->window = (uint64_t)value << 42 | t->window >> 6;
	t->characters++;
}

static size_t octets_of(size_t characters)
{
	return characters / 4 * 3 + characters % 4 * 3 / 4;
}

static size_t characters_of(size_t octets)
{
	return octets / 3 * 4 + (octets % 3 > 0 ? octets % 3 + 1 : 0);
}

/*
 * SEQUENCE's identifier and length octets (X.690 8.1.2, 8.1.3, 10.1) at the front of the window, of which `available`
 * octets are there: how long the whole element says it is. False: no such header.
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
	uint64_t length = (window & 0xFFFFFFFF) >> 8 * (WINDOW_OCTETS - 2 - count);
	*total = 2 + count + length;
	return length >= LENGTH_LONG && length >> 8 * (count - 1) > 0;
}

/* Whether base64_decode() of this tail, less *surplus slashes at its end, is one SEQUENCE: in constant time. */
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
static struct slice without_slashes_behind_padding(struct slice path)
{
	size_t end = path.len;
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
static struct found find_text(struct slice path)
{
	struct tail t = {0};
	struct found found = {0};
	size_t i = path.len;
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
	while (found.surplus > 0) {
		end--;
		if (rest.data[end] == '/')
			found.surplus--;
	}
	struct slice text = {rest.data + found.start, end - found.start};
	return base64_decode(text, out, size, written) ? BASE64_FOUND : BASE64_NONE;
}
