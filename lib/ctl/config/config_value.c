#include "config_keys.h"

#include "bytes.h"
#include "ctl/file.h"
#include "ctl/memory.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX  64
#define KEYS_NAMED 7 /* in one message */

static bool stands_for(const char *row, const char *name)
{
	size_t len = strlen(row);
	if (len > 0 && row[len - 1] == '*')
		return strncmp(row, name, len - 1) == 0;
	return strcmp(row, name) == 0;
}

const struct config_key *config_key_find(const struct config_keys *keys, const char *name)
{
	for (size_t i = 0; i < keys->count; i++)
		if (stands_for(keys->keys[i].name, name))
			return &keys->keys[i];
	return NULL;
}

static const char *nearest_key(const struct config_keys *keys, const char *name)
{
	const char *words[WORDS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < keys->count && count < WORDS_MAX; i++)
		if (!strchr(keys->keys[i].name, '*'))
			words[count++] = keys->keys[i].name;
	return message_nearest(name, words, count);
}

/* The table that does know the name: a line that is indented too far or too little. */
static const struct config_keys *elsewhere(const char *name)
{
	for (size_t i = 0; i < CONFIG_TABLES; i++)
		if (config_key_find(config_tables[i], name))
			return config_tables[i];
	return NULL;
}

static void say_unknown(struct config_reading *r, const struct config_keys *keys,
	const struct config_node *name, const struct config_node *value)
{
	const struct config_keys *home = elsewhere(name->text);
	const char *nearest = nearest_key(keys, name->text);
	if (!home && config_node_null(value)) /* {password: a, b}: it may be the second half of a password */
		message_error(r->m, name->at,
			"a word without a value in %s; put what has a comma in quotes, or give the key a "
			"value",
			keys->of);
	else if (home)
		message_error(r->m, name->at, "unknown key \"%.64s\" in %s; it belongs in %s", name->text,
			keys->of, home->of);
	else if (nearest)
		message_error(r->m, name->at, "unknown key \"%.64s\" in %s; did you mean \"%s\"?", name->text,
			keys->of, nearest);
	else
		message_error(r->m, name->at,
			"unknown key \"%.64s\" in %s; config.yaml.example names all that there are",
			name->text, keys->of);
}

static void read_entry(struct config_reading *r, const struct config_entry *e, void *into)
{
	if (!config_node_null(e->value))
		e->key->read(r, e, (char *)into + e->key->offset);
	else if (e->key->null == CONFIG_NULL_REFUSED)
		message_error(
			r->m, e->name->at, "\"%s\" has no value; give one or remove the line", e->name->text);
}

/* "a, b or c" */
static void list_words(struct buffer *out, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			bytes_append_text(out, i + 1 < count ? ", " : " or ");
		bytes_append_text(out, words[i]);
	}
}

/* The value is not repeated: it may be a password that has slipped. */
static void say_no_mapping(
	struct config_reading *r, const struct config_keys *keys, const struct config_node *value)
{
	const char *words[KEYS_NAMED];
	const size_t count = keys->count < KEYS_NAMED ? keys->count : KEYS_NAMED;
	uint8_t storage[256];
	struct buffer list = bytes_buffer(storage, sizeof storage);
	for (size_t i = 0; i < count; i++)
		words[i] = keys->keys[i].name;
	list_words(&list, words, count);
	if (value->kind == CONFIG_SEQUENCE)
		message_error(r->m, value->at, "%s is a mapping of keys to values; check the indentation",
			keys->of);
	else
		message_error(r->m, value->at,
			"%s is a mapping of keys to values; write {KEY: VALUE}, where KEY is %.*s%s",
			keys->of, (int)list.len, (const char *)list.data,
			count < keys->count ? "; config.yaml.example names all that there are" : "");
}

void config_read_mapping(struct config_reading *r, const struct config_keys *keys,
	const struct config_node *mapping, void *into)
{
	if (mapping->kind != CONFIG_MAPPING) {
		say_no_mapping(r, keys, mapping);
		return;
	}
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		struct config_entry e = {NULL, mapping->items[i], mapping->items[i + 1]};
		e.key = config_key_find(keys, e.name->text);
		if (e.key)
			read_entry(r, &e, into);
		else
			say_unknown(r, keys, e.name, e.value);
	}
}

void config_read_section(struct config_reading *r, const struct config_entry *e, void *into)
{
	config_read_mapping(r, e->key->section, e->value, into);
}

const char *config_text_of(
	struct config_reading *r, const struct config_entry *e, const struct config_node *value)
{
	if (value->kind == CONFIG_SCALAR && !config_node_null(value))
		return value->text;
	message_error(r->m, value->at, "\"%s\" takes a text, not %s", e->name->text,
		value->kind == CONFIG_MAPPING    ? "a mapping; check the indentation"
		: value->kind == CONFIG_SEQUENCE ? "a list; write the one value"
						 : "nothing; give one or remove it");
	return NULL;
}

size_t config_item_count(const struct config_node *value)
{
	return value->kind == CONFIG_SEQUENCE ? value->count : 1;
}

const struct config_node *config_item(const struct config_node *value, size_t i)
{
	return value->kind == CONFIG_SEQUENCE ? value->items[i] : value;
}

/* Quoted, Ruby takes "false" for a text, and a text for true. */
bool config_bool_of(struct config_reading *r, const struct config_entry *e, bool *out)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	const char *text = config_text_of(r, e, e->value);
	if (!text)
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(text, words[i]) != 0)
			continue;
		if (i % 2 == 0 && !e->value->plain)
			break;
		*out = i % 2 == 1;
		return true;
	}
	message_error(r->m, e->value->at, "\"%s\" must be true or false, without quotes, not \"%.64s\"",
		e->name->text, text);
	return false;
}

void config_read_bool(struct config_reading *r, const struct config_entry *e, void *into)
{
	(void)config_bool_of(r, e, into);
}

void config_read_int64(struct config_reading *r, const struct config_entry *e, void *into)
{
	uint64_t number = 0;
	const char *text = config_text_of(r, e, e->value);
	if (!text)
		return;
	/* zeros in front: octal to Ruby */
	if (!bytes_decimal_canonical(bytes_of(text), (uint64_t)e->key->high, &number) ||
		(int64_t)number < e->key->low)
		message_error(r->m, e->value->at,
			"\"%s\" must be a whole number from %" PRId64 " to %" PRId64 ", not \"%.64s\"",
			e->name->text, e->key->low, e->key->high, text);
	else
		*(int64_t *)into = (int64_t)number;
}

void config_read_uint32(struct config_reading *r, const struct config_entry *e, void *into)
{
	uint32_t *field = into;
	int64_t number = *field;
	config_read_int64(r, e, &number);
	*field = (uint32_t)number;
}

void config_read_password(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_text *field = into;
	const char *text = config_text_of(r, e, e->value);
	if (text)
		*field = (struct config_text){memory_text(text), e->value->at};
}

/* A text that is not empty, or NULL after an error. */
static const char *filled_text(
	struct config_reading *r, const struct config_entry *e, const struct config_node *value)
{
	const char *text = config_text_of(r, e, value);
	if (!text || text[0] != '\0')
		return text;
	message_error(r->m, value->at, "\"%s\" is empty; give a value or remove the line", e->name->text);
	return NULL;
}

void config_read_text(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_text *field = into;
	const char *text = filled_text(r, e, e->value);
	if (text)
		*field = (struct config_text){memory_text(text), e->value->at};
}

bool config_path_of(struct config_reading *r, const struct config_entry *e, const struct config_node *value,
	struct config_text *out)
{
	const char *text = filled_text(r, e, value);
	if (text)
		*out = (struct config_text){file_resolve(r->config->folder, text), value->at};
	return text != NULL;
}

void config_read_path(struct config_reading *r, const struct config_entry *e, void *into)
{
	(void)config_path_of(r, e, e->value, into);
}

bool config_word_of(struct config_reading *r, const struct config_entry *e, const char *const *words,
	size_t count, size_t *found)
{
	uint8_t storage[256];
	struct buffer list = bytes_buffer(storage, sizeof storage);
	const char *text = config_text_of(r, e, e->value);
	if (!text)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(text, words[i]) != 0)
			continue;
		*found = i;
		return true;
	}
	list_words(&list, words, count);
	message_error(r->m, e->value->at, "\"%s\" must be %.*s, not \"%.64s\"", e->name->text, (int)list.len,
		(const char *)list.data, text);
	return false;
}

static bool notice_given(struct config_reading *r, const struct config_key *key)
{
	for (size_t i = 0; i < r->ignored_count; i++)
		if (r->ignored[i] == key)
			return true;
	if (r->ignored_count < CONFIG_IGNORED_MAX)
		r->ignored[r->ignored_count++] = key;
	return false;
}

void config_read_ignored(struct config_reading *r, const struct config_entry *e, void *into)
{
	(void)into;
	if (!notice_given(r, e->key))
		message_notice(r->m, e->name->at,
			"\"%.64s\" is for issuing certificates or CRLs and is ignored, here and in other CAs",
			e->name->text);
}
