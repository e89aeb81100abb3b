/*
 * config_yaml: the octets of a YAML file → a tree of nodes that know their line and column. The one module that knows
 * libyaml. YAML 1.1 as Ruby's Psych reads it: one document, aliases, merge keys ("<<"). A key that is given twice, a
 * second document, a tag beyond YAML's own (!ruby/…) and an alias to what encloses it are errors.
 */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stddef.h>
#include <stdint.h>

#include "ctl/message.h"

#define CONFIG_DEPTH_MAX 64                /* nested collections; a configuration needs 8 */
#define CONFIG_NODES_MAX ((size_t)4 << 20) /* aliases counted as if written out: against "billion laughs" */

enum config_node_kind { CONFIG_SCALAR, CONFIG_SEQUENCE, CONFIG_MAPPING };

/* An alias is the same node in a second place: the tree may be walked as often as CONFIG_NODES_MAX allows. */
struct config_node {
	enum config_node_kind kind;
	bool plain; /* a scalar without quotes */
	bool open;  /* its end has not been read yet */
	struct place at;
	char *text;                 /* a scalar's, without a NUL inside */
	size_t count, room;         /* items, or 2 × pairs: key, value, key, value …; keys are scalars */
	struct config_node **items; /* a collection's */
	size_t weight;              /* nodes in it and beneath it */
	struct config_node *older;
};

struct config_tree {
	struct config_node *root; /* NULL: the file is empty */
	struct config_node *newest;
	bool complete; /* read to the file's end */
};

/* What is wrong has been said with the place `file`:LINE:COLUMN; `file` outlives the tree. A complete
 * tree may be looked at for further errors. */
void config_yaml_parse(
	struct config_tree *tree, const uint8_t *octets, size_t len, const char *file, struct messages *m);
void config_yaml_free(struct config_tree *tree); /* wipes every scalar: one may be a password */

/* Duplicate keys and merge keys of a mapping whose end has been read. config_merge.c */
void config_merge(struct config_node *mapping, struct messages *m);
bool config_node_null(const struct config_node *node); /* nothing, ~ or null, without quotes */
void config_node_add(struct config_node *collection, struct config_node *item);

#endif
