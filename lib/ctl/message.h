/*
 * message: what ocspctl tells its operator: on standard error "FILE:LINE:COLUMN: error: WHAT; WHAT TO DO", on standard output
 * what a command was asked for.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* A place in a file; line 0: the file as a whole. file NULL: no file, the message begins with "ocspctl: ". */
struct place {
	const char *file;
	unsigned line, column; /* from 1 */
};

/* Counts what was said, so that a run can go on after the first error and still be refused at its end. */
struct messages {
	unsigned errors, warnings;
	bool quiet; /* notices are not printed */
};

__attribute__((format(printf, 3, 4))) void message_error(
	struct messages *m, struct place at, const char *format, ...);
__attribute__((format(printf, 3, 4))) void message_warning(
	struct messages *m, struct place at, const char *format, ...);
__attribute__((format(printf, 3, 4))) void message_notice(
	struct messages *m, struct place at, const char *format, ...);

/* What a command has found or done: a line on standard output, printable as the others are. */
__attribute__((format(printf, 1, 2))) void message_result(const char *format, ...);

/*
 * Names come out of certificates, CRLs and Redis of others: in place, what a terminal would obey becomes '?': control
 * characters (C0, DEL, C1), those that turn the direction of a text, and octets that are no UTF-8.
 */
void message_printable(char *text, size_t len);

/* Of `count` words the one nearest to `word` (Damerau-Levenshtein ≤ 1 + len/3), or NULL: for "did you mean". */
const char *message_nearest(const char *word, const char *const *words, size_t count);

#endif
