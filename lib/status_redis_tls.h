/*
 * status_redis_tls: the TLS client of a connection to Redis (RFC 8446, RFC 5246): its octets go through send() and recv() of
 * a descriptor that somebody else has connected, and waits for. Part of status_redis; ocspctl's client uses it, too. The one
 * file that knows libssl, and only in a build with REDIS_TLS; else status_redis_plain.c has this header's functions, refuses
 * what a snapshot wants of TLS, and nothing is ever sent in the clear instead.
 *
 * TLS 1.2 at least, with ECDHE and an AEAD. The server's certificate must lead to one of settings.tls_ca (there is no other
 * trust) and be for the address's name (subjectAltName; SNI is sent), or, where it has none, for its IP address.
 */
#ifndef STATUS_REDIS_TLS_H
#define STATUS_REDIS_TLS_H

#include "snapshot.h"

#include <sys/types.h>

struct ssl_st;

/* The caller's storage, at one place as long as it is in use; {0}: there is no TLS. */
struct redis_tls {
	struct ssl_st *ssl; /* NULL: not in use */
	int fd;
	int64_t until_us; /* process_monotonic_us(): later nothing is received, as if nothing came; 0: no limit */
	int error;        /* errno of the last send() or recv(); 0: the server has ended the connection */
	bool heard;       /* the server has answered: it takes us as we are */
	short wants;      /* after EAGAIN: POLLIN or POLLOUT, to be waited for */
	const char *reason; /* what is wrong with the server, its certificate or ours; NULL: errno says it */
	const char *advice; /* what to do about it; both static */
};

/* Whether this program has TLS at all, and what to do where it has not. */
bool redis_tls_is_built(void);
#define REDIS_TLS_WAYS_OUT                                                                                   \
	"build it with REDIS_TLS=1, let stunnel listen on a Unix socket in front of Redis, or keep a "       \
	"replica on this machine"

/*
 * Prepares TLS to this address; nothing is sent. False: no memory, what the settings hold is no certificate or key, or this
 * program has no TLS: no fault of the server's. redis_tls_end() in any case, or the end of the process.
 */
bool redis_tls_start(
	struct redis_tls *t, const struct redis_settings *settings, const struct redis_address *address);

/*
 * The handshake over a connected descriptor; what is random in it comes from libcrypto's own generator, seeded by the
 * system. Call it again after EAGAIN. Afterwards our private key is forgotten, and neither of the two functions below makes
 * any system call but send() and recv() (the process may be in its sandbox). False: errno, and t->reason unless errno says
 * all.
 */
bool redis_tls_handshake(struct redis_tls *t, int fd);

/* As send() and recv(): -1 and errno, EPROTO where t->reason says more; 0, of receive only: ended by the server. */
ssize_t redis_tls_send(struct redis_tls *t, struct slice octets);
ssize_t redis_tls_receive(struct redis_tls *t, uint8_t *octets, size_t size);

/* Frees what it has, not the descriptor; the reason stays. */
void redis_tls_end(struct redis_tls *t);

#endif
