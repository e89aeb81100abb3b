/*
 * record_report: what a command says of one serial, each with the outcome that goes with it.
 */
#ifndef RECORD_REPORT_H
#define RECORD_REPORT_H

#include "record_command.h"

/* RECORD_DONE, on standard output; `before`, what was there, may be NULL. */
enum record_outcome record_done(
	const struct serial *serial, const char *what, const struct ca_record *before);

/* RECORD_FAILED: both texts, one behind the other. */
enum record_outcome record_failed(
	const struct serial *serial, const char *what, const char *detail, struct messages *m);

/* RECORD_FAILED: an error of Redis, or another reply than the command has. */
enum record_outcome record_refused(
	const struct serial *serial, const struct redis_answer *answer, struct messages *m);

/* RECORD_LOST, behind a command that writes. */
enum record_outcome record_lost(const struct serial *serial, struct messages *m);

#endif
