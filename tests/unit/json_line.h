/*
 * json_line: whether a text is one line of strict JSON (RFC 8259), of what a log line uses: one flat object of strings and
 * unsigned numbers.
 */
#ifndef JSON_LINE_H
#define JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline const char *json_skip_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7E)
			return NULL;
		if (*p == '\\') {
			if (strncmp(p, "\\u00", 4) != 0 || strspn(p + 4, "0123456789abcdef") < 2)
				return NULL;
			p += 5;
		}
	}
	return p + 1;
}

static inline const char *json_skip_number(const char *p)
{
	size_t digits = strspn(p, "0123456789");
	if (digits == 0 || (digits > 1 && *p == '0'))
		return NULL;
	return p + digits;
}

static inline bool is_json_line(const char *p)
{
	if (*p++ != '{')
		return false;
	do {
		p = json_skip_string(p);
		if (!p || *p++ != ':')
			return false;
		p = *p == '"' ? json_skip_string(p) : json_skip_number(p);
	} while (p && *p++ == ',');
	return p && strcmp(p - 1, "}\n") == 0;
}

#endif
