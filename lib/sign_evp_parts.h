/*
 * sign_evp_parts: what sign_evp.c, sign_evp_verify.c and sign_evp_random.c share.
 */
#ifndef SIGN_EVP_PARTS_H
#define SIGN_EVP_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

/* The context that sign_start() made; NULL before. */
OSSL_LIB_CTX *sign_evp_library(void);
/* SHA-2 of 32, 48 or 64 octets, fetched once; NULL for any other. */
const EVP_MD *sign_evp_hash(size_t digest_octets);

/* Makes sign_random() the only generator of a library context that has drawn no random octet yet. */
bool sign_evp_random(OSSL_LIB_CTX *library);

#endif
