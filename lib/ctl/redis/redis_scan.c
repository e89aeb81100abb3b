#include "redis_scan.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "ctl/progress.h"

#define ODD_SAID_MAX 20
#define KEYS_MAX     UINT64_C(100000000) /* of one CA: ten times what is reckoned with */

/* A subject may hold any of the characters that a pattern gives a meaning. */
static char *pattern_of(struct slice prefix)
{
	char *pattern = memory_zeroed(2 * prefix.len + 2, 1);
	char *p = pattern;
	for (size_t i = 0; i < prefix.len; i++) {
		if (strchr("*?[]\\", prefix.data[i]))
			*p++ = '\\';
		*p++ = (char)prefix.data[i];
	}
	*p = '*';
	return pattern;
}

static void begin(struct redis_scan *s, struct redis_client *c, struct slice prefix, struct messages *m)
{
	*s = (struct redis_scan){.client = c,
		.prefix = prefix,
		.pattern = pattern_of(prefix),
		.cursor = "0",
		.next_landmark = 1};
	if (c->settings.settings.cluster)
		message_warning(
			m, c->at, "only the keys of this node of the cluster are seen; do it for each");
}

void redis_scan_begin(struct redis_scan *s, struct redis_ca *ca, struct messages *m)
{
	begin(s, &ca->client, ca->prefix, m);
}

void redis_scan_end(struct redis_scan *s)
{
	free(s->pattern);
	free(s->serials);
	*s = (struct redis_scan){0};
}

/* The responder asks for "7", never for "007" or "0x7". */
static bool is_canonical(struct slice text, const struct serial *serial)
{
	uint8_t digits[SERIAL_DECIMAL_MAX];
	struct buffer out = bytes_buffer(digits, sizeof digits);
	serial_append_decimal(&out, serial_slice(serial));
	return !out.failed && bytes_equal(text, bytes_written(&out));
}

static void say_odd(struct redis_scan *s, struct slice key, struct messages *m)
{
	if (s->odd++ >= ODD_SAID_MAX)
		return;
	progress_clear();
	message_error(m, s->client->at,
		"redis key %.*s ends in no serial number, so nothing asks for it; delete or rename it",
		(int)redis_client_shown(key).len, (const char *)key.data);
}

static void take_key(struct redis_scan *s, struct slice key, struct messages *m)
{
	const struct slice prefix = s->prefix;
	if (key.len < prefix.len || !bytes_equal((struct slice){key.data, prefix.len}, prefix))
		return;
	const struct slice rest = {key.data + prefix.len, key.len - prefix.len};
	if (rest.len > 0 && memchr(rest.data, ':', rest.len))
		return; /* another CA's, whose subject goes on where this one's ends */
	struct serial *to = &s->serials[s->count];
	if (!serial_text_read(rest, to) && is_canonical(rest, to))
		s->count++;
	else
		say_odd(s, key, m);
}

/*
 * Whether the cursors go round in a circle: one of them is remembered, after 1, 2, 4, 8 … pages, and must not come again
 * (Brent's algorithm). A scan of a sound Redis meets no cursor twice.
 */
static bool goes_round(struct redis_scan *s)
{
	if (!s->ended && strcmp(s->cursor, s->landmark) == 0)
		return true;
	if (++s->pages == s->next_landmark) {
		memcpy(s->landmark, s->cursor, sizeof s->landmark);
		s->next_landmark *= 2;
	}
	return false;
}

/* SCAN's reply: the next cursor, and a list of keys. */
static bool take_page(struct redis_scan *s, const struct redis_answer *answer, struct messages *m)
{
	if (answer->type != REDIS_ANSWER_LIST || answer->count != 2)
		return false;
	const struct redis_answer cursor = redis_answer_item(answer, 0);
	const struct redis_answer keys = redis_answer_item(answer, 1);
	if (cursor.type != REDIS_ANSWER_TEXT || cursor.text.len >= sizeof s->cursor ||
		keys.type != REDIS_ANSWER_LIST)
		return false;
	memcpy(s->cursor, cursor.text.data, cursor.text.len);
	s->cursor[cursor.text.len] = '\0';
	s->ended = bytes_equal(cursor.text, SLICE("0"));
	s->keys += keys.count;
	if (goes_round(s) || s->keys > KEYS_MAX)
		return false; /* it would never end */
	if (keys.count > s->size) {
		s->serials = memory_resized(s->serials, keys.count, sizeof *s->serials);
		s->size = keys.count;
	}
	s->count = 0;
	for (size_t i = 0; i < keys.count; i++)
		take_key(s, redis_answer_item(&keys, i).text, m);
	return true;
}

enum redis_scan_step redis_scan_next(struct redis_scan *s, struct messages *m)
{
	struct redis_answer answer;
	const struct slice words[] = {SLICE("SCAN"), bytes_of(s->cursor), SLICE("MATCH"),
		bytes_of(s->pattern), SLICE("COUNT"), SLICE("1000")};
	s->count = 0;
	if (s->ended)
		return REDIS_SCAN_END;
	redis_client_send(s->client, sizeof words / sizeof *words, words);
	if (!redis_client_receive(s->client, &answer))
		return REDIS_SCAN_FAILED;
	if (take_page(s, &answer, m))
		return REDIS_SCAN_PAGE;
	const struct slice text =
		answer.type == REDIS_ANSWER_ERROR ? redis_client_shown(answer.text) : SLICE("an odd reply");
	message_error(m, s->client->at, "redis %s: SCAN refused: %.*s; %s", s->client->name, (int)text.len,
		(const char *)text.data, redis_client_advice(text));
	return REDIS_SCAN_FAILED;
}

bool redis_scan(struct redis_client *c, struct slice prefix,
	bool (*each)(const struct serial *serial, void *context), void *context)
{
	struct redis_scan s;
	enum redis_scan_step step = REDIS_SCAN_PAGE;
	bool going = true;
	begin(&s, c, prefix, c->m);
	while (going && (step = redis_scan_next(&s, c->m)) == REDIS_SCAN_PAGE)
		for (size_t i = 0; i < s.count && going; i++)
			going = each(&s.serials[i], context);
	redis_scan_end(&s);
	return going && step == REDIS_SCAN_END;
}
