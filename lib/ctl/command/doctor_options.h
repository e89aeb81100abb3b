/*
 * doctor_options: the command line of `ocspctl doctor`.
 */
#ifndef DOCTOR_OPTIONS_H
#define DOCTOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCTOR_CERTS_MAX 64

extern const char doctor_usage[];

/* The texts are argv's. */
struct doctor_options {
	const char *url, *issuer;
	const char *certs[DOCTOR_CERTS_MAX];
	size_t cert_count;
	uint64_t timeout_ms;
	bool json, help;
};

/* NULL, or what is wrong. *o starts as {0}. */
const char *doctor_options_read(struct doctor_options *o, int argc, char **argv);

#endif
