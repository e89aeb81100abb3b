/*
 * iso_time: Unix seconds as the operator reads them: "2026-07-01T00:00:00Z".
 */
#ifndef ISO_TIME_H
#define ISO_TIME_H

#include "bytes.h"

#define ISO_TIME_SIZE 32

/* Fills and returns `text`; "(no date)" outside of the years 0000 to 9999. */
const char *iso_time(int64_t unix_seconds, char text[ISO_TIME_SIZE]);

/* The way back: "2026-07-01T00:00:00Z", or Unix seconds; from 1970 to 9999. False: neither. */
bool iso_time_read(struct slice text, int64_t *unix_seconds);

#endif
