/*
 * record_change: a record changed by what stands in it: WATCH, look, MULTI, HMSET, EXEC. Redis refuses where another writer
 * changed it in between, and then it is looked at again; so no change rests on what is no longer there.
 */
#ifndef RECORD_CHANGE_H
#define RECORD_CHANGE_H

#include "record_report.h"

enum record_decision {
	RECORD_CHANGES,   /* to *after */
	RECORD_STAYS,     /* as is right; it was said */
	RECORD_MUST_STAY, /* it was said why */
};

/* What is to become of `before`; *after starts as {0}. May be asked more than once, and says something once. */
typedef enum record_decision record_decide(const struct serial *serial, const struct record_options *o,
	const struct ca_record *before, struct ca_record *after, struct messages *m);

/* Says what was done. Redis needs to allow WATCH, HMGET, MULTI, HMSET, EXEC and UNWATCH. */
enum record_outcome record_change(struct redis_ca *ca, const struct serial *serial,
	const struct record_options *o, record_decide *decide, struct messages *m);

#endif
