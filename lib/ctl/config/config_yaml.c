#include "config_yaml.h"

#include "ctl/memory.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	char *name;
	struct config_node *node;
};

struct parse {
	yaml_parser_t parser;
	struct config_tree *tree;
	struct messages *m;
	const char *file;
	size_t spent; /* nodes so far, those of aliases again each time */
	size_t depth, documents;
	struct config_node *enclosing[CONFIG_DEPTH_MAX];
	void *anchors; /* tsearch() of struct anchor: a generated file may have one for every CA */
};

static struct place place_of(const struct parse *p, yaml_mark_t mark)
{
	return (struct place){p->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static bool fail(struct parse *p, struct place at, const char *what)
{
	message_error(p->m, at, "%s", what);
	return false;
}

static bool spend(struct parse *p, size_t nodes, struct place at)
{
	if (nodes > CONFIG_NODES_MAX - p->spent)
		return fail(p, at, "too many values, aliases counted as if written out; split the file");
	p->spent += nodes;
	return true;
}

static int compare_anchors(const void *a, const void *b)
{
	return strcmp(((const struct anchor *)a)->name, ((const struct anchor *)b)->name);
}

static void free_anchor(void *p)
{
	struct anchor *anchor = p;
	free(anchor->name);
	free(anchor);
}

/* A name that is given again means the newer node from here on, as YAML says. */
static void remember_anchor(struct parse *p, const yaml_char_t *name, struct config_node *node)
{
	if (!name)
		return;
	struct anchor *anchor = memory_zeroed(1, sizeof *anchor);
	anchor->name = memory_text((const char *)name);
	struct anchor **known = tsearch(anchor, &p->anchors, compare_anchors);
	if (!known) {
		free_anchor(anchor);
		message_error(p->m, node->at, "out of memory; free some and try again");
		return;
	}
	(*known)->node = node;
	if (*known != anchor)
		free_anchor(anchor);
}

/* NULL, "!" and YAML's own types say nothing that the keys do not know better; *text: to be read as a text. */
static void check_tag(struct parse *p, const yaml_char_t *tag, struct place at, bool *text)
{
	static const char *const known[] = {YAML_STR_TAG, YAML_NULL_TAG, YAML_BOOL_TAG, YAML_INT_TAG,
		YAML_FLOAT_TAG, YAML_SEQ_TAG, YAML_MAP_TAG, "!"};
	const char *name = (const char *)tag;
	*text = name && (strcmp(name, YAML_STR_TAG) == 0 || strcmp(name, "!") == 0);
	if (!name)
		return;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(name, known[i]) == 0)
			return;
	/* A password that lacks its quotes may look like a tag, or an alias: it is not repeated. */
	const bool is_rubys = strncmp(name, "!ruby/", 6) == 0;
	message_error(p->m, at,
		"the tag here (\"%.64s\") is not accepted; write the value without it, or in quotes if it is "
		"a "
		"text",
		is_rubys ? name : "!");
}

static struct config_node *new_node(struct parse *p, enum config_node_kind kind, struct place at)
{
	struct config_node *node = memory_zeroed(1, sizeof *node);
	node->kind = kind;
	node->at = at;
	node->weight = 1;
	node->older = p->tree->newest;
	p->tree->newest = node;
	return node;
}

static void place_node(struct parse *p, struct config_node *node)
{
	if (p->depth > 0)
		config_node_add(p->enclosing[p->depth - 1], node);
	else
		p->tree->root = node;
}

static bool take_scalar(struct parse *p, const yaml_event_t *event, struct place at)
{
	bool is_text = false;
	if (!spend(p, 1, at))
		return false;
	check_tag(p, event->data.scalar.tag, at, &is_text);
	struct config_node *node = new_node(p, CONFIG_SCALAR, at);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_text;
	node->text = memory_text((const char *)event->data.scalar.value);
	if (strlen(node->text) != event->data.scalar.length)
		message_error(p->m, at, "a text holds a NUL character (\\0); remove it");
	remember_anchor(p, event->data.scalar.anchor, node);
	place_node(p, node);
	return true;
}

static bool open_collection(struct parse *p, enum config_node_kind kind, const yaml_char_t *anchor,
	const yaml_char_t *tag, struct place at)
{
	bool is_text = false;
	if (!spend(p, 1, at))
		return false;
	if (p->depth == CONFIG_DEPTH_MAX)
		return fail(p, at, "nested too deeply for a configuration; check the brackets");
	check_tag(p, tag, at, &is_text);
	struct config_node *node = new_node(p, kind, at);
	node->open = true;
	node->weight = p->spent - 1; /* until it is closed: what was spent before it */
	remember_anchor(p, anchor, node);
	place_node(p, node);
	p->enclosing[p->depth++] = node;
	return true;
}

static bool close_collection(struct parse *p)
{
	struct config_node *node = p->enclosing[--p->depth];
	node->open = false;
	node->weight = p->spent - node->weight;
	if (node->kind == CONFIG_MAPPING)
		config_merge(node, p->m);
	return true;
}

static bool take_alias(struct parse *p, const yaml_char_t *name, struct place at)
{
	struct anchor key = {.name = (char *)(uintptr_t)name}; /* only compared */
	struct anchor **found = tfind(&key, &p->anchors, compare_anchors);
	struct config_node *node = found ? (*found)->node : NULL;
	if (!node)
		message_error(p->m, at,
			"the alias here (\"*\") has no anchor (\"&\") before it; define it above, or put the "
			"value in "
			"quotes if it is a text");
	else if (node->open)
		message_error(p->m, at, "the alias here stands inside its own anchor; write it out");
	if (!node || node->open) {
		node = new_node(p, CONFIG_SCALAR, at);
		node->text = memory_text("");
		node->plain = true;
	}
	if (!spend(p, node->weight, at))
		return false;
	place_node(p, node);
	return true;
}

static bool begin_document(struct parse *p, struct place at)
{
	if (p->documents++ > 0)
		return fail(p, at, "a second YAML document begins here; a configuration is one document");
	return true;
}

/* False: the end, or an error after which there is no going on. */
static bool take_event(struct parse *p, const yaml_event_t *event)
{
	struct place at = place_of(p, event->start_mark);
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return begin_document(p, at);
	case YAML_SCALAR_EVENT:
		return take_scalar(p, event, at);
	case YAML_ALIAS_EVENT:
		return take_alias(p, event->data.alias.anchor, at);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(p, CONFIG_SEQUENCE, event->data.sequence_start.anchor,
			event->data.sequence_start.tag, at);
	case YAML_MAPPING_START_EVENT:
		return open_collection(p, CONFIG_MAPPING, event->data.mapping_start.anchor,
			event->data.mapping_start.tag, at);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_collection(p);
	case YAML_STREAM_END_EVENT:
		p->tree->complete = true;
		return false;
	default:
		return true;
	}
}

/* The octet that cannot be decoded: libyaml gives its offset but no mark. */
static struct place place_of_offset(const struct parse *p, const uint8_t *octets, size_t len)
{
	struct place at = {p->file, 1, 1};
	for (size_t i = 0; i < len && i < p->parser.problem_offset; i++) {
		at.column++;
		if (octets[i] == '\n') {
			at.line++;
			at.column = 1;
		}
	}
	return at;
}

static void say_syntax_error(struct parse *p, const uint8_t *octets, size_t len)
{
	const yaml_parser_t *parser = &p->parser;
	const char *problem = parser->problem ? parser->problem : "unreadable";
	if (parser->error == YAML_MEMORY_ERROR)
		message_error(p->m, (struct place){p->file, 0, 0}, "out of memory; free some and try again");
	else if (parser->error == YAML_READER_ERROR)
		message_error(p->m, place_of_offset(p, octets, len),
			"not YAML: %s; save the file as UTF-8 text", problem);
	else if (parser->context)
		message_error(p->m, place_of(p, parser->problem_mark),
			"not YAML: %s, %s that began in line %zu; check indentation (spaces, no tabs), "
			"quotes and colons",
			problem, parser->context, parser->context_mark.line + 1);
	else
		message_error(p->m, place_of(p, parser->problem_mark),
			"not YAML: %s; check indentation (spaces, no tabs), quotes and colons", problem);
}

static void take_events(struct parse *p, const uint8_t *octets, size_t len)
{
	bool more = true;
	while (more) {
		yaml_event_t event;
		if (!yaml_parser_parse(&p->parser, &event)) {
			say_syntax_error(p, octets, len);
			return;
		}
		more = take_event(p, &event);
		if (event.type == YAML_SCALAR_EVENT) /* one may be a password */
			memory_wipe(event.data.scalar.value, event.data.scalar.length);
		yaml_event_delete(&event);
	}
}

void config_yaml_parse(
	struct config_tree *tree, const uint8_t *octets, size_t len, const char *file, struct messages *m)
{
	struct parse p = {.tree = tree, .m = m, .file = file};
	*tree = (struct config_tree){0};
	if (!yaml_parser_initialize(&p.parser)) {
		message_error(m, (struct place){file, 0, 0}, "out of memory; free some and try again");
		return;
	}
	yaml_parser_set_input_string(&p.parser, octets, len);
	take_events(&p, octets, len);
	memory_wipe(p.parser.raw_buffer.start, (size_t)(p.parser.raw_buffer.end - p.parser.raw_buffer.start));
	memory_wipe(p.parser.buffer.start, (size_t)(p.parser.buffer.end - p.parser.buffer.start));
	yaml_parser_delete(&p.parser);
	tdestroy(p.anchors, free_anchor);
}

void config_yaml_free(struct config_tree *tree)
{
	while (tree->newest) {
		struct config_node *node = tree->newest;
		tree->newest = node->older;
		if (node->text)
			memory_wipe(node->text, strlen(node->text));
		free(node->text);
		free(node->items);
		free(node);
	}
	tree->root = NULL;
}
