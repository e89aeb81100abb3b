/* crl_verify(): the issuer's name, its cRLSign, and the signature over the octets as they were read. */
#include "crl.h"

#include "crl_extensions.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

/* How a signature was made, taken from its AlgorithmIdentifier. */
struct method {
	const EVP_MD *digest; /* NULL: the algorithm's own (Ed25519) */
	int key_type;         /* EVP_PKEY_*; RSA for PSS too */
	bool pss;
	const EVP_MD *mgf1_digest;
	int salt_length;
};

/* Name: the same octets, or the same by RFC 5280 7.1's comparison (another string type, another case). */
static bool is_issuer(const struct crl *c, const X509 *ca)
{
	const unsigned char *own = NULL;
	const unsigned char *next = c->issuer.data;
	size_t own_len = 0;
	X509_NAME *subject = X509_get_subject_name(ca);
	if (X509_NAME_get0_der(subject, &own, &own_len) == 1 &&
		bytes_equal(c->issuer, (struct slice){own, own_len}))
		return true;
	X509_NAME *issuer = d2i_X509_NAME(NULL, &next, (long)c->issuer.len);
	bool same = issuer && X509_NAME_cmp(issuer, subject) == 0;
	X509_NAME_free(issuer);
	return same;
}

/*
 * RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1,
 *                                  saltLength [2] INTEGER DEFAULT 20, trailerField [3] INTEGER DEFAULT 1 }  (RFC 4055 3.1)
 */
static bool read_pss(const ASN1_STRING *parameters, struct method *out)
{
	bool done = false;
	const unsigned char *next = ASN1_STRING_get0_data(parameters);
	RSA_PSS_PARAMS *pss = d2i_RSA_PSS_PARAMS(NULL, &next, ASN1_STRING_length(parameters));
	X509_ALGOR *mgf1_hash = NULL;
	if (!pss)
		return false;
	out->digest = pss->hashAlgorithm ? EVP_get_digestbyobj(pss->hashAlgorithm->algorithm) : EVP_sha1();
	out->mgf1_digest = EVP_sha1();
	if (pss->maskGenAlgorithm) {
		if (OBJ_obj2nid(pss->maskGenAlgorithm->algorithm) != NID_mgf1)
			goto out;
		mgf1_hash = ASN1_TYPE_unpack_sequence(
			ASN1_ITEM_rptr(X509_ALGOR), pss->maskGenAlgorithm->parameter);
		out->mgf1_digest = mgf1_hash ? EVP_get_digestbyobj(mgf1_hash->algorithm) : NULL;
	}
	out->salt_length = pss->saltLength ? (int)ASN1_INTEGER_get(pss->saltLength) : 20;
	done = out->digest && out->mgf1_digest && out->salt_length >= 0 &&
	       (!pss->trailerField || ASN1_INTEGER_get(pss->trailerField) == 1);
out:
	X509_ALGOR_free(mgf1_hash);
	RSA_PSS_PARAMS_free(pss);
	return done;
}

/* AlgorithmIdentifier → the method; false: none of RSA, RSA-PSS, ECDSA, EdDSA with a digest of SHA. */
static bool read_method(struct slice algorithm, struct method *out)
{
	bool done = false;
	const unsigned char *next = algorithm.data;
	const ASN1_OBJECT *oid = NULL;
	int digest = NID_undef, parameter_type = 0;
	const void *parameter = NULL;
	X509_ALGOR *algor = d2i_X509_ALGOR(NULL, &next, (long)algorithm.len);
	if (!algor)
		return false;
	X509_ALGOR_get0(&oid, &parameter_type, &parameter, algor);
	if (OBJ_find_sigid_algs(OBJ_obj2nid(oid), &digest, &out->key_type) != 1)
		goto out;
	if (OBJ_obj2nid(oid) == NID_rsassaPss) {
		out->pss = true;
		out->key_type = EVP_PKEY_RSA;
		done = parameter_type == V_ASN1_SEQUENCE && read_pss(parameter, out);
	} else if (digest != NID_undef) {
		out->digest = EVP_get_digestbynid(digest);
		done = out->digest && (out->key_type == EVP_PKEY_RSA || out->key_type == EVP_PKEY_EC);
	} else {
		done = out->key_type == EVP_PKEY_ED25519 || out->key_type == EVP_PKEY_ED448;
	}
out:
	X509_ALGOR_free(algor);
	return done;
}

static bool is_sha2(const EVP_MD *digest)
{
	return EVP_MD_is_a(digest, "SHA2-224") || EVP_MD_is_a(digest, "SHA2-256") ||
	       EVP_MD_is_a(digest, "SHA2-384") || EVP_MD_is_a(digest, "SHA2-512");
}

/*
 * SHA-1 is a warning as it is for a certificate (conformance C10): the file is the operator's, a collision would need the
 * CA's help, and CAs that cannot sign otherwise are still to be answered for. Anything older is an error.
 */
static bool check_digest(const struct crl *c, const EVP_MD *digest, struct messages *m)
{
	if (!digest || is_sha2(digest))
		return true;
	if (!EVP_MD_is_a(digest, "SHA1"))
		return crl_refuse(c, c->algorithm, m,
			"signed with %s, which is broken; have the CA use SHA-256", EVP_MD_get0_name(digest));
	message_warning(m, (struct place){c->path, 0, 0}, "signed with SHA-1; have the CA use SHA-256");
	return true;
}

static bool use_pss(EVP_PKEY_CTX *context, const struct method *method)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, method->mgf1_digest) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, method->salt_length) == 1;
}

static bool is_signed_by(const struct crl *c, const struct method *method, EVP_PKEY *key)
{
	bool valid = false;
	EVP_PKEY_CTX *parameters = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (!context || EVP_DigestVerifyInit(context, &parameters, method->digest, NULL, key) != 1)
		goto out;
	if (method->pss && !use_pss(parameters, method))
		goto out;
	valid = EVP_DigestVerify(context, c->signature.data, c->signature.len, c->tbs.data, c->tbs.len) == 1;
out:
	EVP_MD_CTX_free(context);
	return valid;
}

bool crl_verify(const struct crl *c, X509 *ca, struct messages *m)
{
	struct method method = {0};
	EVP_PKEY *key = X509_get0_pubkey(ca);
	if (!is_issuer(c, ca))
		return crl_refuse(c, c->issuer, m,
			"the CRL's issuer is not this CA's subject; give the CRL of this CA, or its CA "
			"certificate");
	if ((X509_get_key_usage(ca) & X509v3_KU_CRL_SIGN) == 0)
		return crl_refuse(c, c->issuer, m,
			"the CA certificate's keyUsage lacks cRLSign, so its CRLs count for nothing "
			"(RFC 5280 4.2.1.3); use an index, or a CA certificate that may sign CRLs");
	if (!read_method(c->algorithm, &method))
		return crl_refuse(c, c->algorithm, m,
			"the signature algorithm is not known here; have the CA use RSA, ECDSA or Ed25519 "
			"with SHA-256");
	if (!check_digest(c, method.digest, m))
		return false;
	if (method.mgf1_digest && method.mgf1_digest != method.digest &&
		!check_digest(c, method.mgf1_digest, m))
		return false;
	bool fits = key && (EVP_PKEY_get_base_id(key) == method.key_type ||
				   (method.pss && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS));
	if (!fits || !is_signed_by(c, &method, key))
		return crl_refuse(c, c->algorithm, m,
			"the signature does not verify with this CA's key; fetch the CRL anew, and check "
			"that the CA certificate is the one whose key signs it");
	return true;
}
