#include "message.h"

#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64 /* longer words have no neighbour worth a hint */

static void print_place(FILE *out, struct place at)
{
	fputs(at.file ? at.file : "ocspctl", out);
	if (at.file && at.line > 0)
		fprintf(out, ":%u", at.line);
	if (at.file && at.line > 0 && at.column > 0)
		fprintf(out, ":%u", at.column);
	fputs(": ", out);
}

/* Octets of the UTF-8 character at `p` (RFC 3629), its number in *code; 0: none begins there. */
static size_t decode(const unsigned char *p, size_t len, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const size_t octets = p[0] < 0x80 ? 1 : p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (octets == 0 || octets > len)
		return 0;
	*code = octets == 1 ? p[0] : p[0] & (0x7Fu >> octets);
	for (size_t i = 1; i < octets; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3F);
	}
	return *code >= least[octets] && *code <= 0x10FFFF ? octets : 0;
}

static bool is_obeyed(uint32_t code)
{
	static const uint32_t ranges[][2] = {{0, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E},
		{0x2066, 0x2069}, {0xD800, 0xDFFF}, {0xFFF9, 0xFFFB}};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

void message_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t code = 0;
		const size_t octets = decode((const unsigned char *)text + i, len - i, &code);
		if (octets == 0 || is_obeyed(code))
			memset(text + i, '?', octets > 0 ? octets : 1);
		i += octets > 0 ? octets : 1;
	}
}

static void print_line(FILE *out, char *text, size_t len)
{
	message_printable(text, len);
	text[len] = '\n';
	fwrite(text, 1, len + 1, out);
}

__attribute__((format(printf, 3, 0))) static void say(
	struct place at, const char *level, const char *format, va_list arguments)
{
	char *line = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&line, &len);
	if (!out)
		return;
	print_place(out, at);
	fputs(level, out);
	vfprintf(out, format, arguments);
	if (fclose(out) == 0)
		print_line(stderr, line, len); /* its terminating NUL gives way to the newline */
	free(line);
}

void message_result(const char *format, ...)
{
	char *line = NULL;
	va_list arguments;
	va_start(arguments, format);
	const int len = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	print_line(stdout, line, (size_t)len);
	free(line);
}

void message_error(struct messages *m, struct place at, const char *format, ...)
{
	va_list arguments;
	m->errors++;
	va_start(arguments, format);
	say(at, "error: ", format, arguments);
	va_end(arguments);
}

void message_warning(struct messages *m, struct place at, const char *format, ...)
{
	va_list arguments;
	m->warnings++;
	va_start(arguments, format);
	say(at, "warning: ", format, arguments);
	va_end(arguments);
}

void message_notice(struct messages *m, struct place at, const char *format, ...)
{
	va_list arguments;
	if (m->quiet)
		return;
	va_start(arguments, format);
	say(at, "", format, arguments);
	va_end(arguments);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein (optimal string alignment); neither word is longer than WORD_MAX. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1] = {{0}};
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
			row[j] = least(changed, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *message_nearest(const char *word, const char *const *words, size_t count)
{
	size_t len = strlen(word);
	size_t best = 1 + len / 3 + 1;
	const char *nearest = NULL;
	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other_len = strlen(words[i]);
		if (other_len > WORD_MAX)
			continue;
		size_t d = distance(word, len, words[i], other_len);
		if (d < best && (d == 0 || d < other_len)) { /* nothing in common is no neighbour */
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}
