/*
 * process: what the process itself needs before it may trust its surroundings: descriptors 0, 1, 2, signals, the deadline
 * (conformance H12, design "Order of one request"). The only module with signal handlers.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "bytes.h"
#include "log.h"

/*
 * Opens /dev/null on whichever of 0, 1, 2 is closed, unblocks and owns SIGALRM, SIGBUS, SIGTERM; ignores SIGPIPE;
 * arms a built-in deadline. `log` is written by the handlers; it must live as long as the process. False: /dev/null
 * cannot be opened.
 */
bool process_start(struct log *log);

/* Arms the deadline anew, `ms` after the process started. A second tick 25 ms later ends the process in any case. */
void process_deadline(uint32_t ms);

/*
 * What to write to standard output, before ending, when the deadline strikes or a mapped file was cut (SIGBUS) from now on:
 * whole ready-made replies (cgi_ready_*), borrowed. Both empty: a reply has begun, nothing may be added to it. The exit
 * status is 0 where a reply was written, else 1; the log line is written in any case.
 */
void process_stage(struct slice on_deadline, struct slice on_fault);

/* Unix seconds; and microseconds of the monotonic clock. The only clocks of lib/. */
int64_t process_now(void);
int64_t process_monotonic_us(void);

#endif
