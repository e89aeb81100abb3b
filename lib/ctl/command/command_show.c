#include "commands.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>

#include "cgi.h"
#include "ctl/credentials/credentials.h"
#include "ctl/iso_time.h"
#include "ctl/credentials/issuer.h"
#include "ctl/memory.h"
#include "options.h"
#include "ctl/snapshot/snapshot_kind.h"

enum { DONE = 0, REFUSED = 1, USAGE = 2 };

static const struct options command_line = {
	.command = "show",
	.head = "Usage: ocspctl show [SNAPSHOT]\n"
		"Prints what a snapshot holds, without its secrets (" CGI_SNAPSHOT_DEFAULT ").\n\n",
	.tail = "\nExit status: 0 done, 1 not a readable snapshot, 2 usage.\n",
	.words_max = 1,
};

static void print_octets(const char *label, struct slice octets)
{
	char *text = memory_printf("%.*s", (int)octets.len, (const char *)octets.data);

	message_printable(text, strlen(text));
	printf("%s%s\n", label, text);
	free(text);
}

static void print_hash(const char *label, const char *algorithm, const uint8_t *octets, size_t len)
{
	printf("  %s %s ", label, algorithm);
	for (size_t i = 0; i < len; i++)
		printf("%02x", octets[i]);
	putchar('\n');
}

static void print_settings(const struct snapshot *s)
{
	static const char *const nonces[] = {"ignore", "copy", "require"};
	static const char *const levels[] = {"debug", "info", "warning", "error"};
	const struct snapshot_header *h = &s->header;

	message_result("snapshot %s: version %u, %llu octets; CAs: %u, tables: %u, keys: %u", s->path,
		h->version, (unsigned long long)h->file_size, h->ca_count, h->table_count, h->key_count);
	printf("  nonce %s, cache_headers %s, max_cache_age ", nonces[h->nonce],
		h->cache_headers ? "true" : "false");
	if (h->max_cache_age == SNAPSHOT_NO_MAX_AGE)
		printf("not set");
	else
		printf("%u s", h->max_cache_age);
	printf(", cache_window %u s\n", h->cache_window);
	printf("  deadline %u ms, requests of at most %u octets and %u CertIDs, log %s %s\n", h->deadline_ms,
		h->request_octets, h->certids, h->log_format == LOG_JSON ? "json" : "text",
		levels[h->log_level]);
}

static void print_validity(int64_t not_before, int64_t not_after)
{
	char from[ISO_TIME_SIZE], to[ISO_TIME_SIZE];

	printf("    valid %s to %s\n", iso_time(not_before, from), iso_time(not_after, to));
}

static void print_address(const struct redis_address *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address->family == REDIS_UNIX) {
		print_octets("  Redis at unix:", address->path);
		return;
	}
	(void)inet_ntop(address->family == REDIS_IPV4 ? AF_INET : AF_INET6, address->ip, text, sizeof text);
	printf(address->family == REDIS_IPV4 ? "  Redis at %s:%u\n" : "  Redis at [%s]:%u\n", text,
		address->port);
	if (address->name.len > 0)
		print_octets("    whose certificate is for ", address->name);
}

static bool print_redis(const struct snapshot *s, struct snapshot_fault *fault)
{
	struct redis_settings redis = {0};

	if (s->header.redis_offset == 0)
		return true;
	if (!snapshot_redis(s, &redis, fault))
		return false;
	for (size_t i = 0; i < redis.address_count; i++)
		print_address(&redis.addresses[i]);
	printf("  Redis database %u, timeout %u ms, %s password%s\n", redis.database, redis.timeout_ms,
		redis.password.len > 0 ? "with a" : "without a",
		redis.cluster ? ", a cluster's replica" : "");
	if (redis.tls_ca.len > 0)
		printf("  Redis by TLS, %s a certificate of ours\n",
			redis.tls_cert.len > 0 ? "with" : "without");
	return true;
}

/* Subject and serial of a certificate in DER. */
static void print_certificate(struct slice der)
{
	const unsigned char *p = der.data;
	X509 *certificate = d2i_X509(NULL, &p, (long)der.len);
	BIGNUM *serial = NULL;
	char *subject = NULL, *hex = NULL;

	if (certificate == NULL) {
		printf("    certificate: not readable\n");
		return;
	}
	subject = credentials_name_text(X509_get_subject_name(certificate));
	serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	hex = serial ? BN_bn2hex(serial) : NULL;
	print_octets("    subject ", bytes_of(subject));
	printf("    serial 0x%s\n", hex ? hex : "?");
	OPENSSL_free(hex);
	BN_free(serial);
	free(subject);
	X509_free(certificate);
}

static bool print_signers(const struct snapshot *s, const struct ca *ca, struct snapshot_fault *fault)
{
	for (size_t i = 0; i < ca->signer_count; i++) {
		struct signer signer = {0};

		if (!snapshot_signer(s, ca, i, &signer, fault))
			return false;
		printf("  signer %zu: %s, ResponderID by %s, certificate %s\n", i + 1,
			sign_algorithm_name(signer.algorithm),
			signer.responder_id.len > 0 && signer.responder_id.data[0] == 0xA1 ? "name" : "key",
			signer.include_certificate ? "sent" : "not sent");
		print_certificate(signer.certificate);
		print_validity(signer.not_before, signer.not_after);
	}
	return true;
}

static bool print_chain(const struct snapshot *s, const struct ca *ca, struct snapshot_fault *fault)
{
	for (size_t i = 0; i < ca->chain_count; i++) {
		struct chain_cert certificate = {0};

		if (!snapshot_chain_cert(s, ca, i, &certificate, fault))
			return false;
		printf("  chain %zu:\n", i + 1);
		print_certificate(certificate.der);
		print_validity(certificate.not_before, certificate.not_after);
	}
	return true;
}

static bool print_requesters(const struct snapshot *s, const struct ca *ca, struct snapshot_fault *fault)
{
	if (ca->requester_count > 0)
		printf("  requests must be signed; requesters: %zu\n", ca->requester_count);
	for (size_t i = 0; i < ca->requester_count; i++) {
		struct requester requester = {0};

		if (!snapshot_requester(s, ca, i, &requester, fault))
			return false;
		printf("  requester %zu: %s key\n", i + 1, verify_kind_name(requester.key.kind));
		print_octets("    subject ", requester.name);
		print_validity(requester.not_before, requester.not_after);
	}
	return true;
}

static bool print_source(const struct snapshot *s, const struct ca *ca, struct snapshot_fault *fault)
{
	struct table_place table = {0};
	uint64_t next = 0;

	if (ca->fixed.status == SNAPSHOT_STATUS_TABLE) {
		if (!snapshot_table_at(s, ca->fixed.table_offset, &table, &next, fault))
			return false;
		print_octets("  status from table ", table.path);
	} else {
		printf("  status from Redis\n");
		print_octets("  Redis key ", ca->redis_key);
	}
	return true;
}

static void print_policy(const struct ca *ca)
{
	static const char *const unknown[] = {"unknown", "unauthorized", "revoked"};

	printf("  unknown serials are %s; responses valid %lld h, from %lld s ago",
		ca->fixed.unknown_serial < 3 ? unknown[ca->fixed.unknown_serial] : "?",
		(long long)ca->fixed.validity_seconds / 3600, (long long)ca->fixed.start_skew_seconds);
	if (ca->fixed.archive_cutoff_days > 0)
		printf("; archive cutoff %u days", ca->fixed.archive_cutoff_days);
	putchar('\n');
}

static bool print_ca(const struct snapshot *s, const struct ca *ca, struct snapshot_fault *fault)
{
	static const char *const algorithms[CERTID_HASHES] = {"sha1", "sha256", "sha384", "sha512"};

	putchar('\n');
	print_octets("CA ", ca->name);
	for (size_t i = 0; i < CERTID_HASHES; i++) {
		print_hash("issuerNameHash", algorithms[i], ca->fixed.name_hash[i], issuer_hash_octets[i]);
		print_hash("issuerKeyHash ", algorithms[i], ca->fixed.key_hash[i], issuer_hash_octets[i]);
	}
	if (!print_source(s, ca, fault))
		return false;
	print_policy(ca);
	return print_signers(s, ca, fault) && print_chain(s, ca, fault) && print_requesters(s, ca, fault);
}

static bool print_snapshot(const struct snapshot *s, struct snapshot_fault *fault)
{
	uint64_t offset = s->header.cas_offset;
	struct ca ca = {0};

	print_settings(s);
	if (!print_redis(s, fault))
		return false;
	for (uint32_t i = 0; i < s->header.ca_count; i++) {
		if (!snapshot_ca_at(s, offset, &ca, &offset, fault) || !print_ca(s, &ca, fault))
			return false;
	}
	return true;
}

static void say_fault(const struct snapshot_fault *fault)
{
	char text[512];
	struct buffer out = bytes_buffer((uint8_t *)text, sizeof text - 1);

	snapshot_fault_text(fault, &out);
	text[out.len] = 0;
	fprintf(stderr, "ocspctl show: error: %s\n", text);
}

static int show(const char *path)
{
	struct snapshot_fault fault = {0};
	struct snapshot s = {0};
	bool done = false;

	if (snapshot_kind_open(&s, path, &fault)) {
		done = print_snapshot(&s, &fault);
		snapshot_close(&s);
	}
	if (!done)
		say_fault(&fault);
	return done ? DONE : REFUSED;
}

int command_show(int argc, char **argv)
{
	struct option_words words = {NULL, 0};
	const enum options_result result = options_read(&command_line, argc, argv, NULL, &words);

	if (result != OPTIONS_READ)
		return result == OPTIONS_HELP ? DONE : USAGE;
	return show(words.count > 0 ? words.items[0] : CGI_SNAPSHOT_DEFAULT);
}
