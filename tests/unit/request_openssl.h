/*
 * request_openssl: what OpenSSL says of the same octets. It decodes BER too; a reading counts as DER when writing it again
 * gives the same octets.
 */
#ifndef REQUEST_OPENSSL_H
#define REQUEST_OPENSSL_H

#include "bytes.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

/* The number of CertIDs; -1: OpenSSL refuses it or writes it differently. */
static inline int openssl_certids(struct slice der)
{
	const unsigned char *cursor = der.data;
	unsigned char *again = NULL;
	int count = -1;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &cursor, (long)der.len);
	if (!request || cursor != der.data + der.len)
		goto out;
	int length = i2d_OCSP_REQUEST(request, &again);
	if (length >= 0 && (size_t)length == der.len && memcmp(again, der.data, der.len) == 0)
		count = OCSP_request_onereq_count(request);
out:
	ERR_clear_error();
	OPENSSL_free(again);
	OCSP_REQUEST_free(request);
	return count;
}

#endif
