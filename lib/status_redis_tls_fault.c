#include "status_redis_tls_fault.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define NO_TLS       "does this port speak TLS (tls-port)? correct redis.address"
#define OUR_CERT     "correct redis.tls.cert and key, or what the server trusts (tls-ca-cert-file)"

/* The server's certificate: libcrypto has a text for each, which needs no advice of ours but these. */
static const struct {
	long verified;
	const char *advice;
} certificates[] = {
	{X509_V_ERR_CERT_HAS_EXPIRED, "renew it, or see to this machine's clock"},
	{X509_V_ERR_CERT_NOT_YET_VALID, "see to this machine's clock, and the server's"},
	{X509_V_ERR_HOSTNAME_MISMATCH,
		"redis.address must name the server as its certificate's subjectAltName does"},
	{X509_V_ERR_IP_ADDRESS_MISMATCH,
		"its certificate's subjectAltName must have this IP address, or redis.address a name that "
		"it has"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		"redis.tls.ca must hold the CA that issued the server's certificate"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
		"redis.tls.ca must hold the CA that issued the server's certificate"},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
		"redis.tls.ca must hold the CA that issued the server's certificate"},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
		"redis.tls.ca must hold the server's certificate, or the CA that issued it"},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		"redis.tls.ca must hold the root that the server's certificate leads to"},
	{X509_V_ERR_CERT_SIGNATURE_FAILURE, "redis.tls.ca holds another key of a CA of that name: renew it"},
	{X509_V_ERR_INVALID_PURPOSE, "the server's certificate is not one for servers (serverAuth)"},
};

/* RFC 8446 6.2: what the server refuses. */
static const struct {
	int alert;
	const char *reason, *advice;
} alerts[] = {
	{SSL_AD_HANDSHAKE_FAILURE, "the server refuses the handshake",
		"does it want a certificate (redis.tls.cert and key), or other ciphers? see its log"},
	{SSL_AD_BAD_CERTIFICATE, "the server refuses our certificate", OUR_CERT},
	{SSL_AD_UNSUPPORTED_CERTIFICATE, "the server refuses our certificate: unsupported", OUR_CERT},
	{SSL_AD_CERTIFICATE_REVOKED, "the server refuses our certificate: revoked", OUR_CERT},
	{SSL_AD_CERTIFICATE_EXPIRED, "the server refuses our certificate: expired", OUR_CERT},
	{SSL_AD_CERTIFICATE_UNKNOWN, "the server refuses our certificate", OUR_CERT},
	{SSL_AD_UNKNOWN_CA, "the server refuses our certificate: its CA is unknown there", OUR_CERT},
	{SSL_AD_ACCESS_DENIED, "the server refuses our certificate", OUR_CERT},
	{SSL_AD_PROTOCOL_VERSION, "the server has no TLS 1.2", "allow TLS 1.2 or 1.3 there (tls-protocols)"},
	{SSL_AD_INSUFFICIENT_SECURITY, "the server wants other ciphers", "see tls-ciphers there"},
	{TLS13_AD_CERTIFICATE_REQUIRED, "the server wants a certificate", "give redis.tls.cert and key"},
	{SSL_AD_UNRECOGNIZED_NAME, "the server has no certificate for that name", "correct redis.address"},
};

/* libssl's own complaints. */
static const struct {
	int reason;
	const char *text, *advice;
} complaints[] = {
	{SSL_R_WRONG_VERSION_NUMBER, "what answers does not speak TLS", NO_TLS},
	{SSL_R_PACKET_LENGTH_TOO_LONG, "what answers does not speak TLS", NO_TLS},
	{SSL_R_HTTP_REQUEST, "what answers does not speak TLS", NO_TLS},
	{SSL_R_UNSUPPORTED_PROTOCOL, "the server has no TLS 1.2",
		"allow TLS 1.2 or 1.3 there (tls-protocols)"},
	{SSL_R_EXCESSIVE_MESSAGE_SIZE, "a message of more than 16 KiB",
		"is its chain of certificates as short as it can be?"},
	{SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a record was changed on its way",
		"see to the network between"},
};

static void say(struct redis_tls *t, const char *reason, const char *advice)
{
	t->reason = reason;
	t->advice = advice;
}

static void explain_certificate(struct redis_tls *t, long verified)
{
	say(t, X509_verify_cert_error_string(verified), "have the server's certificate issued anew");
	for (size_t i = 0; i < COUNT(certificates); i++)
		if (certificates[i].verified == verified)
			t->advice = certificates[i].advice;
}

void redis_tls_explain(struct redis_tls *t, long verified, unsigned long error)
{
	const int reason = ERR_GET_REASON(error);
	say(t, "the protocol is broken", "see the server's log");
	if (verified != X509_V_OK) {
		explain_certificate(t, verified);
		return;
	}
	for (size_t i = 0; i < COUNT(alerts); i++)
		if (reason == SSL_AD_REASON_OFFSET + alerts[i].alert)
			say(t, alerts[i].reason, alerts[i].advice);
	for (size_t i = 0; i < COUNT(complaints); i++)
		if (reason == complaints[i].reason)
			say(t, complaints[i].text, complaints[i].advice);
}
