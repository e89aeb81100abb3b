/*
 * health: can anything be answered at all? What the status page says to a load balancer (conformance H11); what is merely
 * about to go wrong is `ocspctl check`'s.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "status.h"

/*
 * True where at least one CA has a valid signer and a source that can be asked: a table that is fresh, or Redis, which
 * is sent one PING within redis.timeout_ms, and only where no table serves. Else false, with a note in the log for each CA
 * that cannot answer.
 */
bool health(const struct snapshot *snapshot, struct status *status, int64_t now, struct log *log);

#endif
