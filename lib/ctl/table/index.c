#include "index.h"

#include "der.h"
#include "ctl/reason.h"
#include "ctl/serial_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool index_open(struct index *x, const char *path, struct messages *m)
{
	*x = (struct index){.at = {path, 0, 0}};
	x->file = fopen(path, "re");
	if (!x->file)
		message_error(
			m, x->at, "cannot open it: %s; check the path and its permissions", strerror(errno));
	return x->file != NULL;
}

void index_close(struct index *x)
{
	if (x->file)
		fclose(x->file);
	free(x->line);
	*x = (struct index){0};
}

/* ---- fields ---- */

enum field { FIELD_STATUS, FIELD_EXPIRY, FIELD_REVOCATION, FIELD_SERIAL, FIELD_FILE, FIELD_SUBJECT, FIELDS };

/* Up to `separator`, which is taken off too; the rest where there is none. */
static struct slice take_until(struct slice *rest, uint8_t separator)
{
	struct slice taken = *rest;
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->data[i] != separator)
			continue;
		taken.len = i;
		*rest = (struct slice){rest->data + i + 1, rest->len - i - 1};
		return taken;
	}
	*rest = (struct slice){rest->data + rest->len, 0};
	return taken;
}

/* Tabs part the fields, but not those that a backslash in front escapes: a subject may have them. */
static bool split(struct slice line, struct slice fields[FIELDS])
{
	size_t field = 0, start = 0;
	for (size_t i = 0; i <= line.len; i++) {
		bool ends = i == line.len || (line.data[i] == '\t' && (i == 0 || line.data[i - 1] != '\\'));
		if (!ends)
			continue;
		if (field == FIELDS)
			return false;
		fields[field++] = (struct slice){line.data + start, i - start};
		start = i + 1;
	}
	return field == FIELDS;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ: a UTCTime's or GeneralizedTime's content. */
static bool read_date(struct slice text, int64_t *unix_seconds)
{
	uint8_t element[2 + 15];
	struct slice cursor = {element, 2 + text.len};
	if (text.len != 13 && text.len != 15)
		return false;
	element[0] = text.len == 13 ? DER_UTC_TIME : DER_GENERALIZED_TIME;
	element[1] = (uint8_t)text.len;
	memcpy(element + 2, text.data, text.len);
	return der_read_time(&cursor, unix_seconds);
}

/* NULL, or what is wrong with the text. */
static const char *read_serial(struct index *x, struct slice text, struct slice *serial)
{
	if (text.len == 0)
		return "the serial is empty";
	if (text.data[0] == '-')
		return "the serial is negative (RFC 5280 4.1.2.2)";
	if (text.len % 2 != 0)
		return "the serial has an odd number of digits";
	while (text.len > 0 && text.data[0] == '0' && text.data[1] == '0')
		text = (struct slice){text.data + 2, text.len - 2};
	if (text.len / 2 > sizeof x->serial)
		return "the serial is longer than 64 octets";
	for (size_t i = 0; i < text.len / 2; i++) {
		int high = serial_text_digit(text.data[2 * i]);
		int low = serial_text_digit(text.data[2 * i + 1]);
		if (high >= 16 || low >= 16)
			return "the serial is not hexadecimal";
		x->serial[i] = (uint8_t)(high << 4 | low);
	}
	*serial = (struct slice){x->serial, text.len / 2};
	return NULL;
}

/* OpenSSL's words besides RFC 5280's; they come with an argument: an instruction's OID, the time since when the key is
 * known. */
static const struct {
	const char *word;
	enum crl_reason reason;
} reasons[] = {
	{"holdInstruction", CRL_REASON_CERTIFICATE_HOLD},
	{"keyTime", CRL_REASON_KEY_COMPROMISE},
	{"CAkeyTime", CRL_REASON_CA_COMPROMISE},
};

static bool read_reason(struct slice word, int *reason)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		struct slice known = bytes_of(reasons[i].word);
		if (word.len == known.len &&
			strncasecmp((const char *)word.data, reasons[i].word, word.len) == 0) {
			*reason = reasons[i].reason;
			return true;
		}
	}
	return reason_read_name(word, reason) && reason_is_of_revoked(*reason);
}

/* date[,reason[,extra]]; NULL, or what is wrong with it. */
static const char *read_revocation(struct slice field, struct index_entry *out)
{
	struct slice rest = field;
	struct slice date = take_until(&rest, ',');
	bool has_reason = date.len < field.len;
	if (field.len == 0)
		return "revoked, but without a revocation date";
	if (!read_date(date, &out->revocation_time))
		return "the revocation date is neither YYMMDDHHMMSSZ nor YYYYMMDDHHMMSSZ";
	out->status = CERT_STATUS_REVOKED;
	if (has_reason && !read_reason(take_until(&rest, ','), &out->reason))
		return "the revocation reason is none that `openssl ca` writes (removeFromCRL stands only in "
		       "delta CRLs)";
	return NULL;
}

/* ---- lines ---- */

static const char *read_line(struct index *x, struct slice line, struct index_entry *out)
{
	struct slice fields[FIELDS] = {{NULL, 0}};
	int64_t expiry = 0;
	*out = (struct index_entry){.status = CERT_STATUS_GOOD, .reason = CRL_REASON_NONE};
	if (memchr(line.data, 0, line.len))
		return "the line holds a NUL";
	if (!split(line, fields))
		return "the line has not six fields with tabs between them";
	if (fields[FIELD_STATUS].len != 1 || !strchr("VER", fields[FIELD_STATUS].data[0]))
		return "the status is none of V, E, R";
	if (!read_date(fields[FIELD_EXPIRY], &expiry))
		return "the expiry date is neither YYMMDDHHMMSSZ nor YYYYMMDDHHMMSSZ";
	if (fields[FIELD_STATUS].data[0] != 'R' && fields[FIELD_REVOCATION].len > 0)
		return "not revoked, yet with a revocation date";
	if (fields[FIELD_STATUS].data[0] == 'R') {
		const char *problem = read_revocation(fields[FIELD_REVOCATION], out);
		if (problem)
			return problem;
	}
	return read_serial(x, fields[FIELD_SERIAL], &out->serial);
}

static struct slice without_line_end(const char *text, size_t len)
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	return (struct slice){(const uint8_t *)text, len};
}

/* The most likely mistake: both are what a CA publishes of its revocations. In DER it begins with a long SEQUENCE. */
static bool is_crl(struct slice line)
{
	static const char pem[] = "-----BEGIN X509 CRL-----";
	if (line.len >= sizeof pem - 1 && memcmp(line.data, pem, sizeof pem - 1) == 0)
		return true;
	return line.len >= 2 && line.data[0] == DER_SEQUENCE && line.data[1] > 0x80;
}

enum index_step index_next(struct index *x, struct index_entry *out, struct messages *m)
{
	const char *problem = NULL;
	ssize_t len = 0;
	do {
		x->at.line++;
		errno = 0;
		len = getline(&x->line, &x->line_size, x->file);
	} while (len > 0 && x->line[0] == '#');
	if (len < 0 && feof(x->file))
		return INDEX_END;
	if (len < 0) {
		message_error(m, x->at, "cannot be read: %s; check the file and its disk", strerror(errno));
		return INDEX_FAILED;
	}
	if (x->at.line == 1 && is_crl((struct slice){(const uint8_t *)x->line, (size_t)len})) {
		message_error(m, x->at, "this is a CRL, not an index.txt; give it with --crl");
		return INDEX_FAILED;
	}
	problem = read_line(x, without_line_end(x->line, (size_t)len), out);
	if (!problem)
		return INDEX_ENTRY;
	message_error(m, x->at, "%s; correct the line", problem);
	return INDEX_REFUSED;
}
