/*
 * requestorName is read by nobody here, but a request with a broken one is malformed (RFC 6960 2.3). Checked to the depth
 * to which OpenSSL decodes it, so that both agree on what an OCSPRequest is.
 */
#include "request_parts.h"

#include "der.h"

enum string_tag {
	UTF8_STRING = 0x0C,
	NUMERIC_STRING = 0x12,
	PRINTABLE_STRING = 0x13,
	TELETEX_STRING = 0x14,
	IA5_STRING = 0x16,
	UNIVERSAL_STRING = 0x1C,
	BMP_STRING = 0x1E,
};

/*@
  assigns \nothing;
*/
static bool is_scalar_value(uint32_t c)
{
	return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
}

/* RFC 3629 3: the shortest form, no surrogates. Takes one character off. */
/*@
  requires \valid(text) && slice_readable(*text) && text->len > 0;
  assigns *text;
  ensures \result ==> slice_ends(*text, \old(*text)) && text->len < \old(text->len);
*/
static bool read_utf8(struct slice *text)
{
	static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
	uint8_t first = text->data[0];
	size_t more = 0;
	/*@ loop invariant more <= 5; loop assigns more; loop variant 5 - more; */
	while (more < 5 && (first & 0x80 >> more) != 0)
		more++; /* the leading ones say how many octets there are */
	if (more == 1 || more == 5 || more > text->len)
		return false;
	uint8_t lead = (uint8_t)(first & (0x7Fu >> more));
	uint32_t c = more == 0 ? first : lead;
	/*@
	  loop invariant 1 <= i && (more > 0 ==> i <= more) && c < (i == 1 ? 0x100 : i == 2 ? 0x4000 : i == 3 ? 0x100000 : 0x4000000);
	  loop assigns i, c;
	  loop variant more - i;
	*/
	for (size_t i = 1; i < more; i++) {
		if ((text->data[i] & 0xC0) != 0x80)
			return false;
		c = c * 64 + text->data[i] % 64;
	}
	size_t taken = more == 0 ? 1 : more;
	if (c < least[taken - 1] || !is_scalar_value(c))
		return false;
	*text = (struct slice){text->data + taken, text->len - taken};
	return true;
}

/*@
  requires slice_readable(text);
  assigns \nothing;
*/
static bool is_utf8(struct slice text)
{
	/*@ loop invariant slice_ends(text, \at(text, Pre)); loop assigns text; loop variant text.len; */
	while (text.len > 0)
		if (!read_utf8(&text))
			return false;
	return true;
}

/* Takes one big-endian character off. */
/*@
  requires \valid(text) && slice_readable(*text) && 1 <= width <= 4 && width <= text->len;
  assigns *text;
  ensures slice_ends(*text, \old(*text)) && text->len == \old(text->len) - width;
*/
static uint32_t take_wide(struct slice *text, size_t width)
{
	uint32_t c = 0;
	/*@ loop invariant 0 <= i <= width && octets_hold(i, c); loop assigns i, c; loop variant width - i; */
	for (size_t i = 0; i < width; i++)
		c = c * 256 + text->data[i];
	*text = (struct slice){text->data + width, text->len - width};
	return c;
}

/* BMPString (width 2) or UniversalString (width 4) */
/*@ requires slice_readable(text) && 1 <= width <= 4; assigns \nothing; */
static bool is_wide(struct slice text, size_t width)
{
	if (text.len % width != 0)
		return false;
	/*@ loop invariant slice_ends(text, \at(text, Pre)); loop assigns text; loop variant text.len; */
	while (text.len >= width)
		if (!is_scalar_value(take_wide(&text, width)))
			return false;
	return true;
}

/*
 * DirectoryString ::= CHOICE { teletexString, printableString, universalString, utf8String, bmpString }   (RFC 5280 4.1.2.4)
 */
/*@
  requires slice_readable(text);
  assigns \nothing;
*/
static bool is_directory_string(uint8_t tag, struct slice text)
{
	switch (tag) {
	case UTF8_STRING:
		return is_utf8(text);
	case UNIVERSAL_STRING:
		return is_wide(text, 4);
	case BMP_STRING:
		return is_wide(text, 2);
	case PRINTABLE_STRING:
	case TELETEX_STRING:
		return true;
	default:
		return false;
	}
}

/*
 * AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
 * Of ANY, the types that OpenSSL takes in a name.
 */
/*@
  requires \valid(cursor) && slice_readable(*cursor);
  assigns *cursor;
  ensures \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
*/
static bool read_attribute(struct slice *cursor)
{
	struct slice inside;
	struct slice oid;
	struct slice value;
	uint8_t tag = 0;
	if (!der_read(cursor, DER_SEQUENCE, &inside) || !der_read_oid(&inside, &oid))
		return false;
	if (!der_read_any(&inside, &tag, &value) || inside.len > 0)
		return false;
	bool other =
		tag == DER_BIT_STRING || tag == DER_SEQUENCE || tag == NUMERIC_STRING || tag == IA5_STRING;
	return other || is_directory_string(tag, value);
}

/*
 * Name ::= SEQUENCE OF RelativeDistinguishedName
 * RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue   (RFC 5280 4.1.2.4)
 */
/*@
  requires slice_readable(cursor);
  assigns \nothing;
*/
static bool is_name(struct slice cursor)
{
	struct slice name;
	struct slice rdn;
	if (!der_read(&cursor, DER_SEQUENCE, &name) || cursor.len > 0)
		return false;
	/*@ loop invariant slice_ends(name, \at(name, LoopEntry)); loop assigns name, rdn; loop variant name.len; */
	while (name.len > 0) {
		if (!der_read(&name, DER_SET, &rdn))
			return false;
		/*@ loop invariant slice_ends(rdn, \at(rdn, LoopEntry)); loop assigns rdn; loop variant rdn.len; */
		do {
			if (!read_attribute(&rdn))
				return false;
		} while (rdn.len > 0);
	}
	return true;
}

/* OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY } */
/*@
  requires slice_readable(inside);
  assigns \nothing;
*/
static bool is_other_name(struct slice inside)
{
	struct slice oid;
	struct slice explicit_value;
	struct slice value;
	uint8_t tag = 0;
	if (!der_read_oid(&inside, &oid))
		return false;
	if (!der_read(&inside, DER_CONTEXT_CONSTRUCTED(0), &explicit_value) || inside.len > 0)
		return false;
	return der_read_any(&explicit_value, &tag, &value) && explicit_value.len == 0;
}

/*@
  requires \valid(cursor) && slice_readable(*cursor);
  assigns *cursor;
  ensures \result ==> slice_ends(*cursor, \old(*cursor)) && cursor->len < \old(cursor->len);
*/
static bool read_party(struct slice *cursor, uint8_t context_tag)
{
	struct slice choice;
	struct slice text;
	uint8_t tag = 0;
	if (!der_read(cursor, context_tag, &choice) || !der_read_any(&choice, &tag, &text))
		return false;
	return choice.len == 0 && is_directory_string(tag, text);
}

/* EDIPartyName ::= SEQUENCE { nameAssigner [0] DirectoryString OPTIONAL, partyName [1] DirectoryString } */
/*@
  requires slice_readable(inside);
  assigns \nothing;
*/
static bool is_edi_party_name(struct slice inside)
{
	if (der_peek(inside) == DER_CONTEXT_CONSTRUCTED(0) &&
		!read_party(&inside, DER_CONTEXT_CONSTRUCTED(0)))
		return false;
	return read_party(&inside, DER_CONTEXT_CONSTRUCTED(1)) && inside.len == 0;
}

/*@
  requires slice_readable(content);
  assigns \nothing;
*/
static bool is_oid(struct slice content)
{
	uint64_t arc = 0;
	bool fits = false;
	/*@
	  loop invariant slice_ends(content, \at(content, Pre));
	  loop assigns content, arc, fits;
	  loop variant content.len;
	*/
	do {
		if (!request_read_arc(&content, &arc, &fits))
			return false;
	} while (content.len > 0);
	return true;
}

/*
 * GeneralName ::= CHOICE { otherName [0], rfc822Name [1] IA5String, dNSName [2] IA5String, x400Address [3] ORAddress,
 *     directoryName [4] EXPLICIT Name, ediPartyName [5], uniformResourceIdentifier [6] IA5String,
 *     iPAddress [7] OCTET STRING, registeredID [8] OBJECT IDENTIFIER }   (RFC 5280 4.2.1.6)
 */
bool request_is_general_name(struct slice cursor)
{
	struct slice content;
	uint8_t tag = 0;
	if (!der_read_any(&cursor, &tag, &content) || cursor.len > 0)
		return false;
	switch (tag) {
	case DER_CONTEXT_CONSTRUCTED(0):
		return is_other_name(content);
	case DER_CONTEXT(1):
	case DER_CONTEXT(2):
	case DER_CONTEXT(6):
	case DER_CONTEXT(7):
	case DER_CONTEXT_CONSTRUCTED(3): /* X.400 has died out: its form is all that is looked at */
		return true;
	case DER_CONTEXT_CONSTRUCTED(4):
		return is_name(content);
	case DER_CONTEXT_CONSTRUCTED(5):
		return is_edi_party_name(content);
	case DER_CONTEXT(8):
		return is_oid(content);
	default:
		return false;
	}
}
