/*
 * serial_text: serial numbers as an operator gives and reads them: decimal, 0x hexadecimal, a certificate's own.
 */
#ifndef SERIAL_TEXT_H
#define SERIAL_TEXT_H

#include "serial.h"
#include "message.h"

#include <openssl/x509.h>

/* INTEGER's content octets: minimal, not negative, from 1 to CERTID_SERIAL_MAX of them. */
struct serial {
	size_t len;
	uint8_t octets[CERTID_SERIAL_MAX];
};

/* Its octets, borrowed. */
struct slice serial_slice(const struct serial *s);

/* Of a big-endian magnitude, empty for 0, leading zeros allowed. False: it needs more than CERTID_SERIAL_MAX octets. */
bool serial_from_magnitude(struct slice magnitude, struct serial *out);

/* "4097" or "0x1001". NULL, or what is wrong with the text. */
const char *serial_text_read(struct slice text, struct serial *out);

/* What a hexadecimal digit counts; 16: it is none. */
int serial_text_digit(uint8_t c);

/* NULL, or what is wrong with the certificate's serialNumber. */
const char *serial_of_certificate(const X509 *certificate, struct serial *out);

/* Two digits an octet, without the octet that only keeps the number positive: "0x1001". */
void serial_text_append_hex(struct buffer *out, const struct serial *s);

/* 0x, its digits, " (", decimal digits, ")", a NUL */
#define SERIAL_TEXT_SIZE (2 + 2 * CERTID_SERIAL_MAX + 2 + SERIAL_DECIMAL_MAX + 2)

/* Fills and returns `text`: "0x1001 (4097)": who gave the wrong base sees it. */
const char *serial_text(const struct serial *s, char text[SERIAL_TEXT_SIZE]);

#endif
