/* snapshot: values that no writer writes are refused for what they are, even under a right checksum. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot_sample.h"

enum part { HEADER, TABLE, CA, KEY, REDIS };

/* A value that no writer writes, under a right checksum. */
struct forgery {
	const char *name;
	enum part part;
	size_t field;
	uint32_t value;
};
#define H(field)  HEADER, offsetof(struct snapshot_header, field)
#define T(field)  TABLE, offsetof(struct snapshot_table, field)
#define C(field)  CA, offsetof(struct snapshot_ca, field)
#define K(field)  KEY, offsetof(struct snapshot_key, field)
#define RS(field) REDIS, offsetof(struct snapshot_redis, field)
#define A(i, field)                                                                                          \
	REDIS, sizeof(struct snapshot_redis) + (i) * sizeof(struct snapshot_address) +                       \
		       offsetof(struct snapshot_address, field)
#define SIGNER_AT sizeof(struct snapshot_ca) /* the first CA's signers stand behind its fixed part */
#define S(field)  CA, SIGNER_AT + offsetof(struct snapshot_signer, field)
#define CHAIN_AT                                                                                             \
	(SIGNER_AT + 2 * sizeof(struct snapshot_signer) +                                                    \
		sizeof("\xA2 alpha by key\xA1 alpha by namealpha's RSA delegatealpha's EC delegate") - 1)

#define REQUESTERS_AT (CHAIN_AT + 2 * sizeof(struct snapshot_cert) + sizeof("intermediateroot") - 1)
#define R(field)      CA, REQUESTERS_AT + offsetof(struct snapshot_requester, field)

static const struct forgery forgeries[] = {
	{"header_of_version_2", H(version), 2},
	{"header_of_another_magic", H(magic), 0},
	{"file_size_0", H(file_size), 0},
	{"slots_elsewhere", H(slots_offset), 136},
	{"tables_at_0", H(tables_offset), 0},
	{"tables_at_odd_place", H(tables_offset), 1145},
	{"cas_behind_the_end", H(cas_offset), 0x7FFFFFF8},
	{"cas_beyond_32_bits", HEADER, offsetof(struct snapshot_header, cas_offset) + 4, 1},
	{"keys_before_the_cas", H(keys_offset), 0},
	{"keys_inside_a_page", H(keys_offset), 4104},
	{"keys_beyond_63_bits", HEADER, offsetof(struct snapshot_header, keys_offset) + 4, 0x80000000u},
	{"slot_count_0", H(slot_count), 0},
	{"slot_count_33", H(slot_count), 33},
	{"slot_count_halved", H(slot_count), 16},
	{"slot_count_doubled", H(slot_count), 64},
	{"slot_count_huge", H(slot_count), 0x80000000u},
	{"table_count_huge", H(table_count), UINT32_MAX},
	{"ca_count_huge", H(ca_count), UINT32_MAX},
	{"key_count_huge", H(key_count), UINT32_MAX},
	{"nonce_3", H(nonce), 3},
	{"cache_headers_2", H(cache_headers), 2},
	{"deadline_0", H(deadline_ms), 0},
	{"request_octets_0", H(request_octets), 0},
	{"request_octets_65537", H(request_octets), 65537},
	{"certids_0", H(certids), 0},
	{"certids_257", H(certids), 257},
	{"log_format_2", H(log_format), 2},
	{"log_level_4", H(log_level), 4},
	{"header_reserved_1", H(reserved), 1},
	{"table_of_another_kind", T(record.kind), SNAPSHOT_CA},
	{"table_number_1_of_1", T(record.number), 1},
	{"path_absent", T(path.length), 0},
	{"path_behind_the_record", T(path.offset), 4096},
	{"path_without_nul", T(path.length), 32},
	{"path_ends_early", T(path.length), 9},
	{"path_offset_huge", T(path.offset), UINT32_MAX},
	{"folder_length_0", T(folder_length), 0},
	{"folder_of_folder", T(folder_length), 8},
	{"folder_longer_than_path", T(folder_length), UINT32_MAX},
	{"folder_number_8", T(folder_number), 8},
	{"ca_of_another_kind", C(record.kind), SNAPSHOT_KEY},
	{"ca_number_3_of_3", C(record.number), 3},
	{"name_behind_the_record", C(name.offset), 0x10000},
	{"name_length_huge", C(name.length), UINT32_MAX},
	{"redis_key_absent", C(redis_key.length), 0},
	{"signers_and_a_half", C(signers.length), 72},
	{"signers_behind_the_record", C(signers.offset), 0x10000},
	{"chain_and_a_half", C(chain.length), 36},
	{"chain_length_huge", C(chain.length), 0xFFFFFFF0u},
	{"status_0", C(status), 0},
	{"status_3", C(status), 3},
	{"status_table_without_one", C(status), SNAPSHOT_STATUS_TABLE},
	{"redis_with_a_table", C(table_offset), 1144},
	{"unknown_serial_3", C(unknown_serial), 3},
	{"ca_reserved_1", C(reserved), 1},
	{"validity_0", C(validity_seconds), 0},
	{"validity_negative", CA, offsetof(struct snapshot_ca, validity_seconds) + 4, UINT32_MAX},
	{"skew_negative", CA, offsetof(struct snapshot_ca, start_skew_seconds) + 4, UINT32_MAX},
	{"skew_of_ages", CA, offsetof(struct snapshot_ca, start_skew_seconds) + 4, 0x7FFFFFFF},
	{"signer_algorithm_0", S(algorithm), SIGN_NONE},
	{"signer_algorithm_11", S(algorithm), SIGN_ALGORITHMS},
	{"signer_algorithm_not_the_keys", S(algorithm), SIGN_RSA_PKCS1_SHA256},
	{"include_certificate_2", S(include_certificate), 2},
	{"key_before_its_region", S(key_offset), 0},
	{"key_at_odd_place", S(key_offset), 4097},
	{"key_behind_the_end", S(key_offset), 0x7FFFFFF8},
	{"key_beyond_32_bits", CA, SIGNER_AT + offsetof(struct snapshot_signer, key_offset) + 4, 1},
	{"responder_id_absent", S(responder_id.length), 0},
	{"responder_id_outside", S(responder_id.offset), UINT32_MAX},
	{"certificate_absent", S(certificate.der.length), 0},
	{"certificate_outside", S(certificate.der.length), 0x10000},
	{"chain_certificate_absent", CA, CHAIN_AT + offsetof(struct snapshot_cert, der.length), 0},
	{"chain_certificate_outside", CA, CHAIN_AT + offsetof(struct snapshot_cert, der.offset), 0x10000},
	{"requesters_and_a_half", C(requesters.length), 72},
	{"requesters_17", C(requesters.length), 17 * sizeof(struct snapshot_requester)},
	{"requesters_behind_the_record", C(requesters.offset), 0x10000},
	{"requester_kind_0", R(kind), VERIFY_NONE},
	{"requester_kind_6", R(kind), VERIFY_KINDS},
	{"requester_of_another_kind", R(kind), VERIFY_P256},
	{"requester_reserved_1", R(reserved), 1},
	{"requester_name_outside", R(name.offset), 0x10000},
	{"requester_modulus_short", R(parts[0].length), 255},
	{"requester_modulus_outside", R(parts[0].offset), 0x10000},
	{"requester_exponent_absent", R(parts[1].length), 0},
	{"requester_exponent_1", R(parts[1].length), 1},
	{"key_of_another_kind", K(record.kind), SNAPSHOT_TABLE},
	{"key_number_4_of_4", K(record.number), 4},
	{"key_algorithm_none", K(algorithm), SIGN_NONE},
	{"part_count_0", K(part_count), 0},
	{"part_count_1", K(part_count), 1},
	{"part_count_huge", K(part_count), UINT32_MAX},
	{"part_empty", K(parts[3].length), 0},
	{"part_outside", K(parts[7].offset), 4096},
	{"part_length_huge", K(parts[0].length), UINT32_MAX},
	{"redis_before_the_keys", H(redis_offset), 256},
	{"redis_of_another_kind", RS(record.kind), SNAPSHOT_KEY},
	{"redis_number_1", RS(record.number), 1},
	{"redis_timeout_0", RS(timeout_ms), 0},
	{"redis_cluster_2", RS(cluster), 2},
	{"redis_reserved_1", RS(reserved), 1},
	{"addresses_absent", RS(addresses.length), 0},
	{"addresses_and_a_half", RS(addresses.length), 72},
	{"nine_addresses", RS(addresses.length), 9 * sizeof(struct snapshot_address)},
	{"addresses_behind_the_record", RS(addresses.offset), 4096},
	{"addresses_huge", RS(addresses.length), UINT32_MAX - 15},
	{"username_behind_the_record", RS(username.offset), 4096},
	{"password_huge", RS(password.length), UINT32_MAX},
	{"address_of_family_0", A(1, family), 0},
	{"address_of_family_2", A(1, family), 2},
	{"ip4_as_unix_without_path", A(1, family), REDIS_UNIX},
	{"unix_as_ip4_with_path", A(0, family), REDIS_IPV4},
	{"port_65536", A(1, port), 65536},
	{"address_reserved_1", A(2, reserved), 1},
	{"socket_path_absent", A(0, path.length), 0},
	{"socket_path_outside", A(0, path.offset), 4096},
	{"ip6_with_a_path", A(2, path.length), 1},
	{"name_without_tls", A(1, name.length), 8},
	{"name_outside", A(1, name.length), 4096},
	{"tls_to_a_unix_socket", RS(tls_ca.length), 8},
	{"tls_ca_huge", RS(tls_ca.length), UINT32_MAX},
	{"tls_cert_without_tls", RS(tls_cert.length), 8},
	{"tls_cert_huge", RS(tls_cert.length), UINT32_MAX},
	{"tls_key_without_cert", RS(tls_key.length), 8},
	{"tls_key_huge", RS(tls_key.length), UINT32_MAX},
};

static void forge(struct sample *sample, const struct forgery *f)
{
	const struct snapshot_header *h = &sample->sound.header;
	const uint64_t offsets[] = {0, h->tables_offset, h->cas_offset, h->keys_offset, h->redis_offset};
	uint64_t offset = offsets[f->part];
	memcpy(sample->file + offset + f->field, &f->value, sizeof f->value);
	if (f->part == HEADER)
		sample_seal_header(sample->file);
	else
		sample_seal_record(sample, offset);
}

static void one_forgery_is_refused(void **state)
{
	const struct forgery *f = *state;
	void *made = NULL;
	struct snapshot_fault fault = {0};
	assert_int_equal(sample_setup(&made), 0);
	struct sample *sample = made;
	struct slice file = {sample->file, sample->size};
	assert_int_equal(sample_read_all(sample, file, &fault), SAMPLE_SAME);
	forge(sample, f);
	assert_int_equal(sample_read_all(sample, file, &fault), SAMPLE_BROKEN);
	if (strcmp(fault.reason, "record: checksum does not match") == 0)
		fail_msg("refused only by its checksum"); /* the case does not reach what it is for */
	sample_teardown(&made);
}

/* Sizes are tried apart: a checksum cannot be made right where the size is wrong. */
static void record_sizes_that_cannot_be_are_refused(void **state)
{
	struct sample *sample = *state;
	static const uint32_t sizes[] = {0, 16, 92, 8192, 0x7FFFFFF8, UINT32_MAX};
	uint8_t *size = sample->file + sample->sound.header.keys_offset + 4;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct snapshot_fault fault;
		memcpy(size, &sizes[i], sizeof sizes[i]);
		assert_int_equal(sample_read_all(sample, (struct slice){sample->file, sample->size}, &fault),
			SAMPLE_BROKEN);
		assert_string_equal(fault.reason, "record: wrong kind or size");
		assert_int_equal(fault.offset, sample->sound.header.keys_offset);
	}
}

static void full_hash_table_ends_the_search(void **state)
{
	struct sample *sample = *state;
	struct snapshot_header *h = &sample->sound.header;
	struct snapshot s;
	struct snapshot_fault fault;
	struct ca ca;
	for (uint32_t i = 0; i < h->slot_count; i++) {
		struct snapshot_slot slot = {.hash = CERTID_SHA1, .ca_offset = h->cas_offset};
		uint64_t offset = h->slots_offset + i * sizeof slot;
		memcpy(sample->file + offset, &slot, sizeof slot);
		struct slice covered = {sample->file + offset + 4, sizeof slot - 4};
		slot.crc = snapshot_crc(h->generation, offset, covered);
		memcpy(sample->file + offset, &slot, sizeof slot);
	}
	struct certid id = sample_certid(&sample->cas[0], CERTID_SHA1);
	assert_true(snapshot_read(&s, (struct slice){sample->file, sample->size}, &fault));
	assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_BROKEN);
}

/* The header may name any place among the keys; whoever reads there finds no Redis record. */
static void redis_elsewhere_is_refused_when_it_is_read(void **state)
{
	struct sample *sample = *state;
	const struct snapshot_header *h = &sample->sound.header;
	const uint64_t offsets[] = {h->keys_offset, h->keys_offset + 8, h->redis_offset - 8,
		h->redis_offset + 1, h->redis_offset + 8, h->file_size - 8, h->file_size, 0x7FFFFFF8,
		UINT64_C(1) << 32 | h->redis_offset, INT64_MAX - 7};
	for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
		struct snapshot s;
		struct snapshot_fault fault = {0};
		struct redis_settings redis;
		memcpy(sample->file + offsetof(struct snapshot_header, redis_offset), &offsets[i],
			sizeof offsets[i]);
		sample_seal_header(sample->file);
		bool read = snapshot_read(&s, (struct slice){sample->file, sample->size}, &fault);
		assert_false(read && snapshot_redis(&s, &redis, &fault));
		assert_non_null(fault.reason);
	}
}

#define FORGERIES (sizeof forgeries / sizeof forgeries[0])

int main(void)
{
	struct CMUnitTest tests[FORGERIES + 3] = {
		cmocka_unit_test_setup_teardown(
			record_sizes_that_cannot_be_are_refused, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(
			full_hash_table_ends_the_search, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(
			redis_elsewhere_is_refused_when_it_is_read, sample_setup, sample_teardown),
	};
	for (size_t i = 0; i < FORGERIES; i++)
		tests[3 + i] = (struct CMUnitTest){forgeries[i].name, one_forgery_is_refused, NULL, NULL,
			(void *)(uintptr_t)&forgeries[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
