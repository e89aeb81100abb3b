/* snapshot: whatever is damaged, cut off or exchanged is refused; never does other content come out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "snapshot_sample.h"

/* Whether the octet belongs to the header or a record, so that its change must be noticed; of the slots it depends. */
static bool is_covered(const struct sample *sample, size_t i)
{
	const struct snapshot_header *h = &sample->sound.header;
	uint64_t cas_end = h->cas_offset, keys_end = h->keys_offset;
	for (uint32_t n = 0; n < h->ca_count; n++)
		cas_end += sample_record_size(sample, cas_end);
	for (uint32_t n = 0; n < h->key_count; n++)
		keys_end += sample_record_size(sample, keys_end);
	assert_int_equal(h->redis_offset, keys_end);
	keys_end += sample_record_size(sample, keys_end);
	return i < sizeof *h || (i >= h->tables_offset && i < cas_end) ||
	       (i >= h->keys_offset && i < keys_end);
}

static void every_octet_flipped_is_noticed_or_never_read(void **state)
{
	struct sample *sample = *state;
	static const uint8_t masks[] = {0x01, 0x80, 0xFF};
	for (size_t i = 0; i < sample->size; i++) {
		bool covered = is_covered(sample, i);
		for (size_t m = 0; m < sizeof masks; m++) {
			struct snapshot_fault fault = {0};
			sample->file[i] ^= masks[m];
			enum sample_same same =
				sample_read_all(sample, (struct slice){sample->file, sample->size}, &fault);
			sample->file[i] ^= masks[m];
			if (same == SAMPLE_DIFFERENT || (covered && same != SAMPLE_BROKEN))
				fail_msg("octet %zu ^ %02x: not noticed", i, masks[m]);
			if (same == SAMPLE_BROKEN)
				assert_true(fault.file && fault.reason && fault.offset < sample->size);
		}
	}
}

static void every_cut_is_refused(void **state)
{
	struct sample *sample = *state;
	for (size_t len = 0; len < sample->size; len += len < 256 ? 1 : 64) {
		struct snapshot s;
		struct snapshot_fault fault;
		uint8_t *cut = malloc(len + 1); /* a sanitizer sees what reads past its end */
		assert_non_null(cut);
		memcpy(cut, sample->file, len);
		assert_false(snapshot_read(&s, (struct slice){cut, len}, &fault));
		free(cut);
	}
}

static void every_cut_that_its_header_vouches_for_gives_no_other_content(void **state)
{
	struct sample *sample = *state;
	for (uint64_t len = sizeof(struct snapshot_header); len < sample->size; len += 64) {
		struct snapshot_fault fault = {0};
		struct snapshot s;
		struct ca ca;
		uint8_t *cut = malloc((size_t)len);
		assert_non_null(cut);
		memcpy(cut, sample->file, (size_t)len);
		memcpy(cut + offsetof(struct snapshot_header, file_size), &len, sizeof len);
		sample_seal_header(cut);
		struct certid id = sample_certid(&sample->cas[0], CERTID_SHA1);
		if (snapshot_read(&s, (struct slice){cut, (size_t)len}, &fault)) {
			assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_FOUND);
			assert_int_not_equal(
				sample_same_ca(&s, &ca, &sample->cas[0], &fault), SAMPLE_DIFFERENT);
		}
		free(cut);
	}
}

/* Two keys of one algorithm and size, each with a right checksum: only their places tell them apart. */
static void exchanged_keys_are_noticed(void **state)
{
	struct sample *sample = *state;
	struct write_ca cas[2] = {sample->cas[1], sample->cas[2]};
	struct write_signer other = sample_beta_signers[0];
	struct snapshot s;
	struct snapshot_fault fault;
	const char *why;
	uint8_t first[512];
	other.key.part[0] = SLICE("SEED OF EXACTLY THIRTY-TWO OCTETS");
	cas[1].signers = &other;
	free(sample->file);
	sample->file = snapshot_write(&sample_settings, cas, 2, &sample->size, &why);
	assert_non_null(sample->file);
	uint8_t *keys =
		sample->file + bytes_le64(sample->file + offsetof(struct snapshot_header, keys_offset));
	uint32_t size = bytes_le32(keys + 4);
	assert_true(size <= sizeof first);
	memcpy(first, keys, size);
	memcpy(keys, keys + size, size);
	memcpy(keys + size, first, size);
	assert_true(snapshot_read(&s, (struct slice){sample->file, sample->size}, &fault));
	for (size_t i = 0; i < 2; i++) {
		struct certid id = sample_certid(&cas[i], CERTID_SHA1);
		struct ca ca;
		assert_int_equal(snapshot_find_ca(&s, &id, &ca, &fault), SNAPSHOT_FOUND);
		assert_int_equal(sample_same_ca(&s, &ca, &cas[i], &fault), SAMPLE_BROKEN);
		assert_string_equal(fault.reason, "record: checksum does not match");
	}
}

/* The same records at the same places, of a file that differs in one setting: only the versions tell them apart. */
static void parts_of_another_version_are_noticed(void **state)
{
	struct sample *sample = *state;
	const struct snapshot_header *h = &sample->sound.header;
	const uint64_t from[] = {h->slots_offset, h->tables_offset, h->cas_offset, h->keys_offset,
		h->redis_offset, h->file_size};
	struct write_settings changed = sample_settings;
	struct snapshot_fault fault = {0};
	const char *why = NULL;
	size_t size = 0;
	changed.max_cache_age++;
	uint8_t *other = snapshot_write(&changed, sample->cas, SAMPLE_CAS, &size, &why);
	uint8_t *torn = malloc(sample->size);
	assert_true(other && torn && size == sample->size);
	for (size_t i = 0; i + 1 < sizeof from / sizeof from[0]; i++) {
		memcpy(torn, sample->file, size);
		memcpy(torn + from[i], other + from[i], from[i + 1] - from[i]);
		assert_int_equal(sample_read_all(sample, (struct slice){torn, size}, &fault), SAMPLE_BROKEN);
		assert_non_null(strstr(fault.reason, "checksum does not match"));
		assert_true(fault.offset >= from[i] && fault.offset < from[i + 1]);
	}
	free(torn);
	free(other);
}

static void another_version_of_the_format_says_what_to_do(void **state)
{
	struct sample *sample = *state;
	struct snapshot_fault fault = {0};
	struct snapshot s;
	const uint32_t older = SNAPSHOT_VERSION - 1;
	memcpy(sample->file + offsetof(struct snapshot_header, version), &older, sizeof older);
	assert_false(snapshot_read(&s, (struct slice){sample->file, sample->size}, &fault));
	assert_non_null(strstr(fault.reason, "of another version of ocsp-cgi and ocspctl"));
	assert_string_equal(fault.advice, "ocspctl compile makes it anew");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_octet_flipped_is_noticed_or_never_read, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(every_cut_is_refused, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(every_cut_that_its_header_vouches_for_gives_no_other_content,
			sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(exchanged_keys_are_noticed, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(
			parts_of_another_version_are_noticed, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(
			another_version_of_the_format_says_what_to_do, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
