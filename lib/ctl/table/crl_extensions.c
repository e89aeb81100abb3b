#include "crl_extensions.h"

#include "der.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ASK_CA "ask the CA for a conforming CRL"

bool crl_refuse(const struct crl *c, struct slice at, struct messages *m, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	message_error(m, (struct place){c->path, 0, 0}, "octet %zu: %s",
		at.data ? (size_t)(at.data - c->octets) : 0, text);
	return false;
}

/* ---- Extension ---- */

/* Far more than RFC 5280 knows. Each is compared with the others, and a list is read before its signature is verified. */
#define EXTENSIONS_MAX 64

struct extension {
	struct slice whole, oid, value;
	bool critical;
};

/* Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool next_extension(struct slice *list, struct extension *out)
{
	struct slice inside = {NULL, 0};
	*out = (struct extension){.whole = *list};
	if (!der_read(list, DER_SEQUENCE, &inside) || !der_read_oid(&inside, &out->oid))
		return false;
	if (der_peek(inside) == DER_BOOLEAN && !der_read_boolean(&inside, &out->critical))
		return false;
	return der_read(&inside, DER_OCTET_STRING, &out->value) && inside.len == 0;
}

/* RFC 5280 4.2: no extension more than once. `rest` is what follows this one. */
static bool is_repeated(struct slice rest, struct slice oid)
{
	struct extension other;
	while (rest.len > 0 && next_extension(&rest, &other))
		if (bytes_equal(other.oid, oid))
			return true;
	return false;
}

/* N of id-ce-N, 2.5.29.N; 0: another OID. */
static unsigned id_ce(struct slice oid)
{
	return oid.len == 3 && oid.data[0] == 0x55 && oid.data[1] == 0x1D ? oid.data[2] : 0;
}

/* Dotted decimal, cut where it does not fit; an arc beyond 32 bits is printed modulo 2^32. */
static const char *oid_text(struct slice oid, char *text, size_t size)
{
	uint32_t arc = 0;
	size_t used = 0;
	text[0] = 0;
	for (size_t i = 0; i < oid.len && used < size; i++) {
		arc = arc << 7 | (oid.data[i] & 0x7F);
		if ((oid.data[i] & 0x80) != 0)
			continue;
		if (used == 0) { /* X.690 8.19.4: the first two in one */
			uint32_t first = arc < 80 ? arc / 40 : 2;
			used += (size_t)snprintf(text, size, "%u.%u", first, arc - first * 40);
		} else {
			used += (size_t)snprintf(text + used, size - used, ".%u", arc);
		}
		arc = 0;
	}
	return text;
}

static bool refuse_unknown(
	const struct crl *c, const struct extension *e, const char *what, struct messages *m)
{
	char text[128];
	if (!e->critical)
		return true;
	return crl_refuse(c, e->whole, m,
		"the critical %s extension %s is not known here; a CRL without it is needed", what,
		oid_text(e->oid, text, sizeof text));
}

/* ---- crlExtensions ---- */

/* CRLNumber ::= INTEGER (0..MAX), at most 20 octets (RFC 5280 5.2.3) */
static bool read_number(struct crl *c, const struct extension *e, struct messages *m)
{
	struct slice value = e->value;
	struct slice number = {NULL, 0};
	if (!der_read_integer(&value, &number) || value.len > 0 || (number.data[0] & 0x80) != 0)
		return crl_refuse(c, e->whole, m, "cRLNumber is no INTEGER from 0 on; " ASK_CA);
	if (number.data[0] == 0)
		number = (struct slice){number.data + 1, number.len - 1};
	if (number.len > sizeof c->number)
		return crl_refuse(c, e->whole, m, "cRLNumber is longer than 20 octets; " ASK_CA);
	memcpy(c->number + (sizeof c->number - number.len), number.data, number.len);
	c->has_number = true;
	return true;
}

/* [n] IMPLICIT BOOLEAN DEFAULT FALSE, where it is there. */
static bool read_flag(struct slice *cursor, unsigned n, bool *value)
{
	struct slice content = {NULL, 0};
	if (der_peek(*cursor) != DER_CONTEXT(n))
		return true;
	if (!der_read(cursor, (uint8_t)DER_CONTEXT(n), &content) || content.len != 1)
		return false;
	*value = content.data[0] == 0xFF;
	return *value || content.data[0] == 0;
}

struct distribution_point {
	struct crl_scope scope;
	bool some_reasons, indirect, only_attribute_certs;
};

/*
 * IssuingDistributionPoint ::= SEQUENCE {
 *     distributionPoint          [0] DistributionPointName OPTIONAL,   -- a CHOICE, so explicit
 *     onlyContainsUserCerts      [1] BOOLEAN DEFAULT FALSE,
 *     onlyContainsCACerts        [2] BOOLEAN DEFAULT FALSE,
 *     onlySomeReasons            [3] ReasonFlags OPTIONAL,
 *     indirectCRL                [4] BOOLEAN DEFAULT FALSE,
 *     onlyContainsAttributeCerts [5] BOOLEAN DEFAULT FALSE }
 */
static bool read_distribution_point(struct slice value, struct distribution_point *out)
{
	struct slice inside = {NULL, 0};
	struct slice reasons = {NULL, 0};
	if (!der_read(&value, DER_SEQUENCE, &inside) || value.len > 0)
		return false;
	if (der_peek(inside) == DER_CONTEXT_CONSTRUCTED(0) &&
		(!der_read(&inside, DER_CONTEXT_CONSTRUCTED(0), &out->scope.distribution_point) ||
			out->scope.distribution_point.len == 0))
		return false;
	if (!read_flag(&inside, 1, &out->scope.only_user_certs) ||
		!read_flag(&inside, 2, &out->scope.only_ca_certs))
		return false;
	out->some_reasons = der_peek(inside) == DER_CONTEXT(3);
	if (out->some_reasons && !der_read(&inside, DER_CONTEXT(3), &reasons))
		return false;
	return read_flag(&inside, 4, &out->indirect) && read_flag(&inside, 5, &out->only_attribute_certs) &&
	       inside.len == 0;
}

static bool check_distribution_point(struct crl *c, const struct extension *e, struct messages *m)
{
	struct distribution_point found = {0};
	if (!read_distribution_point(e->value, &found))
		return crl_refuse(c, e->whole, m, "issuingDistributionPoint is malformed; " ASK_CA);
	if (found.indirect)
		return crl_refuse(c, e->whole, m,
			"an indirect CRL speaks of several CAs' certificates; use the CA's own CRL");
	if (found.some_reasons)
		return crl_refuse(c, e->whole, m,
			"the CRL has onlySomeReasons: revocations for others are not in it; use one with all "
			"reasons");
	if (found.only_attribute_certs)
		return crl_refuse(c, e->whole, m,
			"the CRL has onlyContainsAttributeCerts: it says nothing of certificates; use "
			"another");
	if (found.scope.only_user_certs && found.scope.only_ca_certs)
		return crl_refuse(c, e->whole, m,
			"the CRL has both onlyContainsUserCerts and onlyContainsCACerts, which nothing "
			"fulfils; " ASK_CA);
	c->scope = found.scope;
	return true;
}

static bool check_list_extension(struct crl *c, const struct extension *e, struct messages *m)
{
	switch (id_ce(e->oid)) {
	case 20: /* cRLNumber */
		return read_number(c, e, m);
	case 27: /* deltaCRLIndicator */
		return crl_refuse(c, e->whole, m,
			"a delta CRL holds only what has changed; use the complete CRL it belongs to");
	case 28: /* issuingDistributionPoint */
		return check_distribution_point(c, e, m);
	case 18: /* issuerAltName: other names of an issuer that the signature has proved */
	case 35: /* authorityKeyIdentifier: likewise */
		return true;
	default: /* freshestCRL (46) among them: a complete CRL is complete without its deltas */
		return refuse_unknown(c, e, "CRL", m);
	}
}

bool crl_extensions_of_list(struct crl *c, struct slice extensions, struct messages *m)
{
	struct extension e;
	unsigned count = 0;
	if (extensions.len == 0)
		return crl_refuse(c, extensions, m, "crlExtensions is empty; " ASK_CA);
	while (extensions.len > 0) {
		if (++count > EXTENSIONS_MAX)
			return crl_refuse(
				c, extensions, m, "more than %d CRL extensions; " ASK_CA, EXTENSIONS_MAX);
		if (!next_extension(&extensions, &e))
			return crl_refuse(c, e.whole, m, "a CRL extension is malformed; " ASK_CA);
		if (is_repeated(extensions, e.oid))
			return crl_refuse(c, e.whole, m, "a CRL extension is there twice; " ASK_CA);
		if (!check_list_extension(c, &e, m))
			return false;
	}
	return true;
}

/* ---- crlEntryExtensions ---- */

/* CRLReason ::= ENUMERATED (RFC 5280 5.3.1) */
static bool read_reason(
	const struct crl *c, const struct extension *e, struct crl_entry *entry, struct messages *m)
{
	struct slice value = e->value;
	uint32_t reason = 0;
	if (!der_read_small(&value, DER_ENUMERATED, CRL_REASON_AA_COMPROMISE, &reason) || value.len > 0 ||
		reason == 7)
		return crl_refuse(c, e->whole, m, "a reasonCode is none of CRLReason's; " ASK_CA);
	if (reason == CRL_REASON_REMOVE_FROM_CRL)
		return crl_refuse(c, e->whole, m,
			"removeFromCRL stands only in delta CRLs; use the complete CRL of this CA");
	entry->reason = (int)reason;
	return true;
}

static bool check_entry_extension(
	const struct crl *c, const struct extension *e, struct crl_entry *entry, struct messages *m)
{
	switch (id_ce(e->oid)) {
	case 21: /* reasonCode */
		return read_reason(c, e, entry, m);
	case 24: /* invalidityDate: it has no place in an OCSP response */
		return true;
	case 29: /* certificateIssuer */
		return crl_refuse(c, e->whole, m,
			"an entry with certificateIssuer: an indirect CRL; use the CA's own CRL");
	default:
		return refuse_unknown(c, e, "entry", m);
	}
}

bool crl_extensions_of_entry(
	const struct crl *c, struct slice extensions, struct crl_entry *entry, struct messages *m)
{
	struct extension e;
	unsigned count = 0;
	if (extensions.len == 0)
		return crl_refuse(c, extensions, m, "crlEntryExtensions is empty; " ASK_CA);
	while (extensions.len > 0) {
		if (++count > EXTENSIONS_MAX)
			return crl_refuse(
				c, extensions, m, "more than %d entry extensions; " ASK_CA, EXTENSIONS_MAX);
		if (!next_extension(&extensions, &e))
			return crl_refuse(c, e.whole, m, "an entry extension is malformed; " ASK_CA);
		if (is_repeated(extensions, e.oid))
			return crl_refuse(c, e.whole, m, "an entry extension is there twice; " ASK_CA);
		if (!check_entry_extension(c, &e, entry, m))
			return false;
	}
	return true;
}
