/*
 * serial_list: the serials that a command was given: those of --cert files, those on the command line, and those on
 * standard input, a line each (blank ones and those that begin with # are skipped).
 */
#ifndef SERIAL_LIST_H
#define SERIAL_LIST_H

#include <stdio.h>

#include "ctl/serial_text.h"

struct serial_list {
	const char *const *certificates; /* files */
	size_t certificate_count;
	char *const *words; /* "-" is standard input; none at all, and no file: too */
	size_t word_count;
	const X509 *ca; /* who must have issued and signed the files' certificates; NULL: not looked at */
	/* its own */
	size_t next;
	bool reads_input, input_ended;
	char *line;
	size_t line_size;
	struct place at;
};

enum serial_step { SERIAL_ENTRY, SERIAL_END, SERIAL_REFUSED };

/* The next one. SERIAL_REFUSED after an error: this one counts for nothing, the next can still be asked for. */
enum serial_step serial_list_next(struct serial_list *l, struct serial *out, struct messages *m);
void serial_list_free(struct serial_list *l);

#endif
