#include "redis_scan.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define STRING_OF(number) #number
#define DIGITS_OF(number) STRING_OF(number)
#define CURSOR_MAX        20 /* digits of 2^64 - 1 */

/* MATCH takes a glob; a subject may hold its characters, and backslashes of its own. `out` has room. */
static void append_glob(struct buffer *out, struct slice prefix)
{
	for (size_t i = 0; i < prefix.len; i++) {
		if (memchr("*?[]\\", prefix.data[i], 5))
			bytes_append_char(out, '\\');
		bytes_append_char(out, (char)prefix.data[i]);
	}
	bytes_append_char(out, '*');
}

static bool serial_of(struct slice key, struct slice prefix, struct serial *out)
{
	if (key.len <= prefix.len || !bytes_equal((struct slice){key.data, prefix.len}, prefix))
		return false;
	key = (struct slice){key.data + prefix.len, key.len - prefix.len};
	if (key.len > 1 && key.data[0] == '0') /* hexadecimal, or no number that anybody asks for */
		return false;
	return serial_text_read(key, out) == NULL;
}

/* [cursor, [key, …]]; false: it is something else, which was said. */
static bool split(struct redis_client *c, const struct redis_answer *answer, struct buffer *cursor,
	struct redis_answer *keys)
{
	struct redis_answer next = {0};
	if (answer->type == REDIS_ANSWER_LIST && answer->count == 2) {
		next = redis_answer_item(answer, 0);
		*keys = redis_answer_item(answer, 1);
	}
	cursor->len = 0;
	bytes_append(cursor, next.text);
	if (next.type == REDIS_ANSWER_TEXT && keys->type == REDIS_ANSWER_LIST && !cursor->failed)
		return true;
	bool is_error = answer->type == REDIS_ANSWER_ERROR;
	message_error(c->m, c->at, "redis %s: SCAN refused: %.*s; %s", c->name,
		is_error ? (int)answer->text.len : 0, is_error ? (const char *)answer->text.data : "",
		is_error ? redis_client_advice(answer->text)
			 : "what answers is not Redis; check the address");
	return false;
}

bool redis_scan(struct redis_client *c, struct slice prefix,
	bool (*each)(const struct serial *serial, void *context), void *context)
{
	uint8_t digits[CURSOR_MAX] = {'0'};
	struct buffer cursor = bytes_buffer(digits, sizeof digits);
	size_t size = 2 * prefix.len + 1;
	uint8_t *octets = memory_zeroed(size, 1);
	struct buffer glob = bytes_buffer(octets, size);
	bool going = true;
	cursor.len = 1;
	append_glob(&glob, prefix);
	do {
		struct redis_answer answer;
		struct redis_answer keys = {0};
		redis_client_send(c, 6,
			(struct slice[]){SLICE("SCAN"), bytes_written(&cursor), SLICE("MATCH"),
				bytes_written(&glob), SLICE("COUNT"), SLICE(DIGITS_OF(REDIS_SCAN_COUNT))});
		going = redis_client_receive(c, &answer) && split(c, &answer, &cursor, &keys);
		for (size_t i = 0; going && i < keys.count; i++) {
			struct serial serial;
			if (serial_of(redis_answer_item(&keys, i).text, prefix, &serial))
				going = each(&serial, context);
		}
	} while (going && !bytes_equal(bytes_written(&cursor), SLICE("0")));
	free(octets);
	return going;
}
