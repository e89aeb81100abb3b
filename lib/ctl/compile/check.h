/*
 * check: whether a snapshot will go on answering: its self-test, the ends of its signers, its requesters and its
 * certificates for Redis, its tables' ages, as a monitoring plugin reports them.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The plugin convention's exit statuses. */
enum check_level { CHECK_OK = 0, CHECK_WARNING = 1, CHECK_CRITICAL = 2, CHECK_UNKNOWN = 3 };

struct check_limits {
	int64_t signer_days; /* a certificate that ends within so many days is a warning */
	int64_t table_hours; /* a table that ends so soon is a warning; 0: within a quarter of its life */
};
#define CHECK_SIGNER_DAYS 14

struct check_report {
	enum check_level level; /* critical before unknown before warning before ok */
	char *summary;          /* the first finding of that level */
	char *details;          /* all findings, a line each */
};

/* Looks at the snapshot at `now`, Unix seconds. check_free() the report. */
void check(const char *path, const struct check_limits *limits, int64_t now, struct check_report *out);
void check_free(struct check_report *report);

#endif
