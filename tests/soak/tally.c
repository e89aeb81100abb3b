#include "tally.h"

#include <stdio.h>

#define COMPLAINTS_MAX 20

void tally_latency(struct tally *tally, double seconds)
{
	double steps = seconds / LATENCY_STEP;
	tally->latency[steps < LATENCY_MAX ? (size_t)steps : LATENCY_MAX]++;
}

/* In seconds: what that part of the right answers took at most. */
static double percentile(const struct tally *tally, double part)
{
	size_t sum = 0, step = 0;
	double wanted = part * (double)tally->right;
	for (; step < LATENCY_MAX; step++) {
		sum += tally->latency[step];
		if ((double)sum >= wanted)
			break;
	}
	return (double)(step + 1) * LATENCY_STEP;
}

void tally_print(const struct tally *t, double seconds)
{
	printf("{\"seconds\": %.1f, \"connections\": %zu, \"right\": %zu, \"wrong\": %zu, \"refused\": %zu, "
	       "\"again\": %zu, ",
		seconds, t->connections, t->right, t->wrong, t->refused, t->again);
	printf("\"good\": %zu, \"revoked\": %zu, \"unknown\": %zu, ", t->good, t->revoked, t->unknown);
	printf("\"annoyed\": %zu, \"annoying\": %zu, \"spared\": %zu, \"broken\": %zu, ", t->annoyed,
		t->annoying, t->spared, t->broken);
	printf("\"median\": %.4f, \"p99\": %.4f, \"longest\": %.4f}\n", percentile(t, 0.5),
		percentile(t, 0.99), percentile(t, 1));
	fflush(stdout);
}

void tally_complain(const char *kind, const char *name, const char *why, int http_status)
{
	static size_t count;
	if (count++ >= COMPLAINTS_MAX)
		return;
	printf("{\"complaint\": \"%s: %s: %s (HTTP %d)\"}\n", kind, name, why, http_status);
	fflush(stdout);
}
