/*
 * strict_der: whether octets are DER at every depth, apart from lib/der.c: element by element with OpenSSL's reading of the
 * header. OpenSSL's own types keep some of what is only BER, in names and in ANY, and write it again as it was.
 */
#ifndef STRICT_DER_H
#define STRICT_DER_H

#include "fuzz.h"

#include <openssl/asn1.h>

/* Universal types' numbers as bits: those that are constructed, and those whose content has a rule of its own. */
#define CONSTRUCTED_TYPES (1u << V_ASN1_SEQUENCE | 1u << V_ASN1_SET)

static inline bool is_strict_integer(const unsigned char *at, long length)
{
	if (length < 2)
		return length == 1;
	return !(at[0] == 0 && at[1] < 0x80) && !(at[0] == 0xFF && at[1] >= 0x80);
}

static inline bool is_strict_oid(const unsigned char *at, long length)
{
	for (long i = 0; i < length; i++)
		if (at[i] == 0x80 && (i == 0 || at[i - 1] < 0x80))
			return false;
	return length > 0 && at[length - 1] < 0x80;
}

static inline bool is_strict_bits(const unsigned char *at, long length)
{
	if (length < 1 || at[0] > 7 || (length == 1 && at[0] != 0))
		return false;
	return (at[length - 1] & ((1u << at[0]) - 1)) == 0 || length == 1;
}

/* X.690 8.23.10 (UTF8String), 8.23.7 and 8.23.8: characters, none of them half a surrogate pair. */
static inline bool is_strict_text(int tag, const unsigned char *at, long length)
{
	const long width = tag == V_ASN1_BMPSTRING ? 2 : 4;
	unsigned long c = 0;
	if (tag == V_ASN1_UTF8STRING) {
		for (int taken = 0; length > 0; at += taken, length -= taken)
			if ((taken = UTF8_getc(at, (int)length, &c)) <= 0 || c > 0x10FFFF ||
				(c >= 0xD800 && c <= 0xDFFF))
				return false;
		return true;
	}
	for (; length >= width; at += width, length -= width) {
		c = 0;
		for (long i = 0; i < width; i++)
			c = c << 8 | at[i];
		if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
			return false;
	}
	return length == 0;
}

/* X.690 8.2 to 8.23, 11: what a primitive universal type may hold. */
static inline bool is_strict_content(int tag, const unsigned char *at, long length)
{
	switch (tag) {
	case V_ASN1_EOC:
		return false;
	case V_ASN1_BOOLEAN:
		return length == 1 && (at[0] == 0 || at[0] == 0xFF);
	case V_ASN1_INTEGER:
	case V_ASN1_ENUMERATED:
		return is_strict_integer(at, length);
	case V_ASN1_BIT_STRING:
		return is_strict_bits(at, length);
	case V_ASN1_NULL:
		return length == 0;
	case V_ASN1_OBJECT:
		return is_strict_oid(at, length);
	case V_ASN1_UTF8STRING:
	case V_ASN1_UNIVERSALSTRING:
	case V_ASN1_BMPSTRING:
		return is_strict_text(tag, at, length);
	default:
		return true;
	}
}

/* Also no number that needs more than one octet of tag: nothing of X.509's world has one. `avoided`: universal types, as bits. */
static inline bool is_strict_der(const unsigned char *at, long left, uint32_t avoided)
{
	const unsigned char *end = at + left;
	while (at < end) {
		long length = 0;
		int tag = 0, class = 0;
		int form = ASN1_get_object(&at, &length, &tag, &class, end - at);
		bool constructed = (form & V_ASN1_CONSTRUCTED) != 0;
		if ((form & 0x81) != 0 || tag >= 31)
			return false;
		if (class == V_ASN1_UNIVERSAL &&
			((avoided >> tag & 1) != 0 || constructed != ((CONSTRUCTED_TYPES >> tag & 1) != 0) ||
				(!constructed && !is_strict_content(tag, at, length))))
			return false;
		if (constructed && !is_strict_der(at, length, avoided))
			return false;
		at += length;
	}
	return true;
}

#endif
