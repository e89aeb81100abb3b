#include "bytes.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define BYTES_CRC32C_INSTRUCTION 1
#endif
#endif

/* memcpy and memcmp of octets: `make prove` takes these two contracts for granted. */
/*@
  requires \valid(to + (0 .. len - 1)) && \valid_read(from + (0 .. len - 1));
  requires \separated(to + (0 .. len - 1), from + (0 .. len - 1));
  assigns to[0 .. len - 1];
*/
static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
	memcpy(to, from, len);
}

/*@ requires \valid_read(a + (0 .. len - 1)) && \valid_read(b + (0 .. len - 1)); assigns \nothing; */
static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
	return memcmp(a, b, len) == 0;
}

struct slice bytes_of(const char *text)
{
	if (!text)
		return (struct slice){NULL, 0};
	return (struct slice){(const uint8_t *)text, strlen(text)};
}

bool bytes_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || same(a.data, b.data, a.len));
}

size_t bytes_before(struct slice octets, uint8_t wanted)
{
	const uint8_t *found = octets.len > 0 ? memchr(octets.data, wanted, octets.len) : NULL;
	return found ? (size_t)(found - octets.data) : octets.len;
}

struct buffer bytes_buffer(uint8_t *storage, size_t size)
{
	return (struct buffer){storage, size, 0, false};
}

struct slice bytes_written(const struct buffer *out)
{
	return (struct slice){out->data, out->len};
}

void bytes_append(struct buffer *out, struct slice octets)
{
	if (octets.len > out->size - out->len) {
		out->failed = true;
		return;
	}
	if (octets.len > 0)
		copy(out->data + out->len, octets.data, octets.len);
	out->len += octets.len;
}

void bytes_append_text(struct buffer *out, const char *text)
{
	bytes_append(out, bytes_of(text));
}

void bytes_append_char(struct buffer *out, char c)
{
	uint8_t octet = (uint8_t)c;
	bytes_append(out, (struct slice){&octet, 1});
}

void bytes_append_padded(struct buffer *out, uint64_t number, unsigned width)
{
	uint8_t digits[20];
	size_t first = sizeof digits;
	/*@
	  loop invariant 1 <= first <= 20;
	  loop assigns number, first, digits[0 .. 19];
	  loop variant first;
	*/
	do {
		digits[--first] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number > 0 && first > 0);
	/*@
	  loop invariant first <= 20;
	  loop assigns first, digits[0 .. 19];
	  loop variant first;
	*/
	while (sizeof digits - first < width && first > 0)
		digits[--first] = '0';
	bytes_append(out, (struct slice){digits + first, sizeof digits - first});
}

void bytes_append_decimal(struct buffer *out, int64_t number)
{
	uint8_t text[1 + 20];
	struct buffer whole = bytes_buffer(text, sizeof text);
	if (number < 0)
		bytes_append_char(&whole, '-');
	bytes_append_padded(&whole, number < 0 ? (uint64_t) - (number + 1) + 1 : (uint64_t)number, 1);
	bytes_append(out, bytes_written(&whole));
}

void bytes_append_hex(struct buffer *out, struct slice octets)
{
	static const char digits[] = "0123456789abcdef";
	if (octets.len > (out->size - out->len) / 2) {
		out->failed = true;
		return;
	}
	/*@
	  loop invariant 0 <= i <= octets.len && buffer_sound(out) && out->len >= \at(out->len, Pre);
	  loop assigns i, out->len, out->failed, out->data[0 .. out->size - 1];
	  loop variant octets.len - i;
	*/
	for (size_t i = 0; i < octets.len; i++) {
		bytes_append_char(out, digits[octets.data[i] / 16]);
		bytes_append_char(out, digits[octets.data[i] % 16]);
	}
}

uint16_t bytes_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | (unsigned)p[1] << 8);
}

uint32_t bytes_le32(const uint8_t *p)
{
	return (uint32_t)bytes_le16(p) | (uint32_t)bytes_le16(p + 2) << 16;
}

uint64_t bytes_le64(const uint8_t *p)
{
	return (uint64_t)bytes_le32(p) | (uint64_t)bytes_le32(p + 4) << 32;
}

bool bytes_decimal(struct slice text, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;
	if (text.len == 0)
		return false;
	/*@
	  loop invariant 0 <= i <= text.len && sum <= max;
	  loop assigns i, sum;
	  loop variant text.len - i;
	*/
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		if (c < '0' || c > '9')
			return false;
		uint64_t digit = (uint64_t)(c - '0');
		if (digit > max || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

bool bytes_decimal_canonical(struct slice text, uint64_t max, uint64_t *value)
{
	if (text.len > 1 && text.data[0] == '0')
		return false;
	return bytes_decimal(text, max, value);
}

/* Half an octet at a time: 64 octets of table, so that a processor without the instruction touches one line. */
/*@ requires slice_readable(octets); assigns \nothing; */
static uint32_t crc32c_portable(uint32_t crc, struct slice octets)
{
	static const uint32_t table[16] = {
		0x00000000,
		0x105ec76f,
		0x20bd8ede,
		0x30e349b1,
		0x417b1dbc,
		0x5125dad3,
		0x61c69362,
		0x7198540d,
		0x82f63b78,
		0x92a8fc17,
		0xa24bb5a6,
		0xb21572c9,
		0xc38d26c4,
		0xd3d3e1ab,
		0xe330a81a,
		0xf36e6f75,
	};
	/*@
	  loop invariant 0 <= i <= octets.len;
	  loop assigns i, crc;
	  loop variant octets.len - i;
	*/
	for (size_t i = 0; i < octets.len; i++) {
		crc ^= octets.data[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

#ifdef BYTES_CRC32C_INSTRUCTION
__attribute__((target("sse4.2"))) static uint32_t crc32c_instruction(uint32_t crc, struct slice octets)
{
	uint64_t sum = crc;
	size_t i = 0;
	for (; octets.len - i >= 8; i += 8)
		sum = __builtin_ia32_crc32di(sum, bytes_le64(octets.data + i));
	crc = (uint32_t)sum;
	for (; i < octets.len; i++)
		crc = __builtin_ia32_crc32qi(crc, octets.data[i]);
	return crc;
}
#endif

uint32_t bytes_crc32c(uint32_t crc, struct slice octets)
{
#ifdef BYTES_CRC32C_INSTRUCTION
	/* glibc asked the processor once at start-up; asking again would trap into a hypervisor (~20 µs). */
	if (CPU_FEATURE_ACTIVE(SSE4_2))
		return ~crc32c_instruction(~crc, octets);
#endif
	return ~crc32c_portable(~crc, octets);
}
