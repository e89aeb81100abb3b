/*
 * verify_parts: what verify.c and the two implementations share.
 */
#ifndef VERIFY_PARTS_H
#define VERIFY_PARTS_H

#include "sign_parts.h"
#include "verify.h"

/* Key and message fit one another, and the key is plausible. */
bool verify_rsa(const struct verify_message *message, const struct verify_key *key);
bool verify_ecdsa(const struct verify_message *message, const struct verify_key *key);
bool verify_eddsa(const struct verify_message *message, const struct verify_key *key);

#endif
