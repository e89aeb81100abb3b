#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ctl/memory.h"

static void check_usage(struct config_text source, X509 *certificate, struct messages *m)
{
	if ((X509_get_key_usage(certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		message_warning(m, source.at,
			"the requester's certificate in %s has a keyUsage without digitalSignature, so its "
			"key was not meant to sign requests; ask for one that is",
			source.value);
}

/* Loads, checks and prepares one requester; whether it can ask now or later. */
static bool add_requester(struct compile_ca *ca, struct config_text source, int64_t now, struct messages *m)
{
	struct write_requester *out = &ca->write_requesters[ca->requester_count];
	X509 *certificate = credentials_certificate(source, m);
	char *name = NULL;
	bool usable = false;

	if (certificate == NULL)
		return true; /* one error is enough */
	if (credentials_public_key(source, certificate, &out->key, m))
		check_usage(source, certificate, m);
	usable = credentials_check_times(source, certificate, now, 0, m);
	(void)credentials_validity(certificate, &out->not_before, &out->not_after);
	name = credentials_name_text(X509_get_subject_name(certificate));
	out->name = bytes_of(name);
	ca->requester_count++;
	X509_free(certificate);
	return usable;
}

void compile_add_requesters(struct compile_ca *ca, int64_t now, struct messages *m)
{
	const struct config_ca *from = ca->config;
	bool usable = false;

	if (!from->require_signed_requests || from->requester_count == 0) /* config refuses an empty list */
		return;
	if (from->requester_count > SNAPSHOT_REQUESTERS_MAX) {
		message_error(m, from->requesters[SNAPSHOT_REQUESTERS_MAX].at,
			"%s has %zu requesters, more than %d, and each costs a verification; let several "
			"share a key, or put a proxy in front that knows them",
			from->name.value, from->requester_count, SNAPSHOT_REQUESTERS_MAX);
		return;
	}
	ca->write_requesters = memory_zeroed(from->requester_count, sizeof *ca->write_requesters);
	for (size_t i = 0; i < from->requester_count; i++) {
		if (add_requester(ca, from->requesters[i], now, m))
			usable = true;
	}
	if (!usable)
		message_error(m, from->requesters[0].at,
			"%s has no requester whose certificate is valid now or later, so that nobody could "
			"ask; give a new one, or take require_signed_requests out",
			from->name.value);
}

void compile_free_requesters(struct compile_ca *ca)
{
	for (size_t i = 0; i < ca->requester_count; i++) {
		credentials_free_public_key(&ca->write_requesters[i].key);
		free((void *)(uintptr_t)ca->write_requesters[i].name.data);
	}
	free(ca->write_requesters);
}
