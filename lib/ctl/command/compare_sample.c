#include "compare_sample.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "ctl/redis/redis_scan.h"

#define ABSENT_OCTETS 16

static void random_octets(unsigned char *out, int len)
{
	if (RAND_bytes(out, len) != 1)
		memset(out, 0x5A, (size_t)len); /* a poor sample is better than none */
}

static uint64_t random_below(uint64_t end)
{
	uint64_t number = 0;
	random_octets((unsigned char *)&number, sizeof number);
	return number % end; /* the bias is below end / 2^64 */
}

void compare_sample_add(struct compare_sample *s, const struct serial *serial)
{
	bool full = s->count == 0 || (s->count & (s->count - 1)) == 0;
	if (full)
		s->serials = memory_resized(s->serials, s->count == 0 ? 1 : 2 * s->count, sizeof *serial);
	s->serials[s->count++] = *serial;
}

struct reservoir {
	struct compare_sample *sample;
	size_t wanted;
};

/* Algorithm R of reservoir sampling: the n-th comes in with the chance wanted / n. */
static bool consider(const struct serial *serial, void *context)
{
	const struct reservoir *r = context;
	struct compare_sample *s = r->sample;
	s->in_redis++;
	if (s->count < r->wanted) {
		compare_sample_add(s, serial);
		return true;
	}
	uint64_t place = random_below(s->in_redis);
	if (place < r->wanted)
		s->serials[place] = *serial;
	return true;
}

bool compare_sample_redis(struct compare_sample *s, struct redis_ca *ca, size_t wanted)
{
	struct reservoir r = {s, wanted};
	return redis_scan(&ca->client, ca->prefix, consider, &r);
}

void compare_sample_absent(struct compare_sample *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t octets[ABSENT_OCTETS];
		struct serial serial;
		random_octets(octets, sizeof octets);
		octets[0] = (uint8_t)((octets[0] & 0x3F) | 0x40); /* positive, and as long as it may be */
		if (serial_from_magnitude((struct slice){octets, sizeof octets}, &serial))
			compare_sample_add(s, &serial);
	}
}

void compare_sample_free(struct compare_sample *s)
{
	free(s->serials);
	*s = (struct compare_sample){0};
}
