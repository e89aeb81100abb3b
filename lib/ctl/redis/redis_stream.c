#include "redis_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ctl/memory.h"
#include "process.h"
#include "redis_connect.h"

static bool set_patience(int fd, int ms)
{
	const struct timeval patience = {ms / 1000, ms % 1000 * 1000};
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0;
}

/* Each read has its own patience; a server that sends an octet now and then must not have as many. */
static bool shake_hands(struct redis_stream *s)
{
	s->tls.until_us = process_monotonic_us() + INT64_C(1000) * REDIS_CONNECT_MS;
	const bool done = redis_tls_handshake(&s->tls, s->fd);
	s->tls.until_us = 0;
	if (done)
		return true;
	if (errno != EAGAIN)
		return false;
	s->tls.reason = "no handshake for too long";
	s->tls.advice = "does this port speak TLS (tls-port), and is the server up?";
	errno = ETIMEDOUT;
	return false;
}

bool redis_stream_open(
	struct redis_stream *s, const struct redis_settings *settings, size_t address, int patience_ms)
{
	const bool tls = settings->tls_ca.len > 0;
	redis_stream_close(s);
	if (tls && !redis_tls_start(&s->tls, settings, &settings->addresses[address])) {
		errno = EPROTO;
		return false;
	}
	s->fd = redis_connect(&settings->addresses[address]);
	return s->fd >= 0 && set_patience(s->fd, patience_ms) && (!tls || shake_hands(s));
}

ssize_t redis_stream_write(struct redis_stream *s, struct slice octets)
{
	if (s->tls.ssl)
		return redis_tls_send(&s->tls, octets);
	return send(s->fd, octets.data, octets.len, MSG_NOSIGNAL);
}

ssize_t redis_stream_read(struct redis_stream *s, uint8_t *octets, size_t size)
{
	if (s->tls.ssl)
		return redis_tls_receive(&s->tls, octets, size);
	return recv(s->fd, octets, size, 0);
}

char *redis_stream_fault(const struct redis_stream *s)
{
	if (s->tls.reason)
		return memory_printf("TLS: %s; %s", s->tls.reason, s->tls.advice);
	return memory_text(strerror(errno));
}

void redis_stream_close(struct redis_stream *s)
{
	redis_tls_end(&s->tls);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct redis_stream){.fd = -1};
}
