/*
 * compare_sample: which serials `ocspctl compare` asks for: a random sample of those in Redis, and some that no CA has
 * issued.
 */
#ifndef COMPARE_SAMPLE_H
#define COMPARE_SAMPLE_H

#include "ctl/redis/redis_ca.h"

#define COMPARE_SAMPLE_MAX 1000000

/* Starts as {0}; compare_sample_free() it. */
struct compare_sample {
	struct serial *serials;
	size_t count;
	uint64_t in_redis; /* how many there are to choose from */
};

/* Into an empty one: at most `wanted` of the CA's serials in Redis, each with the same chance. False after an error. */
bool compare_sample_redis(struct compare_sample *s, struct redis_ca *ca, size_t wanted);

/* Adds `count` random serials of 16 octets, which nobody has issued. */
void compare_sample_absent(struct compare_sample *s, size_t count);

/* Appends a copy; all of them stay the sample's. */
void compare_sample_add(struct compare_sample *s, const struct serial *serial);
void compare_sample_free(struct compare_sample *s);

#endif
