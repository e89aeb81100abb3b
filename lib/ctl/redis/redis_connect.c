#include "redis_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/memory.h"

union socket_address {
	struct sockaddr any;
	struct sockaddr_un local;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

char *redis_connect_text(const struct redis_address *a)
{
	char ip[INET6_ADDRSTRLEN] = "";
	if (a->family == REDIS_UNIX)
		return memory_printf("unix:%.*s", (int)a->path.len, (const char *)a->path.data);
	if (!inet_ntop(a->family == REDIS_IPV4 ? AF_INET : AF_INET6, a->ip, ip, sizeof ip))
		return memory_text("an address that is none");
	return memory_printf(a->family == REDIS_IPV4 ? "%s:%u" : "[%s]:%u", ip, (unsigned)a->port);
}

/* 0: it does not fit. */
static socklen_t socket_address(const struct redis_address *from, union socket_address *out)
{
	memset(out, 0, sizeof *out);
	if (from->family == REDIS_UNIX) {
		out->local.sun_family = AF_UNIX;
		if (from->path.len >= sizeof out->local.sun_path)
			return 0;
		memcpy(out->local.sun_path, from->path.data, from->path.len);
		return sizeof out->local;
	}
	if (from->family == REDIS_IPV4) {
		out->ip4.sin_family = AF_INET;
		out->ip4.sin_port = htons(from->port);
		memcpy(&out->ip4.sin_addr, from->ip, sizeof out->ip4.sin_addr);
		return sizeof out->ip4;
	}
	out->ip6.sin6_family = AF_INET6;
	out->ip6.sin6_port = htons(from->port);
	out->ip6.sin6_scope_id = from->scope;
	memcpy(&out->ip6.sin6_addr, from->ip, sizeof out->ip6.sin6_addr);
	return sizeof out->ip6;
}

/* 0, or the errno of a connection that does not come about. */
static int wait_for_connection(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof error;
	const int ready = poll(&wanted, 1, REDIS_CONNECT_MS);
	if (ready == 0)
		return ETIMEDOUT;
	if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return errno;
	return error;
}

int redis_connect(const struct redis_address *address)
{
	union socket_address to;
	const socklen_t size = socket_address(address, &to);
	const int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = size == 0 ? ENAMETOOLONG : 0;
	if (fd < 0)
		return -1;
	if (error == 0 && connect(fd, &to.any, size) != 0)
		error = errno;
	if (error == EINPROGRESS)
		error = wait_for_connection(fd);
	if (error == 0 && fcntl(fd, F_SETFL, 0) != 0)
		error = errno;
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}
