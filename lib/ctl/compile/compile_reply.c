#include "compile.h"

#include <stdlib.h>

#include "cgi.h"
#include "ctl/memory.h"
#include "request.h"
#include "response.h"

#define REPLY_MAX     16383             /* octets: HAProxy and nginx have buffers of 16 KiB (H13) */
#define CERTID_OCTETS (3 + 3 * 66 + 15) /* SHA-512 with NULL, a serialNumber of CERTID_SERIAL_MAX octets */
#define NONCE_OCTETS  (3 + NONCE_MAX)
#define DATA_OCTETS   4096 /* of a reply without its certificates, ResponderID and signature */

static const uint8_t zeros[CERTID_OCTETS];

/* DER of an ECDSA-Sig-Value at its longest; an RSA signature is as long as the modulus. */
static size_t signature_octets(const struct sign_key *key)
{
	static const uint8_t longest[SIGN_ALGORITHMS] = {
		[SIGN_ECDSA_P256_SHA256] = 72,
		[SIGN_ECDSA_P384_SHA384] = 104,
		[SIGN_ECDSA_P521_SHA512] = 139,
		[SIGN_ED25519] = 64,
	};
	return longest[key->algorithm] > 0 ? longest[key->algorithm] : key->part[0].len;
}

/* Which certificates go with it: those of the chain that have not expired. Returns their octets. */
static size_t collect_certs(const struct compile_ca *ca, const struct write_signer *signer, int64_t now,
	struct slice *certs, size_t *count)
{
	size_t octets = 0;

	*count = 0;
	if (signer->include_certificate)
		certs[(*count)++] = signer->certificate.der;
	for (size_t i = 0; i < ca->chain_count; i++) {
		if (ca->write_chain[i].not_after > now)
			certs[(*count)++] = ca->write_chain[i].der;
	}
	for (size_t i = 0; i < *count; i++)
		octets += certs[i].len;
	return octets;
}

/* Octets of `body` with the headers that ocsp-cgi gives it; storage has room for both. */
static size_t with_headers(const struct config *config, const struct compile_ca *ca, struct slice body,
	bool has_nonce, uint8_t *storage, size_t size)
{
	static const char etag[] = "W/\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"";
	const struct cgi_environment get = {.method = CGI_GET};
	const bool strong = config->cache_window == 0;
	const bool no_store = has_nonce || ca->requester_count > 0;
	const struct cgi_reply reply = {
		.outcome = CGI_REQUEST,
		.body = body,
		.no_store = no_store,
		.cacheable = config->cache_headers && !no_store,
		.caching = {.next_update = ca->write.validity_seconds,
			.cap = config->max_cache_age == SNAPSHOT_NO_MAX_AGE ? CACHING_NO_MAX_AGE
									    : (int64_t)config->max_cache_age,
			.etag = bytes_of(strong ? etag + 2 : etag)},
	};

	return cgi_format(&get, &reply, storage, size).len;
}

/* The longest reply for one CertID that this signer gives: of a revoked certificate, at any time. */
static size_t longest_reply(const struct config *config, const struct compile_ca *ca,
	const struct write_signer *signer, int64_t now, bool has_nonce)
{
	struct slice *certs = memory_zeroed(1 + ca->chain_count, sizeof *certs);
	const struct single_response single = {
		.certid = {zeros, CERTID_OCTETS},
		.status = CERT_STATUS_REVOKED,
		.reason = CRL_REASON_KEY_COMPROMISE,
		.has_archive_cutoff = ca->write.archive_cutoff_days > 0,
	};
	struct response response = {
		.responder_id = signer->responder_id,
		.single_count = 1,
		.singles = &single,
		.nonce = {zeros, has_nonce ? NONCE_OCTETS : 0},
		.extended_revoke = ca->write.unknown_serial == SNAPSHOT_UNKNOWN_REVOKED,
		.certs = certs,
	};
	const size_t signature = signature_octets(&signer->key);
	const size_t size = collect_certs(ca, signer, now, certs, &response.cert_count) + signature +
			    2 * signer->responder_id.len + DATA_OCTETS + CGI_HEADERS_MAX;
	uint8_t *storage = memory_zeroed(4, size);
	const struct slice tbs = response_encode_tbs(&response, storage, size);
	const struct slice der = response_encode(&response, tbs, signer->key.algorithm,
		(struct slice){storage + size, signature}, storage + 2 * size, size);
	const size_t octets = with_headers(config, ca, der, has_nonce, storage + 3 * size, size);

	free(storage);
	free(certs);
	return octets;
}

static void refuse(const struct compile_ca *ca, size_t octets, struct messages *m)
{
	const struct config_text chain = ca->config->ocsp_chain;
	size_t chain_octets = 0;

	for (size_t i = 0; i < ca->chain_count; i++)
		chain_octets += ca->write_chain[i].der.len;
	if (ca->chain_count > 0)
		message_error(m, chain.at,
			"a reply of %s for one certificate has up to %zu octets with its headers, and "
			"proxies take %d; leave out of %s, which has %zu octets in DER, what clients have: "
			"the root first",
			ca->config->name.value, octets, REPLY_MAX, chain.value, chain_octets);
	else
		message_error(m, ca->config->name.at,
			"a reply of %s for one certificate has up to %zu octets with its headers, and "
			"proxies take %d; have a shorter certificate issued to its signer, or leave it out "
			"of replies "
			"(include_signer: false)",
			ca->config->name.value, octets, REPLY_MAX);
}

void compile_check_reply(
	const struct config *config, const struct compile_ca *ca, int64_t now, struct messages *m)
{
	size_t longest = 0;

	for (size_t i = 0; i < 2 * ca->signer_count; i++) {
		const struct write_signer *signer = &ca->write_signers[i / 2];
		const bool has_nonce = i % 2 == 1;
		size_t octets = 0;

		if (signer->certificate.not_after <= now ||
			config->nonce == (has_nonce ? SNAPSHOT_NONCE_IGNORE : SNAPSHOT_NONCE_REQUIRE))
			continue;
		octets = longest_reply(config, ca, signer, now, has_nonce);
		longest = octets > longest ? octets : longest;
	}
	if (longest > REPLY_MAX)
		refuse(ca, longest, m);
}
