#include "config_yaml.h"

#include "ctl/memory.h"

#include <stdlib.h>
#include <string.h>

/* A pair of a mapping: its own (rank 0), or merged into it by "<<" (rank 1, 2 …: the first merged wins). */
struct pair {
	struct config_node *key, *value;
	size_t rank, order;
	bool dropped;
};

struct pairs {
	struct pair *all;
	size_t count, room, merges;
};

void config_node_add(struct config_node *collection, struct config_node *item)
{
	if (collection->count == collection->room) {
		collection->room = collection->room > 0 ? 2 * collection->room : 4;
		collection->items =
			memory_resized(collection->items, collection->room, sizeof *collection->items);
	}
	collection->items[collection->count++] = item;
}

bool config_node_null(const struct config_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	if (node->kind != CONFIG_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

static void add_pair(struct pairs *pairs, struct config_node *key, struct config_node *value, size_t rank)
{
	if (pairs->count == pairs->room) {
		pairs->room = pairs->room > 0 ? 2 * pairs->room : 16;
		pairs->all = memory_resized(pairs->all, pairs->room, sizeof *pairs->all);
	}
	pairs->all[pairs->count] = (struct pair){key, value, rank, pairs->count, false};
	pairs->count++;
}

static void merge_mapping(struct pairs *pairs, const struct config_node *from, struct messages *m)
{
	if (from->kind != CONFIG_MAPPING) {
		message_error(
			m, from->at, "\"<<\" takes a mapping or a list of mappings, by alias: <<: *name");
		return;
	}
	pairs->merges++;
	for (size_t i = 0; i + 1 < from->count; i += 2)
		add_pair(pairs, from->items[i], from->items[i + 1], pairs->merges);
}

static void take_pair(
	struct pairs *pairs, struct config_node *key, struct config_node *value, struct messages *m)
{
	if (key->kind != CONFIG_SCALAR)
		message_error(
			m, key->at, "a key must be a word, not a list or a mapping; check the indentation");
	else if (!key->plain || strcmp(key->text, "<<") != 0)
		add_pair(pairs, key, value, 0);
	else if (value->kind != CONFIG_SEQUENCE)
		merge_mapping(pairs, value, m);
	else
		for (size_t i = 0; i < value->count; i++)
			merge_mapping(pairs, value->items[i], m);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *one = *(const struct pair *const *)a, *other = *(const struct pair *const *)b;
	int order = strcmp(one->key->text, other->key->text);
	if (order != 0)
		return order;
	if (one->rank != other->rank)
		return one->rank < other->rank ? -1 : 1;
	return one->order < other->order ? -1 : one->order > other->order;
}

/* `second` has the key of `first`, which wins. */
static void drop_second(const struct pair *first, struct pair *second, struct messages *m)
{
	second->dropped = true;
	if (second->rank == 0)
		message_error(m, second->key->at, "\"%.64s\" is given twice, first in line %u; remove one",
			second->key->text, first->key->at.line);
	else if (first->rank == 0 && first->order < second->order)
		message_warning(m, first->key->at,
			"\"%.64s\" stands before a \"<<\" that has it too; this value counts here, but Ruby "
			"takes "
			"the other: put \"<<\" first",
			first->key->text);
}

/* Sorted, so that ten thousand CAs in one mapping take no square of that. */
static void drop_repeated(struct pairs *pairs, struct messages *m)
{
	struct pair **sorted = memory_zeroed(pairs->count, sizeof *sorted);
	struct pair *first = NULL;
	for (size_t i = 0; i < pairs->count; i++)
		sorted[i] = &pairs->all[i];
	qsort(sorted, pairs->count, sizeof *sorted, compare_pairs);
	for (size_t i = 0; i < pairs->count; i++) {
		if (first && strcmp(first->key->text, sorted[i]->key->text) == 0)
			drop_second(first, sorted[i], m);
		else
			first = sorted[i];
	}
	free(sorted);
}

void config_merge(struct config_node *mapping, struct messages *m)
{
	struct pairs pairs = {0};
	for (size_t i = 0; i + 1 < mapping->count; i += 2)
		take_pair(&pairs, mapping->items[i], mapping->items[i + 1], m);
	drop_repeated(&pairs, m);
	mapping->count = 0;
	for (size_t i = 0; i < pairs.count; i++) {
		if (pairs.all[i].dropped)
			continue;
		config_node_add(mapping, pairs.all[i].key);
		config_node_add(mapping, pairs.all[i].value);
	}
	free(pairs.all);
}
