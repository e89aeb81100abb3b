/*
 * import_batch: some serials' statuses into Redis: asked what is there in one pipeline, then written what differs in another.
 *
 *   the source says   Redis has            what is done
 *   revoked           anything             HMSET, unless it is equal: revoked wins
 *   good, unknown     nothing              HSETNX: Redis itself leaves alone what another has written meanwhile
 *   good, unknown     the same             nothing: what an unrevoked record still has of time and reason stays
 *   good, unknown     revoked, unreadable, or the other of the two   a conflict: said and left; with `force` HMSET
 * So nothing that is revoked becomes good unless forced, whoever else writes at the same time. Equal is what the responder
 * answers equally: a missing time is 1970, a missing reason unspecified.
 */
#ifndef IMPORT_BATCH_H
#define IMPORT_BATCH_H

#include "redis_ca.h"
#include "status_tsv.h"

struct import_counts {
	uint64_t added, changed, equal, conflicts, failed;
};

struct import {
	struct redis_ca ca;
	const char *path; /* of the source, for messages */
	bool dry_run, force;
	struct import_counts counts;
	struct messages *m;
	/* its own */
	unsigned said;
};

/* How many rows these are: those whose replies came. */
uint64_t import_counts_sum(const struct import_counts *n);

/* At most REDIS_CLIENT_BATCH rows. False after an error that every further one would meet too. */
bool import_batch(struct import *i, const struct status_row *rows, size_t count);

#endif
