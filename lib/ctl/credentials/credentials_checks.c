#include "credentials.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "ctl/iso_time.h"
#include "ctl/memory.h"

#define NO_SUCH_EXTENSION (-1)

bool credentials_is_ca(const X509 *ca, const X509 *signer)
{
	const EVP_PKEY *ca_key = X509_get0_pubkey(ca), *signer_key = X509_get0_pubkey(signer);

	return ca_key != NULL && signer_key != NULL && EVP_PKEY_eq(ca_key, signer_key) == 1 &&
	       X509_NAME_cmp(X509_get_subject_name(ca), X509_get_subject_name(signer)) == 0;
}

void credentials_check_pair(
	const struct config_credential *from, const struct credential *c, struct messages *m)
{
	const struct config_text key = credentials_key_source(from);

	if (X509_check_private_key(c->certificate, c->key) != 1)
		message_error(m, key.at,
			"the key in %s does not match the certificate in %s; give the key that the "
			"certificate was made for",
			key.value, credentials_certificate_source(from).value);
	ERR_clear_error();
}

/* OpenSSL reads all extensions at once; what it then says of keyUsage and EKU counts only where that went well. */
static bool extensions_are_readable(struct config_text source, const X509 *certificate, struct messages *m)
{
	X509 *cached = (X509 *)(uintptr_t)certificate; /* reading fills a cache inside */
	const bool readable = X509_check_purpose(cached, -1, 0) == 1 &&
			      (X509_get_extension_flags(cached) & EXFLAG_INVALID) == 0;

	ERR_clear_error();
	if (!readable)
		message_error(m, source.at,
			"%s has an extension that is broken or stands there twice; have it issued again",
			source.value);
	return readable;
}

static bool may_sign(const X509 *certificate)
{
	return (X509_get_key_usage((X509 *)(uintptr_t)certificate) & KU_DIGITAL_SIGNATURE) != 0;
}

/* C2: `ca` issued `delegate` directly (RFC 6960 4.2.2.2). */
static bool is_issued_by(struct config_text source, const X509 *delegate, const X509 *ca, struct messages *m)
{
	char *issuer = credentials_name_text(X509_get_issuer_name(delegate));
	char *subject = credentials_name_text(X509_get_subject_name(ca));
	bool issued = false;

	if (X509_NAME_cmp(X509_get_issuer_name(delegate), X509_get_subject_name(ca)) != 0)
		message_error(m, source.at,
			"the delegate in %s was issued by \"%s\", not by this CA, \"%s\"; have this CA issue "
			"one",
			source.value, issuer, subject);
	else if (X509_verify((X509 *)(uintptr_t)delegate, X509_get0_pubkey(ca)) != 1)
		message_error(m, source.at,
			"the delegate in %s names this CA, \"%s\", as its issuer, but its signature does not "
			"verify with the "
			"CA's key (another key of the same CA?); have this CA issue one",
			source.value, subject);
	else
		issued = true;
	ERR_clear_error();
	free(issuer);
	free(subject);
	return issued;
}

/* ExtKeyUsageSyntax ::= SEQUENCE OF KeyPurposeId, one of them id-kp-OCSPSigning; anyExtendedKeyUsage does not count. */
static bool is_for_ocsp(const X509 *delegate)
{
	X509 *cached = (X509 *)(uintptr_t)delegate;

	return (X509_get_extension_flags(cached) & EXFLAG_XKUSAGE) != 0 &&
	       (X509_get_extended_key_usage(cached) & XKU_OCSP_SIGN) != 0;
}

void credentials_check_delegate(
	const struct config_credential *from, const X509 *delegate, const X509 *ca, struct messages *m)
{
	const struct config_text source = credentials_certificate_source(from);

	if (!is_issued_by(source, delegate, ca, m) || !extensions_are_readable(source, delegate, m))
		return;
	if (!is_for_ocsp(delegate))
		message_error(m, source.at,
			"the delegate in %s lacks the extended key usage id-kp-OCSPSigning, without which no "
			"client accepts it; "
			"have it issued with extendedKeyUsage=OCSPSigning",
			source.value);
	if (!may_sign(delegate))
		message_warning(m, source.at,
			"the delegate in %s has a keyUsage without digitalSignature, and clients may refuse "
			"it; have it issued "
			"with keyUsage=digitalSignature",
			source.value);
	if (X509_get_ext_by_NID(delegate, NID_id_pkix_OCSP_noCheck, -1) == NO_SUCH_EXTENSION)
		message_warning(m, source.at,
			"the delegate in %s lacks id-pkix-ocsp-nocheck, and clients may ask for its own "
			"status; have it issued "
			"with noCheck=ignored",
			source.value);
}

void credentials_check_ca_signs(const struct config_credential *from, const X509 *ca, struct messages *m)
{
	const struct config_text source = credentials_certificate_source(from);

	if (!extensions_are_readable(source, ca, m))
		return;
	if (!may_sign(ca))
		message_warning(m, source.at,
			"the CA in %s signs its responses itself, but its keyUsage lacks digitalSignature, "
			"and clients may refuse "
			"them; use a delegate (ocsp_cert)",
			source.value);
}

void credentials_check_signature(struct config_text source, const X509 *certificate, struct messages *m)
{
	int digest = NID_undef;
	char *subject = NULL;

	if (X509_get_signature_info((X509 *)(uintptr_t)certificate, &digest, NULL, NULL, NULL) != 1)
		digest = NID_undef;
	ERR_clear_error();
	if (digest != NID_sha1 && digest != NID_md5 && digest != NID_md5_sha1 && digest != NID_md4)
		return;
	subject = credentials_name_text(X509_get_subject_name(certificate));
	message_warning(m, source.at,
		"the certificate of \"%s\" in %s was signed with %s, which clients refuse; have it issued "
		"again with SHA-256",
		subject, source.value, digest == NID_sha1 ? "SHA-1" : "MD5");
	free(subject);
}

void credentials_check_ca(const struct config_credential *from, const X509 *ca, struct messages *m)
{
	const struct config_text source = credentials_certificate_source(from);

	credentials_check_signature(source, ca, m);
	if (X509_check_ca((X509 *)(uintptr_t)ca) == 0)
		message_warning(m, source.at,
			"%s is not the certificate of a CA; ca_cert is the one that issued what is asked "
			"about",
			source.value);
	ERR_clear_error();
}

bool credentials_check_times(struct config_text source, const X509 *certificate, int64_t now,
	int64_t validity_seconds, struct messages *m)
{
	int64_t not_before = 0, not_after = 0;
	char text[ISO_TIME_SIZE];

	if (!credentials_validity(certificate, &not_before, &not_after)) {
		message_error(m, source.at,
			"a certificate in %s has no readable validity; have it issued again", source.value);
		return false;
	}
	if (not_after < now) {
		message_warning(m, source.at, "a certificate in %s expired on %s; replace it", source.value,
			iso_time(not_after, text));
		return false;
	}
	if (not_after - now < validity_seconds)
		message_warning(m, source.at,
			"a certificate in %s ends on %s, before a response of now would "
			"(ocsp_validity_hours); renew it",
			source.value, iso_time(not_after, text));
	if (not_before > now)
		message_notice(m, source.at, "a certificate in %s becomes valid on %s and is not used before",
			source.value, iso_time(not_before, text));
	return true;
}
