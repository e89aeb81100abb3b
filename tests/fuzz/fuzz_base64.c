/*
 * The target of a GET: percent-decoding, base64, and the request found in a path. In place and out of place give the same;
 * base64 agrees with a decoder that is too simple to be wrong; what is found is the earliest.
 */
#include "base64.h"
#include "fuzz.h"

#define SLASH '/'

static int value_of(uint8_t c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	if (c == '-' || c == ' ')
		c = '+';
	if (c == '_')
		c = '/';
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

/* base64_decode()'s contract, character by character. */
static bool decode_simply(struct slice text, uint8_t *out, size_t *written)
{
	uint32_t bits = 0;
	size_t characters = 0, padding = 0;
	*written = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		int value = value_of(c);
		if (c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			padding++;
			continue;
		}
		if (value < 0 || padding > 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (++characters % 4 != 1)
			out[(*written)++] = (uint8_t)(bits >> (6 - 2 * ((characters - 1) % 4)));
	}
	if (characters % 4 == 1 || (padding > 0 && (characters + padding) % 4 != 0) || padding > 2)
		return false;
	unsigned left = characters % 4 == 2 ? 4 : characters % 4 == 3 ? 2 : 0;
	return (bits & ((1u << left) - 1)) == 0;
}

static void check_decode(struct slice text)
{
	uint8_t *in_place = own_copy(text);
	uint8_t *out = malloc(text.len * 3 / 4 + 1), *simple = malloc(text.len + 1);
	size_t len = 0, len_in_place = 0, len_simple = 0;
	must(out && simple);
	bool good = base64_decode(text, out, text.len * 3 / 4, &len);
	must(good == base64_decode((struct slice){in_place, text.len}, in_place, text.len, &len_in_place));
	must(good == decode_simply(text, simple, &len_simple));
	if (good) {
		must(len == len_in_place && len == len_simple);
		must(memcmp(out, in_place, len) == 0 && memcmp(out, simple, len) == 0);
		must(len == 0 || !base64_decode(text, out, len - 1, &len));
	}
	free(in_place);
	free(out);
	free(simple);
}

/* Percent-decoded in place, as the responder does it; the caller frees *path->data. */
static struct slice check_percent(struct slice text)
{
	uint8_t *out = own_copy(text), *in_place = own_copy(text);
	size_t len = base64_percent_decode(text, out, text.len);
	must(len <= text.len);
	must(base64_percent_decode((struct slice){in_place, text.len}, in_place, text.len) == len);
	must(memcmp(out, in_place, len) == 0);
	must(len == 0 || base64_percent_decode(text, out, len - 1) == len);
	free(out);
	return (struct slice){in_place, len};
}

/* Exactly one DER SEQUENCE, by a reading of its own of X.690 8.1.3. */
static bool is_sequence(const uint8_t *der, size_t len)
{
	size_t header = 2, octets = 0;
	if (len < 2 || der[0] != 0x30)
		return false;
	octets = der[1];
	if (der[1] >= 0x80) {
		size_t count = der[1] & 0x7Fu;
		if (count < 1 || count > 4 || len < 2 + count || der[2] == 0)
			return false;
		header += count;
		octets = 0;
		for (size_t i = 0; i < count; i++)
			octets = octets << 8 | der[2 + i];
		if (octets < 0x80)
			return false;
	}
	return len - header == octets;
}

static bool is_ending(uint8_t c)
{
	return c == SLASH || c == '\r' || c == '\n';
}

/* Any text from `start` on, less the slashes behind its end, of which there are more or fewer. */
static bool is_request(struct slice path, size_t start, uint8_t *out, size_t *len)
{
	size_t end = path.len;
	while (start < path.len && (path.data[start] == '\r' || path.data[start] == '\n'))
		start++;
	if (start == path.len || path.data[start] != 'M') /* the first six bits of 0x30 */
		return false;
	while (end > start) {
		if (decode_simply((struct slice){path.data + start, end - start}, out, len) &&
			is_sequence(out, *len))
			return true;
		if (!is_ending(path.data[--end]))
			return false;
	}
	return false;
}

/* The earliest behind a '/' or at the path's beginning: slow, and plain. */
static bool find_simply(struct slice path, uint8_t *out, size_t *len)
{
	for (size_t i = 0; i < path.len; i++)
		if ((i == 0 || path.data[i - 1] == SLASH) && is_request(path, i, out, len))
			return true;
	return false;
}

static void check_find(struct slice path)
{
	uint8_t *in_place = own_copy(path), *out = malloc(path.len + 1), *simple = malloc(path.len + 1);
	size_t len = 0, len_in_place = 0, len_simple = 0;
	must(out && simple);
	enum base64_find found = base64_find_request(path, out, path.len, &len);
	must(found ==
		base64_find_request((struct slice){in_place, path.len}, in_place, path.len, &len_in_place));
	bool simply = find_simply(path, simple, &len_simple);
	must(simply == (found == BASE64_FOUND));
	if (simply) {
		must(len == len_in_place && memcmp(out, in_place, len) == 0);
		must(len == len_simple && memcmp(out, simple, len) == 0);
	}
	free(in_place);
	free(out);
	free(simple);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {data, size};
	if (size > 2048) /* find_simply() is quadratic */
		return 0;
	check_decode(text);
	struct slice path = check_percent(text);
	check_find(path);
	free((void *)path.data);
	return 0;
}
