#include "serial_text.h"

#include <string.h>

static const char too_long[] = "the serial is longer than 64 octets";

struct slice serial_slice(const struct serial *s)
{
	return (struct slice){s->octets, s->len};
}

bool serial_from_magnitude(struct slice magnitude, struct serial *out)
{
	size_t sign = 0;
	while (magnitude.len > 0 && magnitude.data[0] == 0)
		magnitude = (struct slice){magnitude.data + 1, magnitude.len - 1};
	if (magnitude.len == 0 || (magnitude.data[0] & 0x80) != 0)
		sign = 1; /* 0 is one octet; a high bit would be a minus */
	if (magnitude.len > sizeof out->octets - sign)
		return false;
	out->octets[0] = 0;
	if (magnitude.len > 0)
		memcpy(out->octets + sign, magnitude.data, magnitude.len);
	out->len = sign + magnitude.len;
	return true;
}

/* ---- text ---- */

int serial_text_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 16;
}

/* magnitude × base + digit, of which the last `used` octets are not 0; false: it overflows. */
static bool push_digit(uint8_t magnitude[CERTID_SERIAL_MAX], size_t *used, unsigned base, unsigned digit)
{
	unsigned carry = digit;
	for (size_t i = 0; i < *used; i++) {
		uint8_t *octet = &magnitude[CERTID_SERIAL_MAX - 1 - i];
		const unsigned value = *octet * base + carry;
		*octet = (uint8_t)(value & 0xFF);
		carry = value >> 8;
	}
	if (carry == 0)
		return true;
	if (*used == CERTID_SERIAL_MAX)
		return false;
	magnitude[CERTID_SERIAL_MAX - 1 - (*used)++] = (uint8_t)carry;
	return true;
}

static bool has_hex_prefix(struct slice text)
{
	return text.len >= 2 && text.data[0] == '0' && (text.data[1] == 'x' || text.data[1] == 'X');
}

const char *serial_text_read(struct slice text, struct serial *out)
{
	uint8_t magnitude[CERTID_SERIAL_MAX] = {0};
	size_t used = 0;
	const unsigned base = has_hex_prefix(text) ? 16 : 10;
	if (base == 16)
		text = (struct slice){text.data + 2, text.len - 2};
	if (text.len == 0)
		return "the serial is empty";
	if (text.data[0] == '-')
		return "the serial is negative (RFC 5280 4.1.2.2)";
	for (size_t i = 0; i < text.len; i++) {
		if (serial_text_digit(text.data[i]) >= 16)
			return "the serial is neither decimal nor 0x and hexadecimal digits";
	}
	for (size_t i = 0; i < text.len; i++) {
		const int digit = serial_text_digit(text.data[i]);
		if ((unsigned)digit >= base)
			return "the serial has hexadecimal digits; write 0x in front of them";
		if (!push_digit(magnitude, &used, base, (unsigned)digit))
			return too_long;
	}
	return serial_from_magnitude((struct slice){magnitude, sizeof magnitude}, out) ? NULL : too_long;
}

/* ---- certificates ---- */

/* CertificateSerialNumber ::= INTEGER */
const char *serial_of_certificate(const X509 *certificate, struct serial *out)
{
	const ASN1_INTEGER *number = X509_get0_serialNumber(certificate);
	if (number->type == V_ASN1_NEG_INTEGER)
		return "the certificate's serial is negative (RFC 5280 4.1.2.2)";
	struct slice magnitude = {number->data, (size_t)number->length};
	return serial_from_magnitude(magnitude, out) ? NULL : too_long;
}

/* ---- both bases ---- */

void serial_text_append_hex(struct buffer *out, const struct serial *s)
{
	struct slice octets = serial_slice(s);
	if (octets.len > 1 && octets.data[0] == 0)
		octets = (struct slice){octets.data + 1, octets.len - 1};
	bytes_append_text(out, "0x");
	bytes_append_hex(out, octets);
}

const char *serial_text(const struct serial *s, char text[SERIAL_TEXT_SIZE])
{
	struct buffer out = bytes_buffer((uint8_t *)text, SERIAL_TEXT_SIZE - 1);
	serial_text_append_hex(&out, s);
	bytes_append_text(&out, " (");
	serial_append_decimal(&out, serial_slice(s));
	bytes_append_char(&out, ')');
	text[out.len] = '\0';
	return text;
}
