/*
 * config_keys: the known keys as tables, one for each kind of mapping, and how a value of each type is read. Another key
 * is one row here and one line in config.yaml.example, which the unit test asks for.
 *     config_keys.c    the tables of the file, its sections and redis
 *     config_ca.c      the tables of a CA
 *     config_credential.c the table of ca_cert, ocsp_cert and ocsp_certs
 *     config_value.c   a mapping by its table; values of the common types
 *     config_address.c the syntax of a Redis address
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "config.h"
#include "config_yaml.h"

#define CONFIG_IGNORED_MAX 32

/* A file that is being read. */
struct config_reading {
	struct config *config;
	struct messages *m;
	bool nonce_given, copy_nonce_given, copy_nonce; /* one setting under two names */
	struct place copy_nonce_at;
	const struct config_key
		*ignored[CONFIG_IGNORED_MAX]; /* rows whose notice was given: once for the file */
	size_t ignored_count;
};

/* A key as it stands in the file. */
struct config_entry {
	const struct config_key *key;
	const struct config_node *name, *value;
};

/* Reads one value into the field `into`. What is wrong is said, and leaves the field as it was. */
typedef void config_reader(struct config_reading *r, const struct config_entry *e, void *into);

enum config_null { CONFIG_NULL_REFUSED, CONFIG_NULL_ABSENT }; /* "key:" without a value */

struct config_key {
	const char *name; /* "crl_*": every key that begins so */
	config_reader *read;
	size_t offset;     /* of the field, in the struct that the mapping is read into */
	int64_t low, high; /* of a number */
	const struct config_keys *section;
	enum config_null null;
};

struct config_keys {
	const char *of; /* for messages */
	size_t count;
	const struct config_key *keys;
};

#define CONFIG_TABLES 9
extern const struct config_keys *const config_tables[CONFIG_TABLES];
extern const struct config_keys config_keys_top, config_keys_ca, config_keys_credential, config_keys_status,
	config_keys_signed;

/* The row for a key of that name, or NULL. */
const struct config_key *config_key_find(const struct config_keys *keys, const char *name);

/* Has each key of `mapping` read by its row of `keys` into `into`, the object that they are of. What is no mapping, and
 * each unknown key, is an error in r->m; the other keys are read all the same. */
void config_read_mapping(struct config_reading *r, const struct config_keys *keys,
	const struct config_node *mapping, void *into);

config_reader config_read_section; /* a mapping by the row's section */
config_reader config_read_bool;    /* bool: true, yes, on … as in YAML 1.1 */
config_reader config_read_uint32;  /* low … high; quoted digits are fine */
config_reader config_read_int64;
config_reader config_read_text;      /* struct config_text, not empty */
config_reader config_read_password;  /* the same, may be empty */
config_reader config_read_path;      /* the same, not empty, made absolute */
config_reader config_read_ignored;   /* for issuing only: one notice */
config_reader config_read_ca_cert;   /* struct config_credential */
config_reader config_read_ocsp_cert; /* ocsp_cert or ocsp_certs, into struct config_ca */
config_reader config_read_cas;       /* certificate_authorities, into struct config */

/* The same for a caller that has to know; false after an error. */
bool config_bool_of(struct config_reading *r, const struct config_entry *e, bool *out);
bool config_word_of(struct config_reading *r, const struct config_entry *e, const char *const *words,
	size_t count, size_t *found);
/* Of the entry's value, or of one item of its list: its text, NULL after an error; its text as an absolute path. */
const char *config_text_of(
	struct config_reading *r, const struct config_entry *e, const struct config_node *value);
bool config_path_of(struct config_reading *r, const struct config_entry *e, const struct config_node *value,
	struct config_text *out);
/* The items of a list; any other value stands for a list of itself. */
size_t config_item_count(const struct config_node *value);
const struct config_node *config_item(const struct config_node *value, size_t i);

/* NULL where `address`, its path made absolute, is unix:/PATH, HOST:PORT, [IPV6]:PORT or redis[s]://HOST[:PORT][/DB]; else what is wrong. */
const char *config_address_fault(const char *address);

#endif
