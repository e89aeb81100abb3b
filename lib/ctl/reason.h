/*
 * reason: the names of CRLReason (RFC 5280 5.3.1), for whoever types or reads them.
 */
#ifndef REASON_H
#define REASON_H

#include "ocsp.h"

/* "keyCompromise" or "1" → 1: RFC 5280's names in any case, numbers from 0 to 10. False: neither. */
bool reason_read(struct slice text, int *reason);

/* Only a name. */
bool reason_read_name(struct slice text, int *reason);

/* The name; "7" of the number that has none, "none" of CRL_REASON_NONE. */
const char *reason_name(int reason);

/* What a record of a revoked certificate may have: not 7, which is unused, and not removeFromCRL, which unrevokes. */
bool reason_is_of_revoked(int reason);

#endif
