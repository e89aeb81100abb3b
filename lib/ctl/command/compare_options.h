/*
 * compare_options: the command line of `ocspctl compare`.
 */
#ifndef COMPARE_OPTIONS_H
#define COMPARE_OPTIONS_H

#include "ctl/client/ocsp_client.h"
#include "options.h"

/* The texts are argv's. */
struct compare_options {
	const char *old_url, *new_url, *config, *ca;
	bool from_redis;
	enum ocsp_method method;
	uint64_t sample, absent, timeout_ms;
	char **serials;
	size_t serial_count;
};

/* Fills *o. */
enum options_result compare_options_read(struct compare_options *o, int argc, char **argv);

#endif
