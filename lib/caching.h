/*
 * caching: thisUpdate, nextUpdate, max-age and HTTP dates: pure functions of numbers (RFC 9919 6, RFC 9111,
 * conformance R3, R4, H7–H10). All times are Unix seconds.
 */
#ifndef CACHING_H
#define CACHING_H

#include "bytes.h"

#define CACHING_NO_MAX_AGE (-1) /* max_cache_age is not configured */

/* min(cap, next_update − now − 1), not below 0; `cap` may be CACHING_NO_MAX_AGE. */
int64_t caching_max_age(int64_t now, int64_t next_update, int64_t cap);

/* The Expires that agrees with it: now + max-age where a cap is configured, else next_update (H7). */
int64_t caching_expires(int64_t now, int64_t next_update, int64_t cap);

/* `time` rounded down to a multiple of `window` seconds (H9a); itself where the window is 0, or there is none below. */
int64_t caching_quantise(int64_t time, int64_t window);

enum caching_match {
	CACHING_DIFFERS,
	CACHING_MATCHES, /* the client holds exactly this answer */
	CACHING_ANY,     /* "*": it holds some answer, nobody knows which */
};

/*
 * If-None-Match against an ETag by weak comparison (RFC 9110 8.8.3.2, 13.1.2): "*", or a list of entity-tags. What is no
 * entity-tag ends the list.
 */
enum caching_match caching_match(struct slice if_none_match, struct slice etag);

/* Appends IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7), in English whatever the locale. */
void caching_http_date(struct buffer *out, int64_t unix_seconds);

/* The fields of a cacheable answer. */
struct caching {
	int64_t now;
	int64_t this_update; /* Last-Modified */
	int64_t next_update;
	int64_t cap;       /* max_cache_age, or CACHING_NO_MAX_AGE */
	struct slice etag; /* with its quotes (and W/ where weak) */
};

/*
 * Appends what a 304 carries: ETag, Cache-Control and Expires (RFC 9110 15.4.5). For CACHING_ANY the stored answer's own
 * nextUpdate is not known, so it is not made fresh.
 */
void caching_not_modified_headers(struct buffer *out, const struct caching *c, enum caching_match match);

/* Appends Last-Modified, Expires, ETag and Cache-Control, each line ended by CR LF. */
void caching_headers(struct buffer *out, const struct caching *c);

#endif
