/*
 * self_test: whether a snapshot answers: what ocsp-cgi will read of it is read, and what it will sign is signed and verified.
 */
#ifndef SELF_TEST_H
#define SELF_TEST_H

#include "snapshot.h"

/*
 * Checks every slot's, record's and key's CRC and bounds; finds each CA by each of its hashes; signs with each signer's
 * key and verifies that signature, under the very AlgorithmIdentifier of a response, with its certificate's public key.
 * NULL: all is well. Else what is wrong, new memory.
 */
char *self_test(const struct snapshot *s);

#endif
