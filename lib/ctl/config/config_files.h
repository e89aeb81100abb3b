/*
 * config_files: the files that a configuration names, so that none of them is taken for a place to write to.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "config.h"

/* False after an error: `path` is the configuration, or a file that it names, under whatever name. */
bool config_files_spare(const struct config *c, const char *path, struct messages *m);

#endif
