#include "status_redis_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#define READ_MAX 16384 /* octets; Redis sends its replies in pieces of at most so many */

socklen_t redis_link_socket_address(const struct redis_address *from, union redis_socket_address *out)
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

/* Waits until `until_us` for the outcome of a connect() in progress: 0, or its errno. */
static int finish_connecting(int fd, int64_t until_us)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (!wait_for(fd, POLLOUT, until_us))
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/* A new descriptor that connects, without waiting for it; EINPROGRESS in *error is none. -1: *error says why. */
static int start_connecting(const struct redis_address *address, int *error)
{
	union redis_socket_address to;
	socklen_t size = redis_link_socket_address(address, &to);
	*error = ENAMETOOLONG;
	if (size == 0)
		return -1;
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*error = fd < 0 ? errno : 0;
	if (fd < 0 || connect(fd, &to.any, size) == 0)
		return fd;
	*error = errno;
	if (*error == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static bool wants_tls(const struct status_redis *r)
{
	return r->settings.tls_ca.len > 0;
}

/* 0, or an errno, beside which r->tls may say more. */
static int shake_hands(struct status_redis *r, int64_t until_us)
{
	r->tls.until_us = until_us;
	while (!redis_tls_handshake(&r->tls, r->fd)) {
		if (errno != EAGAIN)
			return errno;
		if (!wait_for(r->fd, r->tls.wants, until_us)) {
			r->tls.reason = "no handshake in time";
			r->tls.advice = "does this port speak TLS (tls-port), and is the server up?";
			return ETIMEDOUT;
		}
	}
	r->tls.until_us = r->deadline_us;
	return 0;
}

/* What the handshake needs is prepared while the connection is made. 0, or an errno. */
static int secure(struct status_redis *r, const struct redis_address *address, int64_t until_us)
{
	r->unable = !redis_tls_start(&r->tls, &r->settings, address);
	if (r->unable)
		return EPROTO;
	if (r->error == EINPROGRESS)
		r->error = finish_connecting(r->fd, until_us);
	return r->error == 0 ? shake_hands(r, until_us) : r->error;
}

static void give_up(struct status_redis *r)
{
	redis_tls_end(&r->tls);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* With another address to fall back on, waits until `until_us` for the outcome; without, redis_link_send() does. */
static bool try_address(
	struct status_redis *r, const struct redis_address *address, bool is_last, int64_t until_us)
{
	r->fd = start_connecting(address, &r->error);
	if (wants_tls(r))
		r->error = secure(r, address, until_us);
	else if (r->error == EINPROGRESS && !is_last)
		r->error = finish_connecting(r->fd, until_us);
	r->connecting = r->error == EINPROGRESS;
	if (r->error == 0 || r->connecting)
		return true;
	give_up(r);
	return false;
}

void status_redis_open(struct status_redis *r, const struct redis_settings *settings)
{
	int64_t started_us = process_monotonic_us();
	int64_t budget_us = (int64_t)settings->timeout_ms * 1000;
	r->settings = *settings;
	r->fd = -1;
	r->deadline_us = started_us + budget_us;
	r->error = 0;
	r->connecting = r->written = r->unable = false;
	r->tls = (struct redis_tls){.fd = -1};
	r->reader = NULL;
	r->commands = bytes_buffer(r->command_octets, sizeof r->command_octets);
	for (size_t i = 0; i < settings->address_count; i++) {
		bool is_last = i + 1 == settings->address_count;
		int64_t share_us = budget_us / (int64_t)settings->address_count * (int64_t)(i + 1);
		r->address = i;
		if (try_address(r, &settings->addresses[i], is_last, started_us + share_us))
			return;
	}
}

void status_redis_close(struct status_redis *r)
{
	give_up(r);
	if (r->reader)
		redis_reply_reader_free(r->reader);
	r->reader = NULL;
}

void redis_link_command(struct status_redis *r, size_t count, const struct slice *words)
{
	struct buffer *out = &r->commands;
	bytes_append_char(out, '*');
	bytes_append_padded(out, count, 1);
	for (size_t i = 0; i < count; i++) {
		bytes_append_text(out, "\r\n$");
		bytes_append_padded(out, words[i].len, 1);
		bytes_append_text(out, "\r\n");
		bytes_append(out, words[i]);
	}
	bytes_append_text(out, "\r\n");
}

static enum redis_outcome connected(struct status_redis *r)
{
	if (r->fd < 0)
		return r->unable ? REDIS_UNABLE : REDIS_UNREACHABLE;
	if (!r->connecting)
		return REDIS_DONE;
	r->error = finish_connecting(r->fd, r->deadline_us);
	if (r->error != 0)
		return REDIS_UNREACHABLE;
	r->connecting = false;
	return REDIS_DONE;
}

static ssize_t put_octets(struct status_redis *r, struct slice octets)
{
	if (r->tls.ssl)
		return redis_tls_send(&r->tls, octets);
	return send(r->fd, octets.data, octets.len, MSG_NOSIGNAL);
}

static short wanted_after(const struct status_redis *r, short event)
{
	return r->tls.ssl ? r->tls.wants : event;
}

enum redis_outcome redis_link_send(struct status_redis *r)
{
	struct slice rest = bytes_written(&r->commands);
	enum redis_outcome outcome = connected(r);
	while (rest.len > 0 && outcome == REDIS_DONE) {
		ssize_t put = put_octets(r, rest);
		if (put > 0) {
			rest = (struct slice){rest.data + put, rest.len - (size_t)put};
		} else if (put < 0 && errno != EINTR && errno != EAGAIN) {
			r->error = errno;
			outcome = REDIS_LOST;
		} else if (!wait_for(r->fd, wanted_after(r, POLLOUT), r->deadline_us)) {
			outcome = REDIS_TIMEOUT;
		}
	}
	explicit_bzero(r->command_octets, r->commands.len); /* the password is among it */
	r->written = outcome == REDIS_DONE;
	return outcome;
}

static ssize_t take_octets(struct status_redis *r, uint8_t octets[READ_MAX])
{
	if (r->tls.ssl)
		return redis_tls_receive(&r->tls, octets, READ_MAX);
	return recv(r->fd, octets, READ_MAX, 0);
}

static enum redis_outcome read_more(struct status_redis *r)
{
	uint8_t octets[READ_MAX];
	ssize_t got = -1;
	bool waits = !r->tls.ssl; /* what libssl has read already would not come again */
	do {
		if (waits && !wait_for(r->fd, wanted_after(r, POLLIN), r->deadline_us))
			return REDIS_TIMEOUT;
		got = take_octets(r, octets);
		waits = true;
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got <= 0) {
		r->error = got < 0 ? errno : 0;
		return REDIS_LOST;
	}
	if (redis_reply_feed(r->reader, (struct slice){octets, (size_t)got}))
		return REDIS_DONE;
	return REDIS_NONSENSE;
}

enum redis_outcome redis_link_receive(struct status_redis *r, struct redis_reply *reply)
{
	enum redis_outcome outcome = REDIS_DONE;
	if (!r->reader)
		r->reader = redis_reply_reader();
	if (!r->reader) {
		r->error = ENOMEM;
		return REDIS_LOST;
	}
	while (outcome == REDIS_DONE) {
		enum redis_arrival arrival = redis_reply_next(r->reader, reply);
		if (arrival == REDIS_WHOLE)
			return reply->kind == REDIS_ODD ? REDIS_NONSENSE : REDIS_DONE;
		outcome = arrival == REDIS_PARTLY ? read_more(r) : REDIS_NONSENSE;
	}
	return outcome;
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
	(void)inet_ntop(ip6 ? AF_INET6 : AF_INET, a->ip, text, sizeof text);
	bytes_append_text(out, ip6 ? "[" : "");
	bytes_append_text(out, text);
	bytes_append_text(out, ip6 ? "]:" : ":");
	bytes_append_decimal(out, a->port);
	if (a->name.len > 0) {
		bytes_append_text(out, " (");
		bytes_append(out, a->name);
		bytes_append_char(out, ')');
	}
}
