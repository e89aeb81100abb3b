/*
 * A snapshot whose octets are anybody's, but whose checksums hold: the reader stays inside the file, whatever it accepts is
 * within its limits, and an answer over it is whole. What a flipped bit does is tests/unit/test_snapshot_damage.c's.
 */
#include "../unit/snapshot_sample.h"

#include "answer.h"
#include "edits.h"
#include "health.h"

#define NOW            1500
#define SIGNED_KEY_MAX 300 /* octets: an RSA key of garbage, but not one that takes a second */

static struct sample_hashes hashes[SAMPLE_CAS];
static struct write_ca cas[SAMPLE_CAS];

static uint8_t *sound_file(size_t *size)
{
	static uint8_t *file;
	static size_t file_size;
	const char *why = NULL;
	if (!file) {
		sample_make(cas, hashes);
		file = snapshot_write(&sample_settings, cas, SAMPLE_CAS, &file_size, &why);
		must(file && sign_start());
	}
	*size = file_size;
	return own_copy((struct slice){file, file_size});
}

/* ---- checksums made right again ---- */

static void seal(uint8_t *file, uint64_t offset, size_t crc_at, size_t size)
{
	uint64_t generation = bytes_le64(file + offsetof(struct snapshot_header, generation));
	size_t after_crc = crc_at + sizeof(uint32_t);
	struct slice covered = {file + offset + after_crc, size - after_crc};
	uint32_t crc = snapshot_crc(generation, offset, covered);
	memcpy(file + offset + crc_at, &crc, sizeof crc);
}

static void seal_records(uint8_t *file, uint64_t offset, size_t size)
{
	while (offset <= size && size - offset >= sizeof(struct snapshot_record)) {
		uint32_t octets = bytes_le32(file + offset + offsetof(struct snapshot_record, size));
		if (octets >= sizeof(struct snapshot_record) && octets <= size - offset)
			seal(file, offset, 0, octets);
		else
			octets = 8;
		offset += octets % 8 == 0 ? octets : 8;
	}
}

static void seal_all(uint8_t *file, size_t size)
{
	struct snapshot_header h;
	if (size < sizeof h)
		return;
	memcpy(&h, file, sizeof h);
	h.file_size = size;
	memcpy(file, &h, sizeof h);
	for (uint64_t i = 0, at = sizeof h; i < h.slot_count && size - at >= sizeof(struct snapshot_slot);
		i++) {
		seal(file, at, 0, sizeof(struct snapshot_slot));
		at += sizeof(struct snapshot_slot);
	}
	const uint64_t regions[] = {h.tables_offset, h.cas_offset, h.keys_offset};
	for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
		if (regions[i] >= sizeof h)
			seal_records(file, regions[i], size);
	seal(file, 0, offsetof(struct snapshot_header, crc), sizeof h);
}

/* ---- all that can be read ---- */

static void read_key(const struct snapshot *s, const struct signer *signer)
{
	struct snapshot_fault fault = {0};
	struct sign_key key;
	uint8_t signature[SIGN_SIGNATURE_MAX];
	size_t len = 0, octets = 0;
	if (!snapshot_key(s, signer, &key, &fault)) {
		must(fault.reason);
		return;
	}
	for (size_t i = 0; i < key.part_count; i++) {
		must(key.part[i].len > 0 && lies_inside(key.part[i], s->file));
		octets += key.part[i].len;
	}
	if (octets <= SIGNED_KEY_MAX && sign(&key, SLICE("tbs"), signature, &len))
		must(len > 0 && len <= sizeof signature);
}

static void read_ca(const struct snapshot *s, const struct ca *ca)
{
	struct snapshot_fault fault = {0};
	must(lies_inside(ca->name, s->file) && lies_inside(ca->redis_key, s->file));
	for (size_t i = 0; i < ca->signer_count; i++) {
		struct signer signer;
		if (!snapshot_signer(s, ca, i, &signer, &fault))
			continue;
		must(lies_inside(signer.responder_id, s->file) && lies_inside(signer.certificate, s->file));
		if (i < 4)
			read_key(s, &signer);
	}
	for (size_t i = 0; i < ca->chain_count; i++) {
		struct chain_cert cert;
		must(!snapshot_chain_cert(s, ca, i, &cert, &fault) || lies_inside(cert.der, s->file));
	}
	for (size_t i = 0; i < ca->requester_count; i++) {
		struct requester requester;
		must(!snapshot_requester(s, ca, i, &requester, &fault) ||
			(verify_key_is_plausible(&requester.key) && lies_inside(requester.name, s->file)));
	}
}

static void walk(const struct snapshot *s)
{
	struct snapshot_fault fault = {0};
	struct redis_settings redis;
	struct table_place place;
	struct ca ca;
	uint64_t offset = s->header.cas_offset;
	for (uint32_t i = 0; i < s->header.ca_count && snapshot_ca_at(s, offset, &ca, &offset, &fault); i++)
		read_ca(s, &ca);
	offset = s->header.tables_offset;
	for (uint32_t i = 0;
		i < s->header.table_count && snapshot_table_at(s, offset, &place, &offset, &fault); i++) {
		must(lies_inside((struct slice){place.path.data, place.path.len + 1}, s->file));
		must(place.path.data[place.path.len] == 0 && place.folder_length <= place.path.len);
		must(place.folder_number < SNAPSHOT_FOLDERS_MAX);
	}
	if (s->header.redis_offset != 0 && snapshot_redis(s, &redis, &fault))
		must(redis.address_count >= 1 && redis.address_count <= SNAPSHOT_ADDRESSES_MAX);
}

/* ---- and asked ---- */

/* OCSPRequest for serial 0x12 by the SHA-1 hashes of the sample's CA. */
static struct slice request_for(const struct write_ca *ca, uint8_t storage[128])
{
	struct buffer out = bytes_buffer(storage, 128);
	bytes_append(
		&out, SLICE("\x30\x42\x30\x40\x30\x3E\x30\x3C\x30\x3A\x30\x09\x06\x05\x2B\x0E\x03\x02\x1A"
			    "\x05\x00\x04\x14"));
	bytes_append(&out, ca->name_hash[CERTID_SHA1]);
	bytes_append(&out, SLICE("\x04\x14"));
	bytes_append(&out, ca->key_hash[CERTID_SHA1]);
	bytes_append(&out, SLICE("\x02\x01\x12"));
	return bytes_written(&out);
}

/* Nothing is opened: a table is not there, Redis is not reached, so nothing is known, and nothing may be good. */
static void ask(const struct snapshot *s, const struct write_ca *ca)
{
	static struct decision decision;
	static struct status status;
	static struct answer answer;
	struct log log;
	uint8_t storage[128];
	log_start(&log, 1);
	status.snapshot = s;
	for (size_t i = 0; i < SNAPSHOT_FOLDERS_MAX; i++)
		status.folders[i] = STATUS_FOLDER_CLOSED;
	answer_decide(s, &status, request_for(ca, storage), NOW, &log, &decision, &answer);
	must(answer.status != RESPONSE_SUCCESSFUL && answer.der.len == 5);
	(void)health(s, &status, NOW, &log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot s;
	struct snapshot_fault fault = {0};
	size_t file_size = 0;
	uint8_t *file = sound_file(&file_size);
	apply_edits((struct slice){data, size}, file, &file_size);
	uint8_t *exact = own_copy((struct slice){file, file_size});
	free(file);
	seal_all(exact, file_size);
	if (snapshot_read(&s, (struct slice){exact, file_size}, &fault)) {
		walk(&s);
		for (size_t i = 0; i < SAMPLE_CAS; i++)
			ask(&s, &cas[i]);
	} else {
		must(fault.reason && fault.offset <= file_size);
	}
	free(exact);
	return 0;
}
