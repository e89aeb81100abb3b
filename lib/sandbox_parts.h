/* sandbox_parts: the lines of defence that sandbox.c puts one behind the other. Part of sandbox. */
#ifndef SANDBOX_PARTS_H
#define SANDBOX_PARTS_H

#include "sandbox.h"

/* NULL, or what the kernel refused, for the log; errno says why, where it is not 0. A kernel without
 * Landlock is none that refuses it. */
const char *sandbox_filter(const struct sandbox *keep);
const char *sandbox_landlock(const struct sandbox *keep);
const char *sandbox_openbsd(const struct sandbox *keep);

/* Whether any of the folders is open. */
bool sandbox_opens(const struct sandbox *keep);

#endif
