#include "self_test.h"

#include <stddef.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ctl/credentials/issuer.h"
#include "ctl/memory.h"

static char *fault_message(const struct snapshot_fault *fault)
{
	char text[512] = "";
	struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);

	snapshot_fault_text(fault, &out);
	text[out.len] = 0;
	return memory_text(text);
}

/* A look-up touches only some of the slots. */
static char *test_slots(const struct snapshot *s)
{
	const size_t after_crc = offsetof(struct snapshot_slot, crc) + sizeof(uint32_t);

	for (size_t i = 0; i < s->header.slot_count; i++) {
		const uint64_t offset = s->header.slots_offset + i * sizeof(struct snapshot_slot);
		const uint8_t *slot = s->file.data + offset;
		const struct slice covered = {slot + after_crc, sizeof(struct snapshot_slot) - after_crc};

		if (bytes_le32(slot) != snapshot_crc(s->header.generation, offset, covered))
			return memory_printf("%s: offset %llu: slot: checksum does not match", s->path,
				(unsigned long long)offset);
	}
	return NULL;
}

static char *test_tables(const struct snapshot *s)
{
	uint64_t offset = s->header.tables_offset;
	struct snapshot_fault fault = {0};
	struct table_place table = {0};

	for (uint32_t i = 0; i < s->header.table_count; i++) {
		if (!snapshot_table_at(s, offset, &table, &offset, &fault))
			return fault_message(&fault);
	}
	return NULL;
}

static char *test_redis(const struct snapshot *s)
{
	struct snapshot_fault fault = {0};
	struct redis_settings settings = {0};

	if (s->header.redis_offset != 0 && !snapshot_redis(s, &settings, &fault))
		return fault_message(&fault);
	return NULL;
}

/* Each hash must lead to this very record, whatever else the snapshot holds. */
static char *test_lookup(const struct snapshot *s, const struct ca *ca)
{
	struct snapshot_fault fault = {0};
	struct ca found = {0};

	for (unsigned i = 0; i < CERTID_HASHES; i++) {
		const struct certid id = {
			.hash = (enum certid_hash)i,
			.issuer_name_hash = {ca->fixed.name_hash[i], issuer_hash_octets[i]},
			.issuer_key_hash = {ca->fixed.key_hash[i], issuer_hash_octets[i]},
		};

		switch (snapshot_find_ca(s, &id, &found, &fault)) {
		case SNAPSHOT_FOUND:
			if (found.record.data == ca->record.data)
				break;
			return memory_printf("CA %.*s: its hashes lead to another CA", (int)ca->name.len,
				(const char *)ca->name.data);
		case SNAPSHOT_ABSENT:
			return memory_printf("CA %.*s: its hashes lead nowhere", (int)ca->name.len,
				(const char *)ca->name.data);
		case SNAPSHOT_BROKEN:
			return fault_message(&fault);
		}
	}
	return NULL;
}

/*
 * ASN1_item_verify() takes an AlgorithmIdentifier as it stands, so that its octets are tested too; what it verifies must
 * be an ASN.1 type: here, an OCTET STRING.
 */
static bool verifies(
	EVP_PKEY *key, enum sign_algorithm algorithm, struct slice content, struct slice signature)
{
	const struct slice identifier = sign_algorithm_identifier(algorithm);
	const unsigned char *p = identifier.data;
	X509_ALGOR *parsed = d2i_X509_ALGOR(NULL, &p, (long)identifier.len);
	ASN1_OCTET_STRING *tbs = ASN1_OCTET_STRING_new();
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	bool good = false;

	if (parsed == NULL || tbs == NULL || bits == NULL)
		goto out;
	if (ASN1_OCTET_STRING_set(tbs, content.data, (int)content.len) != 1 ||
		ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)signature.data, (int)signature.len) !=
			1)
		goto out;
	bits->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* and none is left */
	good = ASN1_item_verify(ASN1_ITEM_rptr(ASN1_OCTET_STRING), parsed, bits, tbs, key) == 1;
out:
	X509_ALGOR_free(parsed);
	ASN1_OCTET_STRING_free(tbs);
	ASN1_BIT_STRING_free(bits);
	ERR_clear_error();
	return good;
}

static bool signs(const struct sign_key *key, struct slice certificate)
{
	static const uint8_t tbs[] = {0x04, 9, 's', 'e', 'l', 'f', '-', 't', 'e', 's', 't'};
	const struct slice content = {tbs + 2, sizeof tbs - 2};
	const unsigned char *p = certificate.data;
	X509 *parsed = d2i_X509(NULL, &p, (long)certificate.len);
	uint8_t signature[SIGN_SIGNATURE_MAX] = {0};
	size_t len = 0;
	bool good = false;

	if (parsed != NULL && sign(key, (struct slice){tbs, sizeof tbs}, signature, &len))
		good = verifies(
			X509_get0_pubkey(parsed), key->algorithm, content, (struct slice){signature, len});
	X509_free(parsed);
	ERR_clear_error();
	return good;
}

static char *test_signer(const struct snapshot *s, const struct ca *ca, size_t i)
{
	struct snapshot_fault fault = {0};
	struct signer signer = {0};
	struct sign_key key = {0};

	if (!snapshot_signer(s, ca, i, &signer, &fault) || !snapshot_key(s, &signer, &key, &fault))
		return fault_message(&fault);
	if (!signs(&key, signer.certificate))
		return memory_printf(
			"CA %.*s, signer %zu (%s): its signature does not verify with its certificate",
			(int)ca->name.len, (const char *)ca->name.data, i + 1,
			sign_algorithm_name(signer.algorithm));
	return NULL;
}

static char *test_ca(const struct snapshot *s, const struct ca *ca)
{
	struct snapshot_fault fault = {0};
	struct chain_cert certificate = {0};
	struct requester requester = {0};
	char *wrong = test_lookup(s, ca);

	if (wrong == NULL && ca->fixed.status == SNAPSHOT_STATUS_REDIS && s->header.redis_offset == 0)
		wrong = memory_printf("CA %.*s asks Redis, of which the snapshot has no record",
			(int)ca->name.len, (const char *)ca->name.data);
	for (size_t i = 0; wrong == NULL && i < ca->signer_count; i++)
		wrong = test_signer(s, ca, i);
	for (size_t i = 0; wrong == NULL && i < ca->chain_count; i++) {
		if (!snapshot_chain_cert(s, ca, i, &certificate, &fault))
			wrong = fault_message(&fault);
	}
	for (size_t i = 0; wrong == NULL && i < ca->requester_count; i++) {
		if (!snapshot_requester(s, ca, i, &requester, &fault))
			wrong = fault_message(&fault);
	}
	return wrong;
}

/* sign_start() leaves the whole process without digests by name, unless they have been asked for before. */
static bool start(void)
{
	const uint64_t wanted =
		OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS;

	return OPENSSL_init_crypto(wanted, NULL) == 1 && sign_start();
}

char *self_test(const struct snapshot *s)
{
	uint64_t offset = s->header.cas_offset;
	struct snapshot_fault fault = {0};
	struct ca ca = {0};
	char *wrong = NULL;

	if (!start())
		return memory_text("libcrypto does not start, or has no randomness");
	wrong = test_slots(s);
	if (wrong == NULL)
		wrong = test_tables(s);
	if (wrong == NULL)
		wrong = test_redis(s);
	for (uint32_t i = 0; wrong == NULL && i < s->header.ca_count; i++) {
		if (snapshot_ca_at(s, offset, &ca, &offset, &fault))
			wrong = test_ca(s, &ca);
		else
			wrong = fault_message(&fault);
	}
	return wrong;
}
