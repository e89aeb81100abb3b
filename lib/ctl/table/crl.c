#include "crl.h"

#include "der.h"
#include "crl_extensions.h"
#include "ctl/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#define CRL_OCTETS_MAX INT_MAX /* what BIO_new_mem_buf takes: 50 million entries */
#define ASK_CA         "ask the CA for a conforming CRL"

/* ---- the file ---- */

/* The DER of the one CRL among a PEM text's blocks, OpenSSL's memory; NULL: none, or more than one. */
static unsigned char *find_in_pem(BIO *text, size_t *len, unsigned *count)
{
	unsigned char *found = NULL;
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long data_len = 0;
	while (PEM_read_bio(text, &name, &header, &data, &data_len) == 1) {
		bool is_crl = strcmp(name, PEM_STRING_X509_CRL) == 0;
		OPENSSL_free(name);
		OPENSSL_free(header);
		if (is_crl && ++*count == 1) {
			found = data;
			*len = (size_t)data_len;
		} else {
			OPENSSL_free(data);
		}
	}
	return found;
}

/* Replaces the PEM text in *octets by its DER. */
static bool decode_pem(struct crl *c, size_t *len, struct messages *m)
{
	bool done = false;
	unsigned count = 0;
	unsigned char *der = NULL;
	size_t der_len = 0;
	BIO *text = BIO_new_mem_buf(c->octets, (int)*len);
	if (text)
		der = find_in_pem(text, &der_len, &count);
	if (count == 0)
		message_error(m, (struct place){c->path, 0, 0},
			"neither DER nor a whole PEM block \"X509 CRL\"; give a CRL, and check that it was "
			"copied to its end");
	if (count > 1)
		message_error(m, (struct place){c->path, 0, 0},
			"holds %u CRLs; put each into a file of its own and give them all with --crl", count);
	if (count == 1) {
		memcpy(c->octets, der, der_len); /* DER is shorter than its PEM */
		*len = der_len;
		done = true;
	}
	OPENSSL_free(der);
	BIO_free(text);
	return done;
}

/* ---- TBSCertList ---- */

/* version Version OPTIONAL, if present v2; v1 is what OpenSSL's `ca -gencrl` writes without crl_extensions. */
static bool read_version(struct crl *c, struct slice *tbs, struct messages *m)
{
	uint32_t version = 0;
	if (der_peek(*tbs) != DER_INTEGER)
		return true;
	if (!der_read_small(tbs, DER_INTEGER, 1, &version) || version != 1)
		return crl_refuse(c, *tbs, m, "the version is not v2; " ASK_CA);
	c->v2 = true;
	return true;
}

static bool read_times(struct crl *c, struct slice *tbs, struct messages *m)
{
	struct slice at = *tbs;
	uint8_t tag = 0;
	if (!der_read_time(tbs, &c->this_update))
		return crl_refuse(c, at, m, "thisUpdate is malformed; " ASK_CA);
	at = *tbs;
	tag = der_peek(*tbs);
	if (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME)
		return crl_refuse(c, at, m,
			"the CRL has no nextUpdate, so it would be good for ever; " ASK_CA
			" (RFC 5280 5.1.2.5)");
	if (!der_read_time(tbs, &c->next_update))
		return crl_refuse(c, at, m, "nextUpdate is malformed; " ASK_CA);
	if (c->next_update < c->this_update)
		return crl_refuse(c, at, m, "nextUpdate is before thisUpdate; " ASK_CA);
	return true;
}

/* crlExtensions [0] EXPLICIT Extensions OPTIONAL, if present version MUST be v2 */
static bool read_extensions(struct crl *c, struct slice *tbs, struct messages *m)
{
	struct slice at = *tbs;
	struct slice tagged = {NULL, 0};
	struct slice extensions = {NULL, 0};
	if (tbs->len == 0)
		return true;
	if (!der_read(tbs, DER_CONTEXT_CONSTRUCTED(0), &tagged) ||
		!der_read(&tagged, DER_SEQUENCE, &extensions) || tagged.len > 0 || tbs->len > 0)
		return crl_refuse(c, at, m, "what follows revokedCertificates is no crlExtensions; " ASK_CA);
	if (!c->v2)
		return crl_refuse(c, at, m, "a v1 CRL has extensions; " ASK_CA);
	return crl_extensions_of_list(c, extensions, m);
}

/*
 * TBSCertList ::= SEQUENCE {
 *     version             Version OPTIONAL,
 *     signature           AlgorithmIdentifier,
 *     issuer              Name,
 *     thisUpdate          Time,
 *     nextUpdate          Time OPTIONAL,
 *     revokedCertificates SEQUENCE OF SEQUENCE { … } OPTIONAL,
 *     crlExtensions       [0] EXPLICIT Extensions OPTIONAL }   (RFC 5280 5.1)
 */
static bool read_tbs(struct crl *c, struct slice tbs, struct messages *m)
{
	struct slice at = {NULL, 0};
	struct slice signature = {NULL, 0};
	if (!read_version(c, &tbs, m))
		return false;
	at = tbs;
	if (!der_read_whole(&tbs, DER_SEQUENCE, &signature))
		return crl_refuse(c, at, m, "tbsCertList's signature algorithm is malformed; " ASK_CA);
	if (!bytes_equal(signature, c->algorithm))
		return crl_refuse(
			c, at, m, "the two signature algorithms differ; " ASK_CA " (RFC 5280 5.1.1.2)");
	at = tbs;
	if (!der_read_whole(&tbs, DER_SEQUENCE, &c->issuer))
		return crl_refuse(c, at, m, "issuer is malformed; " ASK_CA);
	if (!read_times(c, &tbs, m))
		return false;
	at = tbs;
	/* An empty list is tolerated: some CAs write it instead of leaving it out. */
	if (der_peek(tbs) == DER_SEQUENCE && !der_read(&tbs, DER_SEQUENCE, &c->revoked))
		return crl_refuse(c, at, m, "revokedCertificates is malformed; " ASK_CA);
	return read_extensions(c, &tbs, m);
}

/* CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING } */
static bool read_list(struct crl *c, struct slice der, struct messages *m)
{
	struct slice whole = der;
	struct slice list = {NULL, 0};
	struct slice tbs = {NULL, 0};
	struct slice rest = {NULL, 0};
	if (!der_read(&der, DER_SEQUENCE, &list))
		return crl_refuse(
			c, whole, m, "not a whole SEQUENCE; is it a CRL, and was it copied to its end?");
	if (der.len > 0)
		return crl_refuse(
			c, der, m, "%zu octets follow the CRL; give a file that holds only it", der.len);
	whole = list;
	if (!der_read_whole(&list, DER_SEQUENCE, &c->tbs) ||
		!der_read_whole(&list, DER_SEQUENCE, &c->algorithm) || !der_read_bits(&list, &c->signature) ||
		list.len > 0)
		return crl_refuse(c, whole, m, "not a CertificateList; is it a CRL?");
	rest = c->tbs;
	return der_read(&rest, DER_SEQUENCE, &tbs) && read_tbs(c, tbs, m);
}

bool crl_open(struct crl *c, const char *path, struct messages *m)
{
	size_t len = 0;
	struct place at = {path, 0, 0};
	*c = (struct crl){.path = path};
	c->octets = file_read(path, CRL_OCTETS_MAX, &len, m, at);
	if (!c->octets)
		return false;
	if (der_peek((struct slice){c->octets, len}) != DER_SEQUENCE && !decode_pem(c, &len, m))
		return false;
	return read_list(c, (struct slice){c->octets, len}, m);
}

void crl_close(struct crl *c)
{
	free(c->octets);
	*c = (struct crl){0};
}

/* ---- revokedCertificates ---- */

/* SEQUENCE { userCertificate CertificateSerialNumber, revocationDate Time, crlEntryExtensions Extensions OPTIONAL } */
enum crl_step crl_next(const struct crl *c, struct slice *cursor, struct crl_entry *out, struct messages *m)
{
	struct slice at = *cursor;
	struct slice entry = {NULL, 0};
	struct slice extensions = {NULL, 0};
	if (cursor->len == 0)
		return CRL_END;
	*out = (struct crl_entry){.reason = CRL_REASON_NONE};
	if (!der_read(cursor, DER_SEQUENCE, &entry) || !der_read_integer(&entry, &out->serial_number) ||
		!der_read_time(&entry, &out->revocation_date))
		goto malformed;
	if ((out->serial_number.data[0] & 0x80) != 0) {
		crl_refuse(c, at, m, "a negative serial number (RFC 5280 4.1.2.2); " ASK_CA);
		return CRL_REFUSED;
	}
	if (entry.len == 0)
		return CRL_ENTRY;
	if (!c->v2 || !der_read(&entry, DER_SEQUENCE, &extensions) || entry.len > 0)
		goto malformed;
	return crl_extensions_of_entry(c, extensions, out, m) ? CRL_ENTRY : CRL_REFUSED;
malformed:
	crl_refuse(c, at, m, "an entry of revokedCertificates is malformed; " ASK_CA);
	return CRL_REFUSED;
}
