#include "redis_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "status_redis_link.h"
#include "ctl/memory.h"

char *redis_connect_text(const struct redis_address *a)
{
	char ip[INET6_ADDRSTRLEN] = "";
	if (a->family == REDIS_UNIX)
		return memory_printf("unix:%.*s", (int)a->path.len, (const char *)a->path.data);
	if (!inet_ntop(a->family == REDIS_IPV4 ? AF_INET : AF_INET6, a->ip, ip, sizeof ip))
		return memory_text("an address that is none");
	return memory_printf(a->family == REDIS_IPV4 ? "%s:%u" : "[%s]:%u", ip, (unsigned)a->port);
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
	union redis_socket_address to;
	const socklen_t size = redis_link_socket_address(address, &to);
	int error = 0;
	if (size == 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	const int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, &to.any, size) != 0)
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
