/*
 * status_redis_tls_fault: what went wrong with TLS, in words that a person can act on. Part of status_redis_tls.
 */
#ifndef STATUS_REDIS_TLS_FAULT_H
#define STATUS_REDIS_TLS_FAULT_H

#include "status_redis_tls.h"

/* Sets t->reason and t->advice. `verified`: X509_V_OK, or what is wrong with the certificate; `error`: of libssl's queue. */
void redis_tls_explain(struct redis_tls *t, long verified, unsigned long error);

#endif
