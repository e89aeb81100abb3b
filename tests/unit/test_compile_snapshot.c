/* compile: what the snapshot holds, that it is tested, and that it is put in place whole or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>

#include "compile_lab.h"
#include "ctl/compile/self_test.h"

static void every_algorithm_passes_the_self_test(void **state)
{
	struct compiled compiled = {0};
	struct snapshot_fault fault = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	struct ca ca = {0};
	uint64_t next = 0;

	(void)state;
	(void)compile_text(EVERY_ALGORITHM, PKI_NOW, &compiled, &m);
	assert_non_null(compiled.octets);
	assert_int_equal(compiled.ca_count, 2);
	assert_int_equal(compiled.signer_count, 11);
	assert_true(snapshot_read(&s, (struct slice){compiled.octets, compiled.size}, &fault));
	assert_null(self_test(&s));
	assert_true(snapshot_ca_at(&s, s.header.cas_offset, &ca, &next, &fault));
	assert_int_equal(ca.signer_count, 10);
	for (size_t i = 0; i < 10; i++) {
		struct signer signer = {0};

		assert_true(snapshot_signer(&s, &ca, i, &signer, &fault));
		assert_int_equal(signer.algorithm, SIGN_RSA_PKCS1_SHA256 + i);
	}
	assert_int_equal(ca.chain_count, 1);
	assert_int_equal(ca.fixed.validity_seconds, 36000);
	assert_true(bytes_equal(ca.redis_key, SLICE("cert:/CN=CA:")));
	assert_true(snapshot_ca_at(&s, next, &ca, &next, &fault));
	assert_true(bytes_equal(ca.redis_key, SLICE("cert:/CN=B:")));
	compile_free(&compiled);
}

static void the_same_input_gives_the_same_octets(void **state)
{
	struct compiled one = {0}, two = {0};
	struct messages m = {0};

	(void)state;
	(void)compile_text(EVERY_ALGORITHM, PKI_NOW, &one, &m);
	(void)compile_text(EVERY_ALGORITHM, PKI_NOW + 3600, &two, &m);
	assert_non_null(one.octets);
	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.octets, two.octets, one.size);
	compile_free(&one);
	compile_free(&two);
}

/* A key of another certificate of the same kind: nothing but a signature tells them apart. */
static void the_self_test_notices_a_swapped_key(void **state)
{
	struct compiled compiled = {0};
	struct snapshot_fault fault = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	struct snapshot_key *key = NULL;
	uint32_t crc = 0;
	char *wrong = NULL;

	(void)state;
	(void)compile_text(GOOD, PKI_NOW, &compiled, &m);
	assert_true(snapshot_read(&s, (struct slice){compiled.octets, compiled.size}, &fault));
	key = (struct snapshot_key *)(void *)(compiled.octets + s.header.keys_offset);
	((uint8_t *)key)[key->parts[0].offset + 31] ^= 1;
	wrong = self_test(&s);
	assert_non_null(strstr(wrong, "checksum"));
	free(wrong);
	crc = snapshot_crc(s.header.generation, s.header.keys_offset,
		(struct slice){(uint8_t *)key + 4, key->record.size - 4});
	key->record.crc = crc;
	wrong = self_test(&s);
	assert_string_equal(wrong,
		"CA A, signer 1 (ecdsa-p256-sha256): its signature does not verify with its certificate");
	free(wrong);
	compile_free(&compiled);
}

/* Slots that are sound by themselves, and all free. */
static void the_self_test_notices_a_ca_that_cannot_be_found(void **state)
{
	struct compiled compiled = {0};
	struct snapshot_fault fault = {0};
	struct messages m = {0};
	struct snapshot s = {0};
	char *wrong = NULL;

	(void)state;
	(void)compile_text(GOOD, PKI_NOW, &compiled, &m);
	assert_true(snapshot_read(&s, (struct slice){compiled.octets, compiled.size}, &fault));
	for (uint32_t i = 0; i < s.header.slot_count; i++) {
		const uint64_t offset = s.header.slots_offset + i * sizeof(struct snapshot_slot);
		struct snapshot_slot *slot = (struct snapshot_slot *)(void *)(compiled.octets + offset);

		memset(slot, 0, sizeof *slot);
		slot->crc = snapshot_crc(
			s.header.generation, offset, (struct slice){(uint8_t *)slot + 4, sizeof *slot - 4});
	}
	wrong = self_test(&s);
	assert_string_equal(wrong, "CA A: its hashes lead nowhere");
	free(wrong);
	compile_free(&compiled);
}

/* ---- putting it in place ---- */

static unsigned files_named_like(const char *prefix)
{
	DIR *entries = opendir(folder);
	const struct dirent *entry = NULL;
	unsigned count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(entries);
	return count;
}

static void a_good_snapshot_replaces_the_old_one(void **state)
{
	const char *path = pki_path(folder, "snapshot");
	struct compiled compiled = {0};
	struct messages m = {0};
	struct stat st = {0};

	(void)state;
	pki_write_text(path, "old");
	(void)compile_text(GOOD, PKI_NOW, &compiled, &m);
	assert_true(compile_install(&compiled, path, FILE_GROUP_KEEP, &m));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_size, compiled.size);
	assert_int_equal(files_named_like("snapshot"), 1);
	compile_free(&compiled);
}

static void a_snapshot_that_fails_its_self_test_is_never_installed(void **state)
{
	const char *path = pki_path(folder, "snapshot");
	struct compiled compiled = {0};
	struct messages m = {0};
	struct stat st = {0};

	(void)state;
	pki_write_text(path, "old");
	(void)compile_text(GOOD, PKI_NOW, &compiled, &m);
	compiled.octets[compiled.size - SNAPSHOT_PAGE + 100] ^= 1; /* inside the key */
	pki_capture();
	assert_false(compile_install(&compiled, path, FILE_GROUP_KEEP, &m));
	pki_assert_said("install", pki_said(), "the new snapshot fails its self-test");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(files_named_like("snapshot"), 1);
	compile_free(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_passes_the_self_test),
		cmocka_unit_test(the_same_input_gives_the_same_octets),
		cmocka_unit_test(the_self_test_notices_a_swapped_key),
		cmocka_unit_test(the_self_test_notices_a_ca_that_cannot_be_found),
		cmocka_unit_test(a_good_snapshot_replaces_the_old_one),
		cmocka_unit_test(a_snapshot_that_fails_its_self_test_is_never_installed),
	};

	return cmocka_run_group_tests(tests, lab_set_up, lab_tear_down);
}
