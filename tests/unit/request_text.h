/*
 * request_text: OCSPRequests as text (der_text.h), and their decoding. What is accepted must be accepted by OpenSSL too.
 */
#ifndef REQUEST_TEXT_H
#define REQUEST_TEXT_H

#include "request.h"

#include "der_text.h"
#include "request_openssl.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define SHA1                 "30{06{2B0E03021A}05{}}"
#define HASHES               "04{*20}04{*20}"
#define CERTID               "30{" SHA1 HASHES "02{1234}}"
#define LIST                 "30{30{" CERTID "}}"
#define REQUEST(tbs)         "30{30{" tbs "}}"
#define CERTID_OF(content)   REQUEST("30{30{30{" content "}}}")
#define NAMED(name)          REQUEST("A1{" name "}" LIST)
#define RDN(value)           NAMED("A4{30{31{30{06{550403}" value "}}}}")
#define EXTENDED(extensions) REQUEST(LIST "A2{" extensions "}")
#define SINGLE(extensions)   REQUEST("30{30{" CERTID "A0{" extensions "}}}")
#define SIGNED(signature)    "30{30{" LIST "}A0{" signature "}}"
#define RSA_SHA256           "30{06{2A864886F70D01010B}05{}}"

#define OCSP_OID(last) "06{2B0601050507 3001" last "}"
#define NONCE(content) "30{" OCSP_OID("02") "04{" content "}}"
#define UNKNOWN_OID    "06{2B0601040182370A}"
#define TRUE_BOOLEAN   "0101FF"

static struct request request; /* large for a stack */

static inline bool decode(const char *text, size_t limit, struct request_fault *fault)
{
	static uint8_t storage[65536];
	struct slice der = der_text(text, storage, sizeof storage);
	bool accepted = request_decode(der, limit, &request, fault);
	if (accepted && request.signer_certs.len == 0) /* OpenSSL decodes the certificates, too */
		assert_int_equal(openssl_certids(der), request.certid_count);
	return accepted;
}

static inline void accept(const char *name, const char *text)
{
	struct request_fault fault;
	if (!decode(text, 64, &fault))
		fail_msg("%s: refused: %s", name, fault.reason);
}

#endif
