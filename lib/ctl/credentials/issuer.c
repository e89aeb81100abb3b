#include "issuer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include "der.h"
#include "ctl/memory.h"

const size_t issuer_hash_octets[CERTID_HASHES] = {20, 32, 48, 64};

static const char *const hash_names[CERTID_HASHES] = {"SHA1", "SHA256", "SHA384", "SHA512"};

static bool digest(const char *name, struct slice octets, uint8_t out[CERTID_HASH_MAX])
{
	return EVP_Q_digest(NULL, name, NULL, octets.data, octets.len, out, NULL) == 1;
}

/*
 * SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
 * The key's hash leaves out the BIT STRING's tag, length and count of unused bits (RFC 6960 4.1.1).
 */
static struct slice key_octets(const X509 *certificate)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(certificate);

	if (bits == NULL)
		return (struct slice){NULL, 0};
	return (struct slice){ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits)};
}

/* The subject's DER as it stands in the certificate; owned by it. */
static struct slice name_octets(const X509 *certificate)
{
	const unsigned char *der = NULL;
	size_t len = 0;

	if (X509_NAME_get0_der(X509_get_subject_name(certificate), &der, &len) != 1)
		return (struct slice){NULL, 0};
	return (struct slice){der, len};
}

bool issuer_hashes(const X509 *certificate, struct issuer_hashes *out)
{
	const struct slice name = name_octets(certificate), key = key_octets(certificate);

	memset(out, 0, sizeof *out);
	if (name.data == NULL || key.len == 0)
		return false;
	for (size_t i = 0; i < CERTID_HASHES; i++) {
		if (!digest(hash_names[i], name, out->name[i]) || !digest(hash_names[i], key, out->key[i]))
			return false;
	}
	return true;
}

/*
 * ResponderID ::= CHOICE { byName [1] Name, byKey [2] KeyHash }        (RFC 6960 4.2.1, EXPLICIT TAGS)
 * KeyHash ::= OCTET STRING -- SHA-1 of the responder's public key
 */
uint8_t *issuer_responder_id(const X509 *signer, bool by_name, size_t *len)
{
	const struct slice name = name_octets(signer), key = key_octets(signer);
	const size_t size = name.len + 64; /* room for two headers and a SHA-1 */
	uint8_t key_hash[CERTID_HASH_MAX] = {0};
	uint8_t *storage = NULL, *out = NULL;
	struct der_writer w = {0};
	size_t end = 0;

	if (name.data == NULL || key.data == NULL || !digest("SHA1", key, key_hash))
		return NULL;
	storage = memory_zeroed(1, size);
	w = der_writer(storage, size);
	end = der_mark(&w);
	if (by_name)
		der_put(&w, name);
	else
		der_put_element(
			&w, DER_OCTET_STRING, (struct slice){key_hash, issuer_hash_octets[CERTID_SHA1]});
	der_wrap(&w, by_name ? DER_CONTEXT_CONSTRUCTED(1) : DER_CONTEXT_CONSTRUCTED(2), end);
	if (!w.failed) {
		*len = der_written(&w).len;
		out = memory_zeroed(1, *len);
		memcpy(out, der_written(&w).data, *len);
	}
	free(storage);
	return out;
}

/* X509_NAME_oneline() cuts a dotted OID at 79 characters, and keys were written with such names. */
#define OID_TEXT_SIZE 80

static void append_type(struct buffer *out, const ASN1_OBJECT *type)
{
	const int nid = OBJ_obj2nid(type);
	const char *name = nid == NID_undef ? NULL : OBJ_nid2sn(nid);
	char dotted[OID_TEXT_SIZE] = "";

	if (name == NULL) {
		(void)OBJ_obj2txt(dotted, sizeof dotted, type, 1);
		name = dotted;
	}
	bytes_append_text(out, name);
}

static void append_value(struct buffer *out, struct slice value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < value.len; i++) {
		const uint8_t octet = value.data[i];

		if (octet < 0x20 || octet > 0x7E) {
			bytes_append_text(out, "\\x");
			bytes_append_char(out, digits[octet >> 4]);
			bytes_append_char(out, digits[octet & 15]);
			continue;
		}
		if (octet == '/' || octet == '+')
			bytes_append_char(out, '\\');
		bytes_append_char(out, (char)octet);
	}
}

/* Octets that the text cannot exceed: each octet of a value becomes at most four. */
static size_t subject_size(const X509_NAME *name)
{
	size_t size = 1;

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));

		size += 2 + OID_TEXT_SIZE + 4 * (size_t)ASN1_STRING_length(value);
	}
	return size;
}

/*
 * Name ::= SEQUENCE OF RelativeDistinguishedName        RelativeDistinguishedName ::= SET OF AttributeTypeAndValue
 * AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
 */
char *issuer_redis_subject(const X509_NAME *name)
{
	const size_t size = subject_size(name);
	char *text = memory_zeroed(1, size);
	struct buffer out = bytes_buffer((uint8_t *)text, size - 1);

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);

		bytes_append_char(&out, '/');
		append_type(&out, X509_NAME_ENTRY_get_object(entry));
		bytes_append_char(&out, '=');
		append_value(&out,
			(struct slice){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)});
	}
	if (out.failed) {
		free(text);
		return NULL;
	}
	return text;
}
