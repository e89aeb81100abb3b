#include "status_redis_tls.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "process.h"
#include "status_redis_tls_fault.h"

/* RFC 8879, since OpenSSL 3.2: a static program cannot load the zlib that libcrypto would call, and nobody needs it. */
#ifdef SSL_OP_NO_TX_CERTIFICATE_COMPRESSION
#define NO_COMPRESSION                                                                                       \
	(SSL_OP_NO_COMPRESSION | SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION)
#else
#define NO_COMPRESSION SSL_OP_NO_COMPRESSION
#endif

/* Octets of certificates, or of the names of CAs; libssl would take 100 KB, which become 8 MB as X509. */
#define MESSAGE_MAX 16384

#define SECURITY_LEVEL 2 /* of OpenSSL: RSA from 2048 bits on, no SHA-1 */

bool redis_tls_is_built(void)
{
	return true;
}

/* ---- octets: libssl's own socket BIO would read() and write(), which the sandbox does not know ---- */

static int write_octets(BIO *bio, const char *octets, int len)
{
	struct redis_tls *t = BIO_get_data(bio);
	ssize_t put = send(t->fd, octets, (size_t)len, MSG_NOSIGNAL);
	BIO_clear_retry_flags(bio);
	t->error = put < 0 ? errno : 0;
	if (t->error == EAGAIN || t->error == EINTR)
		BIO_set_retry_write(bio);
	return (int)put;
}

/* libssl passes over HelloRequests as long as they come: what comes late has not come, and who waits for it sees the time. */
static int read_octets(BIO *bio, char *octets, int size)
{
	struct redis_tls *t = BIO_get_data(bio);
	const bool late = t->until_us != 0 && process_monotonic_us() >= t->until_us;
	ssize_t got = late ? -1 : recv(t->fd, octets, (size_t)size, 0);
	BIO_clear_retry_flags(bio);
	t->error = late ? EAGAIN : got < 0 ? errno : 0;
	if (t->error == EAGAIN || t->error == EINTR)
		BIO_set_retry_read(bio);
	return (int)got;
}

static long control(BIO *bio, int command, long number, void *more)
{
	(void)bio;
	(void)number;
	(void)more;
	return command == BIO_CTRL_FLUSH;
}

/* Lives as long as the process. */
static BIO *new_bio(struct redis_tls *t)
{
	static BIO_METHOD *method;
	if (!method) {
		BIO_METHOD *fresh = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "redis");
		if (!fresh || BIO_meth_set_write(fresh, write_octets) != 1 ||
			BIO_meth_set_read(fresh, read_octets) != 1 || BIO_meth_set_ctrl(fresh, control) != 1)
			return NULL;
		method = fresh;
	}
	BIO *bio = BIO_new(method);
	if (!bio)
		return NULL;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	return bio;
}

/* ---- certificates ---- */

/* Of several in DER, one behind another. */
static X509 *next_certificate(struct slice *der)
{
	const unsigned char *p = der->data;
	X509 *certificate = d2i_X509(NULL, &p, (long)der->len);
	if (certificate)
		*der = (struct slice){p, der->len - (size_t)(p - der->data)};
	return certificate;
}

static bool add_trusted(SSL_CTX *context, struct slice der)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	while (der.len > 0) {
		X509 *certificate = next_certificate(&der);
		bool added = certificate && X509_STORE_add_cert(store, certificate) == 1;
		X509_free(certificate);
		if (!added)
			return false;
	}
	/* An intermediate, or the server's own certificate, may be trusted as it stands. */
	return X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static bool use_certificates(SSL *ssl, struct slice der)
{
	bool good = true;
	for (size_t i = 0; good && der.len > 0; i++) {
		X509 *certificate = next_certificate(&der);
		good = certificate && (i == 0 ? SSL_use_certificate(ssl, certificate)
					      : (int)SSL_add1_chain_cert(ssl, certificate)) == 1;
		X509_free(certificate);
	}
	return good;
}

static bool use_key(SSL *ssl, struct slice der)
{
	const unsigned char *p = der.data;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	bool good = key && SSL_use_PrivateKey(ssl, key) == 1;
	EVP_PKEY_free(key);
	return good;
}

/* RFC 9525: subjectAltName alone counts, and of a wildcard only a whole label. */
static bool expect(SSL *ssl, const struct redis_address *address)
{
	char name[REDIS_NAME_MAX + 1] = "";
	X509_VERIFY_PARAM *wanted = SSL_get0_param(ssl);
	if (address->name.len == 0)
		return X509_VERIFY_PARAM_set1_ip(
			       wanted, address->ip, address->family == REDIS_IPV4 ? 4 : 16) == 1;
	if (address->name.len >= sizeof name)
		return false;
	memcpy(name, address->name.data, address->name.len);
	X509_VERIFY_PARAM_set_hostflags(
		wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(wanted, name, address->name.len) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

/* ---- the connection ---- */

/*
 * No openssl.cnf, no texts of errors (status_redis_tls_fault.c has those that matter: libssl's take 0.1 ms to load). Ciphers of
 * TLS 1.2 without an AEAD would draw random octets for each record, within the sandbox. read_ahead: one recv() takes
 * all that has come.
 */
static SSL_CTX *new_context(struct slice trusted)
{
	const uint64_t nothing_else = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_SSL_STRINGS |
				      OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
	if (OPENSSL_init_ssl(nothing_else, NULL) != 1)
		return NULL;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	if (!context)
		return NULL;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | NO_COMPRESSION | SSL_OP_NO_TICKET);
	SSL_CTX_set_mode(context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_max_cert_list(context, MESSAGE_MAX);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
		SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
		SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 && add_trusted(context, trusted))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

static bool set_up(
	struct redis_tls *t, const struct redis_settings *settings, const struct redis_address *address)
{
	SSL_CTX *context = new_context(settings->tls_ca);
	if (!context)
		return false;
	t->ssl = SSL_new(context);
	SSL_CTX_free(context); /* the connection keeps it */
	BIO *bio = t->ssl ? new_bio(t) : NULL;
	if (!bio)
		return false;
	SSL_set_bio(t->ssl, bio, bio);
	if (settings->tls_cert.len > 0 &&
		(!use_certificates(t->ssl, settings->tls_cert) || !use_key(t->ssl, settings->tls_key)))
		return false;
	return expect(t->ssl, address);
}

bool redis_tls_start(
	struct redis_tls *t, const struct redis_settings *settings, const struct redis_address *address)
{
	*t = (struct redis_tls){.fd = -1};
	if (set_up(t, settings, address))
		return true;
	redis_tls_end(t);
	t->reason = "libssl cannot use what is configured, or has no memory";
	t->advice = "run ocspctl compile";
	return false;
}

/* What came of a call of libssl's, as send() and recv() would say it. */
static ssize_t judge(struct redis_tls *t, int result, size_t octets)
{
	if (result == 1)
		return (ssize_t)octets;
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		t->wants = POLLIN;
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_WANT_WRITE:
		t->wants = POLLOUT;
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		errno = t->error;
		return t->error == 0 ? 0 : -1;
	default:
		if (!t->reason) /* what follows the first one is said by it */
			redis_tls_explain(t, SSL_get_verify_result(t->ssl), ERR_peek_error());
		errno = EPROTO;
		return -1;
	}
}

bool redis_tls_handshake(struct redis_tls *t, int fd)
{
	t->fd = fd;
	ERR_clear_error();
	ssize_t done = judge(t, SSL_connect(t->ssl), 1);
	if (done == 1) {
		SSL_certs_clear(t->ssl);
		return true;
	}
	if (done == 0) {
		t->reason = "the server ended the handshake";
		t->advice = "does this port speak TLS (tls-port)? see its log";
		errno = EPROTO;
	}
	return false;
}

static bool is_reset(int error)
{
	return error == ECONNRESET || error == EPIPE;
}

/*
 * In TLS 1.3 a server refuses our certificate when we have begun to speak; its alert says more than a reset, which may have
 * overtaken it.
 */
static ssize_t end_early(struct redis_tls *t)
{
	if (!t->reason) {
		t->reason = "the server ended the connection behind the handshake";
		t->advice = "does it want redis.tls.cert and key, or others? see its log";
	}
	errno = EPROTO;
	return -1;
}

ssize_t redis_tls_receive(struct redis_tls *t, uint8_t *octets, size_t size)
{
	size_t got = 0;
	ERR_clear_error();
	int result = SSL_read_ex(t->ssl, octets, size, &got);
	ssize_t taken = judge(t, result, got);
	if (!t->heard && (taken == 0 || (taken < 0 && is_reset(errno))))
		return end_early(t);
	t->heard = t->heard || taken > 0;
	return taken;
}

ssize_t redis_tls_send(struct redis_tls *t, struct slice octets)
{
	size_t put = 0;
	uint8_t octet = 0;
	ERR_clear_error();
	int result = SSL_write_ex(t->ssl, octets.data, octets.len, &put);
	ssize_t sent = judge(t, result, put);
	if (sent == 0) { /* as send() says it: the server has ended the connection */
		errno = EPIPE;
		sent = -1;
	}
	if (sent > 0 || t->heard || !is_reset(errno))
		return sent;
	(void)judge(t, SSL_peek_ex(t->ssl, &octet, sizeof octet, &put), 1);
	return end_early(t);
}

void redis_tls_end(struct redis_tls *t)
{
	SSL_free(t->ssl);
	t->ssl = NULL;
}
