/*
 * status_redis_fault: what went wrong with Redis → an OCSPResponseStatus and one note that a person can act on: the
 * server, the subject (a command, or a key), what happened, what to do (conformance S4). Part of status_redis.
 */
#ifndef STATUS_REDIS_FAULT_H
#define STATUS_REDIS_FAULT_H

#include "status_redis_link.h"

/* Any outcome but REDIS_DONE. `subject` may be empty. */
enum response_status redis_fault_outcome(
	const struct status_redis *r, enum redis_outcome outcome, struct slice subject, struct log *log);

/*
 * An error reply to a command that asks for no key, or to none: tryLater(3) whatever it says, for of the records it says
 * nothing. A whole reply of another kind than `subject` should have: internalError(2).
 */
enum response_status redis_fault_refusal(
	const struct status_redis *r, const struct redis_reply *reply, struct slice subject, struct log *log);

/* The same of the answer to a question: of a key that holds no hash (WRONGTYPE) an error reply is internalError(2). */
enum response_status redis_fault_answer(
	const struct status_redis *r, const struct redis_reply *reply, struct slice key, struct log *log);

/*
 * The text of an error reply, or its first word where the rest may repeat the password, whole or in part:
 * "ERR unknown command 'AUTH', with args beginning with: 'the password'". Redis cuts arguments, and we the text, which is then
 * REDIS_TEXT_MAX octets.
 */
struct slice redis_fault_shown(struct slice text, struct slice password);

/* What else is wrong: internalError(2). */
enum response_status redis_fault_broken(
	const struct status_redis *r, struct slice subject, const char *what, struct log *log);

#endif
