#include "status_redis_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "process.h"

union socket_address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

static socklen_t socket_address(const struct redis_address *from, union socket_address *out)
{
	memset(out, 0, sizeof *out);
	if (from->family == REDIS_UNIX) {
		if (from->path.len >= sizeof out->local.sun_path)
			return 0;
		out->local.sun_family = AF_UNIX;
		memcpy(out->local.sun_path, from->path.data, from->path.len);
		return sizeof out->local;
	}
	if (from->family == REDIS_IPV4) {
		out->ip4.sin_family = AF_INET;
		out->ip4.sin_port = htons(from->port);
		memcpy(&out->ip4.sin_addr, from->ip, 4);
		return sizeof out->ip4;
	}
	out->ip6.sin6_family = AF_INET6;
	out->ip6.sin6_port = htons(from->port);
	out->ip6.sin6_scope_id = from->scope;
	memcpy(&out->ip6.sin6_addr, from->ip, 16);
	return sizeof out->ip6;
}

/* Waits for the descriptor until `until_us`; false: the time is over. */
static bool wait_for(int fd, short events, int64_t until_us)
{
	for (;;) {
		int64_t left = until_us - process_monotonic_us();
		struct pollfd wanted = {.fd = fd, .events = events};
		if (left <= 0)
			return false;
		int ready = poll(&wanted, 1, (int)((left + 999) / 1000));
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}

static int connection_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof error;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/* Connects without blocking. With another address to fall back on, waits until `until_us` for the outcome; without, the
 * first write waits for it. */
static bool try_address(
	struct status_redis *r, const struct redis_address *address, bool last, int64_t until_us)
{
	union socket_address to;
	socklen_t size = socket_address(address, &to);
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r->error = size == 0 ? ENAMETOOLONG : errno;
	if (fd < 0)
		return false;
	r->error = 0;
	if (size == 0)
		r->error = ENAMETOOLONG;
	else if (connect(fd, &to.any, size) != 0)
		r->error = errno;
	if (r->error == EINPROGRESS)
		r->error = last ? 0 : wait_for(fd, POLLOUT, until_us) ? connection_error(fd) : ETIMEDOUT;
	if (r->error != 0) {
		close(fd);
		return false;
	}
	r->fd = fd;
	return true;
}

void status_redis_open(struct status_redis *r, const struct redis_settings *settings)
{
	int64_t budget_us = (int64_t)settings->timeout_ms * 1000;
	*r = (struct status_redis){.settings = *settings, .fd = -1};
	r->deadline_us = process_monotonic_us() + budget_us;
	for (size_t i = 0; i < settings->address_count; i++) {
		bool last = i + 1 == settings->address_count;
		int64_t share_us = budget_us / (int64_t)settings->address_count * (int64_t)(i + 1);
		r->address = i;
		if (try_address(r, &settings->addresses[i], last, r->deadline_us - budget_us + share_us))
			return;
	}
}

struct redisContext *redis_link_context(struct status_redis *r)
{
	if (!r->context)
		r->context = redisConnectFd(r->fd);
	if (r->context)
		r->context->flags &= ~REDIS_BLOCK;
	return r->context;
}

enum redis_outcome redis_link_send(struct status_redis *r)
{
	int done = 0;
	while (!done) {
		errno = 0;
		if (redisBufferWrite(r->context, &done) != REDIS_OK)
			return REDIS_LOST;
		if (!done && !wait_for(r->fd, POLLOUT, r->deadline_us))
			return REDIS_TIMEOUT;
	}
	return REDIS_DONE;
}

static enum redis_outcome read_more(struct status_redis *r)
{
	if (redis_reply_is_oversized(r->context->reader))
		return REDIS_NONSENSE;
	if (!wait_for(r->fd, POLLIN, r->deadline_us))
		return REDIS_TIMEOUT;
	errno = 0;
	if (redisBufferRead(r->context) == REDIS_OK)
		return REDIS_DONE;
	if (r->context->err == REDIS_ERR_EOF)
		errno = 0;
	return r->context->err == REDIS_ERR_PROTOCOL ? REDIS_NONSENSE : REDIS_LOST;
}

enum redis_outcome redis_link_receive(struct status_redis *r, struct redis_reply *reply)
{
	redis_reply_begin(r->context->reader, reply);
	for (;;) {
		void *whole = NULL;
		if (redisGetReplyFromReader(r->context, &whole) != REDIS_OK)
			return REDIS_NONSENSE;
		if (whole)
			return reply->odd ? REDIS_NONSENSE : REDIS_DONE;
		enum redis_outcome outcome = read_more(r);
		if (outcome != REDIS_DONE)
			return outcome;
	}
}

void redis_link_address(const struct status_redis *r, struct buffer *out)
{
	char text[INET6_ADDRSTRLEN] = "";
	const struct redis_address *a = &r->settings.addresses[r->address];
	if (a->family == REDIS_UNIX) {
		bytes_append_text(out, "unix:");
		bytes_append(out, a->path);
		return;
	}
	bool ip6 = a->family == REDIS_IPV6;
	inet_ntop(ip6 ? AF_INET6 : AF_INET, a->ip, text, sizeof text);
	bytes_append_text(out, ip6 ? "[" : "");
	bytes_append_text(out, text);
	bytes_append_text(out, ip6 ? "]:" : ":");
	bytes_append_decimal(out, a->port);
}
