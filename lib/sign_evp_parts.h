/*
 * sign_evp_parts: what sign_evp.c and sign_evp_random.c share.
 */
#ifndef SIGN_EVP_PARTS_H
#define SIGN_EVP_PARTS_H

#include <stdbool.h>

#include <openssl/types.h>

/* Makes sign_random() the only generator of a library context that has drawn no random octet yet. */
bool sign_evp_random(OSSL_LIB_CTX *library);

#endif
