/* A small snapshot that uses every part of the format, and its comparison with what went in. For test_snapshot*.c. */
#ifndef SNAPSHOT_SAMPLE_H
#define SNAPSHOT_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "ctl/snapshot/snapshot_write.h"

static const size_t sample_hash_octets[CERTID_HASHES] = {20, 32, 48, 64};

/* Octets that look like a hash: any two seeds give different ones. */
static inline void sample_octets(uint64_t seed, uint8_t *out, size_t len)
{
	uint64_t state = (seed + 1) * 0x9E3779B97F4A7C15u;
	for (size_t i = 0; i < len; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		out[i] = (uint8_t)(state >> 32);
	}
}

struct sample_hashes {
	uint8_t name[CERTID_HASHES][CERTID_HASH_MAX], key[CERTID_HASHES][CERTID_HASH_MAX];
};

static inline void sample_give_hashes(struct write_ca *ca, struct sample_hashes *hashes, uint64_t seed)
{
	for (size_t i = 0; i < CERTID_HASHES; i++) {
		sample_octets(seed * 8 + i, hashes->name[i], sample_hash_octets[i]);
		sample_octets(seed * 8 + i + 4, hashes->key[i], sample_hash_octets[i]);
		ca->name_hash[i] = (struct slice){hashes->name[i], sample_hash_octets[i]};
		ca->key_hash[i] = (struct slice){hashes->key[i], sample_hash_octets[i]};
	}
}

/* As SLICE(), for what is static. */
#define SAMPLE(literal)                                                                                      \
	{                                                                                                    \
		(const uint8_t *)(literal), sizeof(literal) - 1                                              \
	}

static const struct redis_settings sample_redis = {
	.address_count = 3,
	.addresses = {{.family = REDIS_UNIX, .path = SAMPLE("/run/redis.sock")},
		{.family = REDIS_IPV4, .port = 6379, .ip = {192, 0, 2, 1}},
		{.family = REDIS_IPV6, .port = 65535, .scope = 7, .ip = {0xFE, 0x80, [15] = 1}}},
	.username = SAMPLE("ocsp"),
	.password = SAMPLE("the password of Redis"),
	.database = 3,
	.timeout_ms = 251,
	.cluster = true,
};

static const struct write_settings sample_settings = {
	.nonce = SNAPSHOT_NONCE_REQUIRE,
	.cache_headers = true,
	.max_cache_age = 61,
	.cache_window = 62,
	.deadline_ms = 5003,
	.request_octets = 16385,
	.certids = 65,
	.log_format = LOG_TEXT,
	.log_level = LOG_WARNING,
	.redis = &sample_redis,
};

#define SAMPLE_CAS 3

static const struct write_signer sample_alpha_signers[] = {
	{
		.key = {SIGN_RSA_PSS_SHA256, 8,
			{SAMPLE("modulus"), SAMPLE("\1\0\1"), SAMPLE("private exponent"), SAMPLE("p"),
				SAMPLE("q"), SAMPLE("dP"), SAMPLE("dQ"), SAMPLE("qInv")}},
		.include_certificate = true,
		.responder_id = SAMPLE("\xA2 alpha by key"),
		.certificate = {SAMPLE("alpha's RSA delegate"), 1000, 2000},
	},
	{
		.key = {SIGN_ECDSA_P256_SHA256, 1, {SAMPLE("scalar of thirty-two octets, yes")}},
		.responder_id = SAMPLE("\xA1 alpha by name"),
		.certificate = {SAMPLE("alpha's EC delegate"), -5, INT64_MAX},
	},
};

static const struct write_signer sample_beta_signers[] = {
	{
		.key = {SIGN_ED25519, 1, {SAMPLE("seed of exactly thirty-two octets")}},
		.include_certificate = true,
		.responder_id = SAMPLE("\xA2 beta"),
		.certificate = {SAMPLE("beta's delegate"), 3, 4},
	},
};

static const struct write_cert sample_chain[] = {
	{SAMPLE("intermediate"), 5, 6},
	{SAMPLE("root"), 7, 8},
};

static const uint8_t sample_modulus[256] = {[0] = 0x80, [255] = 1};
static const struct write_requester sample_requesters[] = {
	{
		.key = {VERIFY_RSA, {{sample_modulus, sizeof sample_modulus}, SAMPLE("\1\0\1")}},
		.name = SAMPLE("CN=alice"),
		.not_before = -9,
		.not_after = 10,
	},
	{
		.key = {VERIFY_ED25519, {SAMPLE("public key of thirty-two octets."), {NULL, 0}}},
		.not_before = 11,
		.not_after = INT64_MAX,
	},
};

/* Fills `cas` of SAMPLE_CAS, whose hashes live in `hashes` of as many. */
static inline void sample_make(struct write_ca *cas, struct sample_hashes *hashes)
{
	cas[0] = (struct write_ca){
		.name = SLICE("alpha"),
		.redis_key = SLICE("cert:/CN=alpha:"),
		.status = SNAPSHOT_STATUS_REDIS,
		.unknown_serial = SNAPSHOT_UNKNOWN,
		.archive_cutoff_days = 30,
		.validity_seconds = 604800,
		.start_skew_seconds = 3600,
		.signer_count = 2,
		.signers = sample_alpha_signers,
		.chain_count = 2,
		.chain = sample_chain,
		.requester_count = 2,
		.requesters = sample_requesters,
	};
	cas[1] = (struct write_ca){
		.name = SLICE("beta"),
		.status = SNAPSHOT_STATUS_TABLE,
		.table_path = "/var/lib/tables/beta.table",
		.unknown_serial = SNAPSHOT_UNKNOWN_REVOKED,
		.validity_seconds = 1,
		.signer_count = 1,
		.signers = sample_beta_signers,
	};
	cas[2] = cas[1];
	cas[2].name = SLICE("gamma");
	cas[2].unknown_serial = SNAPSHOT_UNKNOWN_UNAUTHORIZED;
	for (size_t i = 0; i < SAMPLE_CAS; i++)
		sample_give_hashes(&cas[i], &hashes[i], i);
}

static inline struct certid sample_certid(const struct write_ca *ca, size_t hash)
{
	return (struct certid){
		.hash = (enum certid_hash)hash,
		.issuer_name_hash = ca->name_hash[hash],
		.issuer_key_hash = ca->key_hash[hash],
	};
}

enum sample_same { SAMPLE_SAME, SAMPLE_DIFFERENT, SAMPLE_BROKEN };

static inline bool sample_same_key(const struct sign_key *a, const struct sign_key *b)
{
	bool same = a->algorithm == b->algorithm && a->part_count == b->part_count;
	for (size_t i = 0; i < SIGN_KEY_PARTS; i++)
		same = same && bytes_equal(a->part[i], b->part[i]);
	return same;
}

static inline enum sample_same sample_same_signer(const struct snapshot *s, const struct ca *ca, size_t i,
	const struct write_signer *want, struct snapshot_fault *fault)
{
	struct signer signer;
	struct sign_key key;
	if (!snapshot_signer(s, ca, i, &signer, fault) || !snapshot_key(s, &signer, &key, fault))
		return SAMPLE_BROKEN;
	bool same = signer.algorithm == want->key.algorithm && sample_same_key(&key, &want->key) &&
		    signer.include_certificate == want->include_certificate &&
		    bytes_equal(signer.responder_id, want->responder_id) &&
		    bytes_equal(signer.certificate, want->certificate.der) &&
		    signer.not_before == want->certificate.not_before &&
		    signer.not_after == want->certificate.not_after;
	return same ? SAMPLE_SAME : SAMPLE_DIFFERENT;
}

static inline enum sample_same sample_same_chain(const struct snapshot *s, const struct ca *ca, size_t i,
	const struct write_cert *want, struct snapshot_fault *fault)
{
	struct chain_cert cert;
	if (!snapshot_chain_cert(s, ca, i, &cert, fault))
		return SAMPLE_BROKEN;
	bool same = bytes_equal(cert.der, want->der) && cert.not_before == want->not_before &&
		    cert.not_after == want->not_after;
	return same ? SAMPLE_SAME : SAMPLE_DIFFERENT;
}

static inline enum sample_same sample_same_requester(const struct snapshot *s, const struct ca *ca, size_t i,
	const struct write_requester *want, struct snapshot_fault *fault)
{
	struct requester requester;
	if (!snapshot_requester(s, ca, i, &requester, fault))
		return SAMPLE_BROKEN;
	bool same = requester.key.kind == want->key.kind && bytes_equal(requester.name, want->name) &&
		    requester.not_before == want->not_before && requester.not_after == want->not_after;
	for (size_t j = 0; j < VERIFY_KEY_PARTS; j++)
		same = same && bytes_equal(requester.key.part[j], want->key.part[j]);
	return same ? SAMPLE_SAME : SAMPLE_DIFFERENT;
}

static inline enum sample_same sample_same_table(const struct snapshot *s, const struct ca *ca,
	const struct write_ca *want, struct snapshot_fault *fault)
{
	struct table_place table;
	uint64_t next;
	if (want->status != SNAPSHOT_STATUS_TABLE)
		return SAMPLE_SAME;
	if (!snapshot_table_at(s, ca->fixed.table_offset, &table, &next, fault))
		return SAMPLE_BROKEN;
	bool same = bytes_equal(table.path, bytes_of(want->table_path)) &&
		    table.path.data[table.path.len] == 0 &&
		    table.folder_length == (size_t)(strrchr(want->table_path, '/') - want->table_path);
	return same ? SAMPLE_SAME : SAMPLE_DIFFERENT;
}

static inline bool sample_same_values(const struct ca *ca, const struct write_ca *want)
{
	return ca->fixed.status == (uint32_t)want->status &&
	       ca->fixed.unknown_serial == (uint32_t)want->unknown_serial &&
	       ca->fixed.archive_cutoff_days == want->archive_cutoff_days &&
	       ca->fixed.validity_seconds == want->validity_seconds &&
	       ca->fixed.start_skew_seconds == want->start_skew_seconds &&
	       ca->signer_count == want->signer_count && ca->chain_count == want->chain_count &&
	       ca->requester_count == want->requester_count && bytes_equal(ca->name, want->name) &&
	       bytes_equal(ca->redis_key, want->redis_key);
}

/* The whole CA: every value, signer, key, chain certificate, requester and table. */
static inline enum sample_same sample_same_ca(const struct snapshot *s, const struct ca *ca,
	const struct write_ca *want, struct snapshot_fault *fault)
{
	if (!sample_same_values(ca, want))
		return SAMPLE_DIFFERENT;
	enum sample_same same = sample_same_table(s, ca, want, fault);
	for (size_t i = 0; i < want->signer_count && same == SAMPLE_SAME; i++)
		same = sample_same_signer(s, ca, i, &want->signers[i], fault);
	for (size_t i = 0; i < want->chain_count && same == SAMPLE_SAME; i++)
		same = sample_same_chain(s, ca, i, &want->chain[i], fault);
	for (size_t i = 0; i < want->requester_count && same == SAMPLE_SAME; i++)
		same = sample_same_requester(s, ca, i, &want->requesters[i], fault);
	return same;
}

static inline bool sample_same_address(const struct redis_address *a, const struct redis_address *b)
{
	return a->family == b->family && a->port == b->port && a->scope == b->scope &&
	       memcmp(a->ip, b->ip, sizeof a->ip) == 0 && bytes_equal(a->path, b->path) &&
	       bytes_equal(a->name, b->name);
}

static inline enum sample_same sample_same_redis(const struct snapshot *s, struct snapshot_fault *fault)
{
	struct redis_settings redis;
	const struct redis_settings *want = &sample_redis;
	if (!snapshot_redis(s, &redis, fault))
		return SAMPLE_BROKEN;
	bool same = redis.address_count == want->address_count && redis.database == want->database &&
		    redis.timeout_ms == want->timeout_ms && redis.cluster == want->cluster &&
		    bytes_equal(redis.username, want->username) &&
		    bytes_equal(redis.password, want->password) && redis.tls_ca.len == 0 &&
		    redis.tls_cert.len == 0 && redis.tls_key.len == 0;
	for (size_t i = 0; i < want->address_count && same; i++)
		same = sample_same_address(&redis.addresses[i], &want->addresses[i]);
	return same ? SAMPLE_SAME : SAMPLE_DIFFERENT;
}

/* The sample as a cmocka fixture. */
struct sample {
	struct write_ca cas[SAMPLE_CAS];
	struct sample_hashes hashes[SAMPLE_CAS];
	uint8_t *file;
	size_t size;
	struct snapshot sound; /* of the file before it was damaged */
};

static inline int sample_setup(void **state)
{
	struct sample *sample = calloc(1, sizeof *sample);
	const char *why;
	struct snapshot_fault fault;
	if (!sample)
		return -1;
	sample_make(sample->cas, sample->hashes);
	sample->file = snapshot_write(&sample_settings, sample->cas, SAMPLE_CAS, &sample->size, &why);
	*state = sample;
	return sample->file && snapshot_read(
				       &sample->sound, (struct slice){sample->file, sample->size}, &fault)
		       ? 0
		       : -1;
}

static inline int sample_teardown(void **state)
{
	struct sample *sample = *state;
	free(sample->file);
	free(sample);
	return 0;
}

/* Reads it all as a responder would; every fault must say where and why. */
static inline enum sample_same sample_read_all(
	const struct sample *sample, struct slice file, struct snapshot_fault *fault)
{
	struct snapshot s;
	struct ca ca;
	if (!snapshot_read(&s, file, fault))
		return SAMPLE_BROKEN;
	if (memcmp(&s.header, &sample->sound.header, sizeof s.header) != 0)
		return SAMPLE_DIFFERENT;
	for (size_t i = 0; i < SAMPLE_CAS; i++) {
		for (size_t hash = 0; hash < CERTID_HASHES; hash++) {
			struct certid id = sample_certid(&sample->cas[i], hash);
			enum snapshot_found found = snapshot_find_ca(&s, &id, &ca, fault);
			if (found != SNAPSHOT_FOUND)
				return found == SNAPSHOT_BROKEN ? SAMPLE_BROKEN : SAMPLE_DIFFERENT;
			enum sample_same same = sample_same_ca(&s, &ca, &sample->cas[i], fault);
			if (same != SAMPLE_SAME)
				return same;
		}
	}
	return sample_same_redis(&s, fault);
}

static inline uint32_t sample_record_size(const struct sample *sample, uint64_t offset)
{
	return bytes_le32(sample->file + offset + offsetof(struct snapshot_record, size));
}

/* Makes the header's CRC right again. */
static inline void sample_seal_header(uint8_t *file)
{
	struct snapshot_header h;
	size_t covered = offsetof(struct snapshot_header, crc) + sizeof h.crc;
	memcpy(&h, file, sizeof h);
	h.crc = snapshot_crc(h.generation, 0, (struct slice){file + covered, sizeof h - covered});
	memcpy(file, &h, sizeof h);
}

/* And a record's. */
static inline void sample_seal_record(const struct sample *sample, uint64_t offset)
{
	uint32_t size = sample_record_size(sample, offset);
	struct slice covered = {sample->file + offset + 4, size - 4};
	uint32_t crc = snapshot_crc(sample->sound.header.generation, offset, covered);
	memcpy(sample->file + offset, &crc, sizeof crc);
}

#endif
