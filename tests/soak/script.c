#include "script.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 6

static bool read_octets(const char *text, struct octets *octets)
{
	long length = 0;
	*octets = (struct octets){0};
	if (strcmp(text, "-") == 0)
		return true;
	octets->data = OPENSSL_hexstr2buf(text, &length);
	octets->length = (size_t)length;
	return octets->data != NULL;
}

static bool read_request(const char *text, OCSP_REQUEST **request)
{
	struct octets der = {0};
	if (!read_octets(text, &der))
		return false;
	const uint8_t *cursor = der.data;
	*request = d2i_OCSP_REQUEST(NULL, &cursor, (long)der.length);
	return *request != NULL;
}

static bool read_ending(const char *text, enum ending *ending)
{
	static const char *const NAMES[] = {"read", "shut", "hold", "reset"};
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (strcmp(text, NAMES[i]) == 0) {
			*ending = (enum ending)i;
			return true;
		}
	return false;
}

/* An array that grows by one; NULL: no memory. */
static void *one_more(void *array, size_t count, size_t size)
{
	return (count & (count - 1)) == 0 ? reallocarray(array, count == 0 ? 1 : 2 * count, size) : array;
}

static bool add_question(struct script *script, char *const *fields)
{
	struct question q = {.name = fields[1], .statuses = fields[2]};
	if (!read_request(fields[3], &q.request) || !read_octets(fields[4], &q.head) ||
		!read_octets(fields[5], &q.body))
		return false;
	script->questions = one_more(script->questions, script->question_count, sizeof q);
	if (!script->questions)
		return false;
	script->questions[script->question_count++] = q;
	return true;
}

static bool add_nuisance(struct script *script, char *const *fields)
{
	struct nuisance n = {.name = fields[1], .pace = strtoul(fields[2], NULL, 10)};
	if (!read_ending(fields[3], &n.ending) || !read_octets(fields[4], &n.octets))
		return false;
	script->nuisances = one_more(script->nuisances, script->nuisance_count, sizeof n);
	if (!script->nuisances)
		return false;
	script->nuisances[script->nuisance_count++] = n;
	return true;
}

static bool add_line(struct script *script, const char *line)
{
	char *fields[FIELDS] = {0}, *rest = strdup(line);
	size_t count = 0;
	while (rest && count < FIELDS)
		fields[count++] = strsep(&rest, "\t");
	if (count == 6 && strcmp(fields[0], "ask") == 0)
		return add_question(script, fields);
	return count == 5 && strcmp(fields[0], "annoy") == 0 && add_nuisance(script, fields);
}

bool script_read(const char *file, struct script *script)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t length = 0;
	bool ok = true;
	*script = (struct script){0};
	FILE *stream = fopen(file, "r");
	if (!stream) {
		fprintf(stderr, "client: %s: %s\n", file, strerror(errno));
		return false;
	}
	while (ok && (length = getline(&line, &room, stream)) > 0) {
		line[length - 1] = '\0';
		number++;
		ok = add_line(script, line);
	}
	free(line);
	fclose(stream);
	ok = ok && script->question_count > 0 && script->nuisance_count > 0;
	if (!ok)
		fprintf(stderr, "client: %s: line %zu is none, or a kind of line is missing\n", file, number);
	return ok;
}
