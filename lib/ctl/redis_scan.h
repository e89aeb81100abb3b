/*
 * redis_scan: every serial that a CA has in Redis, found by SCAN, which lets the server answer others in between.
 */
#ifndef REDIS_SCAN_H
#define REDIS_SCAN_H

#include "redis_client.h"
#include "serial_text.h"

#define REDIS_SCAN_COUNT 1000 /* keys that the server looks at for one reply */

/*
 * Calls `each` with the serial of every key that is `prefix` and a decimal number, in no order; SCAN may give a key twice, and
 * one that was written meanwhile or not. Other keys, and those of negative serials, are passed over; `each` may queue commands, but
 * not receive. It returns false to end the walk. False after an error that was said, or where `each` said so.
 */
bool redis_scan(struct redis_client *c, struct slice prefix,
	bool (*each)(const struct serial *serial, void *context), void *context);

#endif
