/*
 * redis_scan: all serials of a CA that Redis has, by SCAN: page by page, in no order, and some of them twice (Redis says so
 * of SCAN); what is there from the beginning to the end of the scan is in it.
 */
#ifndef REDIS_SCAN_H
#define REDIS_SCAN_H

#include "redis_ca.h"

struct redis_scan {
	struct serial *serials; /* this page's */
	size_t count, size;
	uint64_t odd; /* keys that begin like the CA's and end in no serial: said, the first of them */
	/* its own */
	struct redis_client *client;
	struct slice prefix;
	char *pattern;
	char cursor[24], landmark[24];
	uint64_t pages, next_landmark, keys;
	bool ended;
};

/* redis_scan_end() it. */
void redis_scan_begin(struct redis_scan *s, struct redis_ca *ca, struct messages *m);

enum redis_scan_step { REDIS_SCAN_PAGE, REDIS_SCAN_END, REDIS_SCAN_FAILED };

/* The next page, which may be empty. REDIS_SCAN_FAILED after an error. */
enum redis_scan_step redis_scan_next(struct redis_scan *s, struct messages *m);
void redis_scan_end(struct redis_scan *s);

/* The whole of it: calls `each` for every serial, and nothing else may use `c` meanwhile. `each` returns false to end the
 * walk. False after an error, or where `each` said so. */
bool redis_scan(struct redis_client *c, struct slice prefix,
	bool (*each)(const struct serial *serial, void *context), void *context);

#endif
