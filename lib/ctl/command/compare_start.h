/*
 * compare_start: the first differences of a comparison, held back: where each of them is that one side gives no verdict, and
 * always the same instead (HTTP 403), its URL is wrong, and a line for each certificate would hide it.
 */
#ifndef COMPARE_START_H
#define COMPARE_START_H

#include "ctl/client/verdict.h"

#define COMPARE_START 20 /* questions */

enum { OLD, NEW, SIDES };

/* Starts as {0}. */
struct compare_start {
	bool over;
	size_t count;
	char *lines[COMPARE_START];
	int side;                /* which gives no verdict */
	char text[VERDICT_SIZE]; /* what it gives instead */
};

/* Takes the line over, which has no newline, and prints it now or later. False: it is the last of COMPARE_START that are alike. */
bool compare_start_line(struct compare_start *s, const struct verdict verdicts[SIDES], char *line);

/* A question without such a line: what is held is printed, and from now on each at once. Also at the end. */
void compare_start_over(struct compare_start *s);

/* Forgets what is held. */
void compare_start_drop(struct compare_start *s);

#endif
