#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static bool start(struct wire *wire, uint16_t port, uint32_t client, int receive)
{
	const int one = 1;
	struct sockaddr_in from = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 0x100 + client)};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.data.ptr = wire};
	setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(wire->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (receive > 0)
		setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
	return bind(wire->fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
	       (connect(wire->fd, (const struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS) &&
	       epoll_ctl(wire->epoll, EPOLL_CTL_ADD, wire->fd, &event) == 0;
}

bool wire_open(struct wire *wire, uint16_t port, uint32_t client, int receive)
{
	wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return false;
	if (start(wire, port, client, receive))
		return true;
	int error = errno;
	wire_close(wire);
	errno = error;
	return false;
}

void wire_watch(struct wire *wire, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = wire};
	epoll_ctl(wire->epoll, EPOLL_CTL_MOD, wire->fd, &event);
}

void wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
}

void wire_reset(struct wire *wire)
{
	const struct linger now = {.l_onoff = 1};
	setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	wire_close(wire);
}

ptrdiff_t wire_send(struct wire *wire, const void *octets, size_t length)
{
	ptrdiff_t sent = send(wire->fd, octets, length, MSG_NOSIGNAL);
	return sent >= 0 ? sent : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

ptrdiff_t wire_receive(struct wire *wire, void *octets, size_t room)
{
	ptrdiff_t got = recv(wire->fd, octets, room, 0);
	return got >= 0 ? got : errno == EAGAIN || errno == EINTR ? -2 : -1;
}
