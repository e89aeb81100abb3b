#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/iso_time.h"
#include "ctl/memory.h"

#define SECONDS_PER_HOUR 3600

static const struct config_credential *signer_config(const struct config_ca *from, size_t i)
{
	return from->signer_count > 0 ? &from->signers[i] : &from->ca_cert;
}

/* `certificate` in new memory. */
static bool write_certificate(const X509 *certificate, struct write_cert *out)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(certificate, &der);
	uint8_t *copy = NULL;

	if (len <= 0)
		return false;
	copy = memory_zeroed(1, (size_t)len);
	memcpy(copy, der, (size_t)len);
	OPENSSL_free(der);
	out->der = (struct slice){copy, (size_t)len};
	return credentials_validity(certificate, &out->not_before, &out->not_after);
}

static void free_slice(struct slice *s)
{
	free((void *)(uintptr_t)s->data); /* allocated here */
	*s = (struct slice){NULL, 0};
}

static void load_ca(struct compile_ca *ca, struct messages *m)
{
	const struct config_ca *from = ca->config;
	struct credential itself = {NULL, NULL};

	if (from->signer_count > 0 && from->ca_cert.key.value)
		message_notice(m, from->ca_cert.key.at,
			"the CA's own key is not read, because a delegate is given; it need not be on this "
			"machine");
	if (!credentials_load(&from->ca_cert, false, &itself, m))
		return;
	ca->certificate = itself.certificate;
	credentials_check_ca(&from->ca_cert, ca->certificate, m);
	if (!issuer_hashes(ca->certificate, &ca->hashes))
		message_error(m, credentials_certificate_source(&from->ca_cert).at,
			"the CA's certificate has no key or no name that can be hashed; give another");
}

static void set_redis_key(struct compile_ca *ca, struct messages *m)
{
	const struct config_ca *from = ca->config;
	char *subject = from->redis_subject.value
				? memory_text(from->redis_subject.value)
				: issuer_redis_subject(X509_get_subject_name(ca->certificate));

	if (subject != NULL)
		ca->redis_key = memory_printf("cert:%s:", subject);
	else if (from->status == SNAPSHOT_STATUS_REDIS)
		message_error(m, from->name.at,
			"the subject of %s cannot be written as a Redis key; give it as redis_subject",
			from->name.value);
	free(subject);
}

static void check_signer(const struct compile_ca *ca, const struct config_credential *from,
	const struct credential *signer, struct messages *m)
{
	const bool is_ca = credentials_is_ca(ca->certificate, signer->certificate);

	credentials_check_pair(from, signer, m);
	if (is_ca)
		credentials_check_ca_signs(from, signer->certificate, m);
	else
		credentials_check_delegate(from, signer->certificate, ca->certificate, m);
	if (X509_cmp(ca->certificate, signer->certificate) != 0) /* the CA's own has been looked at */
		credentials_check_signature(credentials_certificate_source(from), signer->certificate, m);
}

static void write_signer(const struct compile_ca *ca, const struct config_credential *from,
	const struct credential *signer, enum sign_algorithm algorithm, struct write_signer *out,
	struct messages *m)
{
	const struct place at = credentials_key_source(from).at;

	out->include_certificate = ca->config->include_signer;
	out->responder_id.data = issuer_responder_id(
		signer->certificate, ca->config->responder_by_name, &out->responder_id.len);
	if (out->responder_id.data == NULL || !write_certificate(signer->certificate, &out->certificate))
		message_error(m, credentials_certificate_source(from).at,
			"the certificate of a signer of %s cannot be written; have it issued again",
			ca->config->name.value);
	if (!credentials_raw_key(signer->key, algorithm, &out->key))
		message_error(m, at,
			"%s holds only a part of the private key; export it again with all its numbers (RSA: "
			"two primes and "
			"their CRT exponents)",
			credentials_key_source(from).value);
}

/* Loads, checks and prepares signer `i`; says whether it can sign now or later (C5). */
static bool add_signer(struct compile_ca *ca, size_t i, int64_t now, struct messages *m)
{
	const struct config_credential *from = signer_config(ca->config, i);
	struct credential *signer = &ca->signers[i];
	enum sign_algorithm algorithm = SIGN_NONE;
	const unsigned errors = m->errors;

	if (!credentials_load(from, true, signer, m))
		return true; /* one error is enough */
	check_signer(ca, from, signer, m);
	algorithm = credentials_algorithm(from, signer, m);
	if (m->errors == errors)
		write_signer(ca, from, signer, algorithm, &ca->write_signers[i], m);
	return credentials_check_times(credentials_certificate_source(from), signer->certificate, now,
		ca->config->validity_hours * SECONDS_PER_HOUR, m);
}

/* The first of those that are not valid yet. */
static int64_t first_begin(const struct compile_ca *ca, int64_t now)
{
	int64_t begin = INT64_MAX;

	for (size_t i = 0; i < ca->signer_count; i++) {
		const struct write_cert *certificate = &ca->write_signers[i].certificate;

		if (certificate->not_before <= now && certificate->not_after > now)
			return now;
		if (certificate->not_before > now && certificate->not_before < begin)
			begin = certificate->not_before;
	}
	return begin;
}

/* Where there is a signer, but only later. */
static void warn_of_gap(const struct compile_ca *ca, int64_t now, struct messages *m)
{
	const int64_t begin = first_begin(ca, now);
	char text[ISO_TIME_SIZE];

	if (begin > now && begin != INT64_MAX)
		message_warning(m, ca->config->name.at,
			"%s has no signer that is valid now; until %s its requests are answered tryLater: "
			"keep "
			"the present delegate beside the next one (ocsp_certs)",
			ca->config->name.value, iso_time(begin, text));
}

static void add_signers(struct compile_ca *ca, int64_t now, struct messages *m)
{
	const struct config_ca *from = ca->config;
	bool usable = false;

	ca->signer_count = from->signer_count > 0 ? from->signer_count : 1;
	ca->signers = memory_zeroed(ca->signer_count, sizeof *ca->signers);
	ca->write_signers = memory_zeroed(ca->signer_count, sizeof *ca->write_signers);
	for (size_t i = 0; i < ca->signer_count; i++) {
		if (add_signer(ca, i, now, m))
			usable = true;
	}
	if (!usable)
		message_error(m, from->name.at,
			"%s has no signer whose certificate is valid now or later; give a new ocsp_cert",
			from->name.value);
	warn_of_gap(ca, now, m);
}

static bool is_signer_or_repeated(const struct compile_ca *ca, X509 *const *chain, size_t i)
{
	for (size_t s = 0; s < ca->signer_count; s++) {
		if (ca->signers[s].certificate != NULL && X509_cmp(ca->signers[s].certificate, chain[i]) == 0)
			return true;
	}
	for (size_t earlier = 0; earlier < i; earlier++) {
		if (X509_cmp(chain[earlier], chain[i]) == 0)
			return true;
	}
	return false;
}

static void add_chain_certificate(
	struct compile_ca *ca, const X509 *certificate, int64_t now, struct messages *m)
{
	const struct config_text source = ca->config->ocsp_chain;

	credentials_check_signature(source, certificate, m);
	(void)credentials_check_times(
		source, certificate, now, ca->config->validity_hours * SECONDS_PER_HOUR, m);
	if (!write_certificate(certificate, &ca->write_chain[ca->chain_count++]))
		message_error(
			m, source.at, "a certificate in %s cannot be written; leave it out", source.value);
}

static void add_chain(struct compile_ca *ca, int64_t now, struct messages *m)
{
	const struct config_text source = ca->config->ocsp_chain;
	X509 **chain = NULL;
	size_t count = 0;

	if (!source.value)
		return;
	chain = credentials_chain(source, &count, m);
	ca->write_chain = memory_zeroed(count, sizeof *ca->write_chain);
	for (size_t i = 0; i < count; i++) {
		if (is_signer_or_repeated(ca, chain, i))
			message_notice(m, source.at,
				"certificate %zu of %s is the signer's own or stands there twice; it is sent "
				"once",
				i + 1, source.value);
		else
			add_chain_certificate(ca, chain[i], now, m);
	}
	credentials_free_chain(chain);
}

static void fill_write(struct compile_ca *ca)
{
	const struct config_ca *from = ca->config;

	ca->write = (struct write_ca){
		.name = bytes_of(from->name.value),
		.redis_key = bytes_of(ca->redis_key),
		.status = from->status,
		.table_path = from->table.value,
		.unknown_serial = from->unknown_serial,
		.archive_cutoff_days = from->archive_cutoff_days,
		.validity_seconds = from->validity_hours * SECONDS_PER_HOUR,
		.start_skew_seconds = from->start_skew_seconds,
		.signer_count = ca->signer_count,
		.chain_count = ca->chain_count,
		.signers = ca->write_signers,
		.chain = ca->write_chain,
		.requester_count = ca->requester_count,
		.requesters = ca->write_requesters,
	};
	for (size_t i = 0; i < CERTID_HASHES; i++) {
		ca->write.name_hash[i] = (struct slice){ca->hashes.name[i], issuer_hash_octets[i]};
		ca->write.key_hash[i] = (struct slice){ca->hashes.key[i], issuer_hash_octets[i]};
	}
}

bool compile_ca(const struct config_ca *from, int64_t now, struct compile_ca *out, struct messages *m)
{
	const unsigned errors = m->errors;

	*out = (struct compile_ca){.config = from};
	load_ca(out, m);
	if (out->certificate == NULL)
		return false;
	set_redis_key(out, m);
	add_signers(out, now, m);
	add_chain(out, now, m);
	compile_add_requesters(out, now, m);
	fill_write(out);
	return m->errors == errors;
}

void compile_ca_free(struct compile_ca *ca)
{
	for (size_t i = 0; i < ca->signer_count; i++) {
		credentials_free(&ca->signers[i]);
		credentials_wipe_key(&ca->write_signers[i].key);
		free_slice(&ca->write_signers[i].responder_id);
		free_slice(&ca->write_signers[i].certificate.der);
	}
	for (size_t i = 0; i < ca->chain_count; i++)
		free_slice(&ca->write_chain[i].der);
	compile_free_requesters(ca);
	free(ca->signers);
	free(ca->write_signers);
	free(ca->write_chain);
	free(ca->redis_key);
	X509_free(ca->certificate);
	*ca = (struct compile_ca){0};
}
