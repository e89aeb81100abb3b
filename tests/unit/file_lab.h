/* A folder of its own, in which the tests of file work, and what lies there. Include cmocka first. */
#ifndef FILE_LAB_H
#define FILE_LAB_H

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/file.h"

static char folder[] = "/tmp/file_XXXXXX";
static struct messages m;
static const struct place nowhere = {NULL, 0, 0};

static inline int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static inline size_t count_files(void)
{
	DIR *dir = opendir(".");
	size_t count = 0;
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			count++;
	closedir(dir);
	return count;
}

static inline int empty_folder(void **state)
{
	(void)state;
	DIR *dir = opendir(".");
	if (!dir)
		return -1;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && unlink(entry->d_name) < 0)
			rmdir(entry->d_name);
	closedir(dir);
	m = (struct messages){0, 0, false};
	return 0;
}

static inline void make_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static inline void assert_holds(const char *name, const char *text)
{
	size_t len = 0;
	uint8_t *octets = file_read(name, 1000, &len, &m, nowhere);
	assert_non_null(octets);
	assert_string_equal((const char *)octets, text);
	assert_int_equal(len, strlen(text));
	free(octets);
}

static inline struct stat stat_of(const char *name)
{
	struct stat st;
	assert_int_equal(lstat(name, &st), 0);
	return st;
}

#endif
