#include "config_keys.h"

#include "ctl/memory.h"

#include <string.h>

static void read_digest(struct config_reading *r, const struct config_entry *e, void *into)
{
	static const char *const words[] = {"sha256", "sha384", "sha512"};
	struct config_text *field = into;
	size_t found = 0;
	if (config_word_of(r, e, words, 3, &found))
		*field = (struct config_text){memory_text(words[found]), e->value->at};
}

static void read_rsa_padding(struct config_reading *r, const struct config_entry *e, void *into)
{
	static const char *const words[] = {"pkcs1", "pss"};
	struct config_text *field = into;
	size_t found = 0;
	if (config_word_of(r, e, words, 2, &found))
		*field = (struct config_text){memory_text(words[found]), e->value->at};
}

static void read_engine(struct config_reading *r, const struct config_entry *e, void *into)
{
	(void)into;
	message_error(r->m, e->name->at,
		"\"%s\": keys in an OpenSSL engine are not supported; give a key in a file, as key: or "
		"pkcs12:",
		e->name->text);
}

/* Two settings that exclude each other. */
static void check_pair(struct config_reading *r, const struct config_text *one, const char *one_name,
	const struct config_text *other, const char *other_name)
{
	if (one->value && other->value)
		message_error(
			r->m, other->at, "\"%s\" and \"%s\" are both given; keep one", one_name, other_name);
}

static void check_credential(
	struct config_reading *r, const char *name, const struct config_credential *c, bool clean)
{
	check_pair(r, &c->pkcs12, "pkcs12", &c->cert, "cert");
	check_pair(r, &c->pkcs12, "pkcs12", &c->key, "key");
	check_pair(r, &c->password, "password", &c->password_file, "password_file");
	if (clean && !c->cert.value && !c->pkcs12.value)
		message_error(r->m, c->at,
			"\"%s\" has no certificate; give cert: or pkcs12: as a file's name", name);
}

/* Into struct config_credential. What is missing may be what could not be read: it is said only where all could be. */
static bool read_credential(struct config_reading *r, const struct config_entry *e,
	const struct config_node *value, struct config_credential *out)
{
	unsigned errors = r->m->errors;
	out->present = true;
	out->at = value == e->value ? e->name->at : value->at;
	config_read_mapping(r, &config_keys_credential, value, out);
	check_credential(r, e->name->text, out, r->m->errors == errors);
	return r->m->errors == errors;
}

void config_read_ca_cert(struct config_reading *r, const struct config_entry *e, void *into)
{
	(void)read_credential(r, e, e->value, into);
}

static void read_signers(struct config_reading *r, const struct config_entry *e, struct config_ca *ca)
{
	size_t count = config_item_count(e->value);
	ca->signers = memory_zeroed(count, sizeof *ca->signers);
	for (; ca->signer_count < count; ca->signer_count++) {
		struct config_credential *c = &ca->signers[ca->signer_count];
		bool clean = read_credential(r, e, config_item(e->value, ca->signer_count), c);
		if (clean && c->cert.value && !c->key.value)
			message_error(r->m, c->at,
				"\"%s\" has no key to sign with; give key: as a file's name", e->name->text);
	}
}

void config_read_ocsp_cert(struct config_reading *r, const struct config_entry *e, void *into)
{
	struct config_ca *ca = into;
	if (ca->signers)
		message_error(r->m, e->name->at, "\"ocsp_cert\" and \"ocsp_certs\" are both given; keep one");
	else if (strcmp(e->key->name, "ocsp_cert") == 0 && e->value->kind != CONFIG_MAPPING)
		message_error(r->m, e->value->at,
			"\"ocsp_cert\" is one mapping of cert and key; for several, name it ocsp_certs");
	else if (config_item_count(e->value) == 0 || config_item_count(e->value) > CONFIG_SIGNERS_MAX)
		message_error(r->m, e->value->at, "\"ocsp_certs\" takes from 1 to %d delegates, not %zu",
			CONFIG_SIGNERS_MAX, config_item_count(e->value));
	else
		read_signers(r, e, ca);
}

#define AT(field) offsetof(struct config_credential, field)

/* Ruby's "password:" without a value is no password. */
static const struct config_key rows[] = {
	{"cert", config_read_path, AT(cert), 0, 0, NULL, CONFIG_NULL_REFUSED},
	{"key", config_read_path, AT(key), 0, 0, NULL, CONFIG_NULL_REFUSED},
	{"pkcs12", config_read_path, AT(pkcs12), 0, 0, NULL, CONFIG_NULL_REFUSED},
	{"password", config_read_password, AT(password), 0, 0, NULL, CONFIG_NULL_ABSENT},
	{"password_file", config_read_path, AT(password_file), 0, 0, NULL, CONFIG_NULL_REFUSED},
	{"digest", read_digest, AT(digest), 0, 0, NULL, CONFIG_NULL_REFUSED},
	{"rsa_padding", read_rsa_padding, AT(rsa_padding), 0, 0, NULL, CONFIG_NULL_REFUSED},
	{"engine", read_engine, 0, 0, 0, NULL, CONFIG_NULL_ABSENT},
	{"key_name", read_engine, 0, 0, 0, NULL, CONFIG_NULL_ABSENT},
};
const struct config_keys config_keys_credential = {
	"a certificate's mapping", sizeof rows / sizeof *rows, rows};
