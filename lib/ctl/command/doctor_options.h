/*
 * doctor_options: the command line of `ocspctl doctor`.
 */
#ifndef DOCTOR_OPTIONS_H
#define DOCTOR_OPTIONS_H

#include "options.h"

/* The texts are argv's. */
struct doctor_options {
	const char *url, *issuer;
	struct option_list certs;
	uint64_t timeout_ms;
	bool json;
};

/* Fills *o. The caller frees o->certs.items, whatever the result. */
enum options_result doctor_options_read(struct doctor_options *o, int argc, char **argv);

#endif
