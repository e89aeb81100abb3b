/* A build without TLS. */
#include "status_redis_tls.h"

#include <errno.h>

bool redis_tls_is_built(void)
{
	return false;
}

bool redis_tls_start(
	struct redis_tls *t, const struct redis_settings *settings, const struct redis_address *address)
{
	(void)settings;
	(void)address;
	*t = (struct redis_tls){
		.fd = -1, .reason = "this program was built without it", .advice = REDIS_TLS_WAYS_OUT};
	return false;
}

bool redis_tls_handshake(struct redis_tls *t, int fd)
{
	(void)t;
	(void)fd;
	errno = EPROTONOSUPPORT;
	return false;
}

ssize_t redis_tls_send(struct redis_tls *t, struct slice octets)
{
	(void)t;
	(void)octets;
	errno = EPROTONOSUPPORT;
	return -1;
}

ssize_t redis_tls_receive(struct redis_tls *t, uint8_t *octets, size_t size)
{
	(void)t;
	(void)octets;
	(void)size;
	errno = EPROTONOSUPPORT;
	return -1;
}

void redis_tls_end(struct redis_tls *t)
{
	(void)t;
}
