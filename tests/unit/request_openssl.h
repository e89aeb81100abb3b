/*
 * request_openssl: what OpenSSL says of the same octets. It decodes BER too; a reading counts as DER when writing it again
 * gives the same octets.
 */
#ifndef REQUEST_OPENSSL_H
#define REQUEST_OPENSSL_H

#include "bytes.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

/* The caller frees it (ASN1_item_free()). NULL: OpenSSL refuses it or writes it differently. */
static inline void *openssl_read(struct slice der, const ASN1_ITEM *type)
{
	const unsigned char *cursor = der.data;
	unsigned char *again = NULL;
	bool same = false;
	ASN1_VALUE *value = ASN1_item_d2i(NULL, &cursor, (long)der.len, type);
	if (value && cursor == der.data + der.len) {
		int length = ASN1_item_i2d(value, &again, type);
		same = length >= 0 && (size_t)length == der.len && memcmp(again, der.data, der.len) == 0;
	}
	if (!same) {
		ASN1_item_free(value, type);
		value = NULL;
	}
	OPENSSL_free(again);
	ERR_clear_error();
	return value;
}

static inline OCSP_REQUEST *openssl_request(struct slice der)
{
	return openssl_read(der, ASN1_ITEM_rptr(OCSP_REQUEST));
}

/* The number of CertIDs; -1: OpenSSL refuses it or writes it differently. */
static inline int openssl_certids(struct slice der)
{
	OCSP_REQUEST *request = openssl_request(der);
	int count = request ? OCSP_request_onereq_count(request) : -1;
	OCSP_REQUEST_free(request);
	return count;
}

#endif
