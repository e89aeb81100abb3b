#include "delegate.h"

#include "der.h"

static bool is_valid(const struct signer *signer, int64_t now)
{
	return signer->not_before <= now && now < signer->not_after;
}

/* AlgorithmIdentifiers say the same where their OIDs do and their parameters, absent and NULL being one (RFC 4055 2.1). */
static bool same_algorithm(struct slice a, struct slice b)
{
	static const uint8_t null[] = {DER_NULL, 0};
	struct slice none = {null, sizeof null};
	struct slice oid_a = {0};
	struct slice oid_b = {0};
	struct slice parameters_a = {0};
	struct slice parameters_b = {0};
	if (!der_read_algorithm(&a, &oid_a, &parameters_a) || !der_read_algorithm(&b, &oid_b, &parameters_b))
		return false;
	if (parameters_a.len == 0)
		parameters_a = none;
	if (parameters_b.len == 0)
		parameters_b = none;
	return bytes_equal(oid_a, oid_b) && bytes_equal(parameters_a, parameters_b);
}

/* Whether the keys of an algorithm are those of a pubKeyAlgIdentifier; one without parameters leaves the curve open. */
static bool is_of_key(struct slice wanted, struct slice key)
{
	struct slice oid_wanted = {0};
	struct slice oid_key = {0};
	struct slice parameters_wanted = {0};
	struct slice parameters_key = {0};
	return der_read_algorithm(&wanted, &oid_wanted, &parameters_wanted) &&
	       der_read_algorithm(&key, &oid_key, &parameters_key) && bytes_equal(oid_wanted, oid_key) &&
	       (parameters_wanted.len == 0 || bytes_equal(parameters_wanted, parameters_key));
}

/*
 * PreferredSignatureAlgorithm ::= SEQUENCE { sigIdentifier AlgorithmIdentifier,
 *     pubKeyAlgIdentifier SMIMECapability OPTIONAL }
 */
static bool is_preferred(struct slice preferred, enum sign_algorithm algorithm)
{
	struct slice oid = {0};
	struct slice parameters = {0};
	struct slice key = sign_key_identifier(algorithm);
	if (!same_algorithm(preferred, sign_algorithm_identifier(algorithm)))
		return false;
	return !der_read_algorithm(&preferred, &oid, &parameters) || preferred.len == 0 || key.len == 0 ||
	       is_of_key(preferred, key);
}

/* The place of an algorithm in the client's list (RFC 6960 4.4.7.1); preferred_count where it is not in it. */
static size_t preference(const struct request *request, enum sign_algorithm algorithm)
{
	size_t i = 0;
	while (i < request->preferred_count && !is_preferred(request->preferred[i], algorithm))
		i++;
	return i;
}

/* Of two valid signers of one algorithm, whether `a` goes before `b`: established ones first, then the youngest. */
static bool goes_before(const struct signer *a, const struct signer *b, int64_t established)
{
	bool a_is = a->not_before <= established;
	bool b_is = b->not_before <= established;
	if (a_is != b_is)
		return a_is;
	return a_is ? a->not_before > b->not_before : a->not_before < b->not_before;
}

enum delegate_result delegate_choose(const struct snapshot *s, const struct ca *ca,
	const struct request *request, int64_t now, struct signer *out, struct snapshot_fault *fault)
{
	int64_t established = now - ca->fixed.start_skew_seconds;
	bool any = false;
	size_t best = 0;
	for (size_t i = 0; i < ca->signer_count; i++) {
		struct signer signer;
		if (!snapshot_signer(s, ca, i, &signer, fault))
			return DELEGATE_BROKEN;
		if (!is_valid(&signer, now))
			continue;
		size_t place = preference(request, signer.algorithm);
		bool better = !any || place < best;
		if (any && signer.algorithm == out->algorithm)
			better = goes_before(&signer, out, established);
		if (better) {
			*out = signer;
			best = place;
			any = true;
		}
	}
	return any ? DELEGATE_CHOSEN : DELEGATE_NONE_VALID;
}

enum delegate_result delegate_any(
	const struct snapshot *s, const struct ca *ca, int64_t now, struct snapshot_fault *fault)
{
	for (size_t i = 0; i < ca->signer_count; i++) {
		struct signer signer;
		if (!snapshot_signer(s, ca, i, &signer, fault))
			return DELEGATE_BROKEN;
		if (is_valid(&signer, now))
			return DELEGATE_CHOSEN;
	}
	return DELEGATE_NONE_VALID;
}

enum delegate_result delegate_certificates(const struct snapshot *s, const struct ca *ca,
	const struct signer *signer, int64_t now, struct slice certs[DELEGATE_CERTS_MAX], size_t *count,
	int64_t *not_after, struct snapshot_fault *fault)
{
	*count = 0;
	if (signer->not_after < *not_after)
		*not_after = signer->not_after;
	if (signer->include_certificate)
		certs[(*count)++] = signer->certificate;
	for (size_t i = 0; i < ca->chain_count && *count < DELEGATE_CERTS_MAX; i++) {
		struct chain_cert cert;
		if (!snapshot_chain_cert(s, ca, i, &cert, fault))
			return DELEGATE_BROKEN;
		if (cert.not_after <= now)
			continue;
		certs[(*count)++] = cert.der;
		if (cert.not_after < *not_after)
			*not_after = cert.not_after;
	}
	return DELEGATE_CHOSEN;
}
