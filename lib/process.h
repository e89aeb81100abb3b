/*
 * process: what the process itself needs before it may trust its surroundings: descriptors 0, 1, 2, signals, the deadline
 * (conformance H12, design "Order of one request"). The only module with signal handlers.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "bytes.h"
#include "log.h"

#define PROCESS_DEADLINE_MS 5000 /* until the snapshot's deadline_ms is known */

/*
 * Opens /dev/null on whichever of 0, 1, 2 is closed, so that no file or connection gets its number and what is written to it: a
 * closed 1 so that writing to it fails, for an answer must not vanish in silence. False: /dev/null cannot be opened.
 */
bool process_descriptors(void);

/*
 * process_descriptors(), then: unblocks all signals, owns SIGALRM, SIGBUS, SIGTERM, ignores SIGPIPE and SIGXFSZ, arms
 * PROCESS_DEADLINE_MS. From here on the process leaves no core file, and others of its user can neither trace it nor read its
 * memory. `log` has been started; it is written by the handlers and must live as long as the process. False: /dev/null cannot
 * be opened.
 */
bool process_start(struct log *log);

/* Arms the deadline anew, `ms` after process_start(). A second tick 25 ms later ends the process in any case. */
void process_deadline(uint32_t ms);

/*
 * What to write to standard output, before ending, when the deadline strikes (or SIGTERM comes), or a mapped file was cut
 * (SIGBUS), from now on: whole ready-made replies (cgi_ready_*), borrowed. Both empty: a reply has begun, nothing may be
 * added to it, and SIGTERM, which lighttpd sends as soon as it has read a whole reply, ends nothing. `doing` is static and
 * completes the log's note, "deadline of 5000 ms passed while …". The exit status is 0 where a reply was written, else 1; the
 * log line is written in any case, with the reply's HTTP status and, where that is 200, tryLater for on_deadline,
 * internalError for on_fault.
 */
void process_stage(struct slice on_deadline, struct slice on_fault, const char *doing);

/* Writes the log line to standard error; the handlers write none after it. */
void process_log(void);

/* Unix seconds; and microseconds of the monotonic clock. The only clocks of lib/. */
int64_t process_now(void);
int64_t process_monotonic_us(void);

#endif
