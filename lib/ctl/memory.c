#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_exit(void *p)
{
	if (!p) {
		fputs("ocspctl: error: out of memory; free some, or raise the limit (ulimit -v)\n", stderr);
		exit(1);
	}
	return p;
}

void *memory_zeroed(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return or_exit(calloc(1, 1));
	return or_exit(calloc(count, size));
}

void *memory_resized(void *old, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return or_exit(realloc(old, 1));
	if (count > SIZE_MAX / size)
		return or_exit(NULL);
	return or_exit(realloc(old, count * size));
}

char *memory_text(const char *text)
{
	return text ? or_exit(strdup(text)) : NULL;
}

char *memory_printf(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	int len = vasprintf(&text, format, arguments);
	va_end(arguments);
	return or_exit(len < 0 ? NULL : text);
}

void memory_wipe(void *p, size_t size)
{
	if (!p || size == 0)
		return;
	memset(p, 0, size);
	__asm__ __volatile__("" : : "r"(p) : "memory"); /* the compiler must assume that it is read */
}
