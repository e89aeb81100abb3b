/* What the clients have seen, told as a line of JSON. */
#ifndef SOAK_TALLY_H
#define SOAK_TALLY_H

#include <stddef.h>

#define LATENCY_STEP 0.0005 /* seconds */
#define LATENCY_MAX  65536  /* steps: above half a minute, where a client gives up */

struct tally {
	size_t connections;            /* of honest clients */
	size_t right, wrong, refused;  /* requests: the right verdict; another one; none */
	size_t again;                  /* asked once more: a kept connection that was closed meanwhile */
	size_t good, revoked, unknown; /* CertIDs in right answers */
	size_t annoyed, annoying,
		spared; /* hostile connections ended; open now; not made since too many were open */
	size_t broken;  /* of those ended: 500 or 502, which says that the program broke */
	unsigned latency[LATENCY_MAX + 1]; /* right answers by how long they took */
};

void tally_latency(struct tally *tally, double seconds);

/* A line on standard output. */
void tally_print(const struct tally *tally, double seconds);

/* A line about what went wrong; only the first few are printed. */
void tally_complain(const char *kind, const char *name, const char *why, int http_status);

#endif
