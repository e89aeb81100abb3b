#include "config_keys.h"

#include "bytes.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#define SOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)
#define HOST_MAX        255

static const char *unix_fault(const char *path)
{
	if (path[0] != '/')
		return "the socket's path is missing: unix:/run/redis/redis-server.sock";
	if (strlen(path) > SOCKET_PATH_MAX)
		return "the socket's path is longer than the 107 octets of an address";
	return NULL;
}

static bool is_number(const char *text, size_t len, uint64_t low, uint64_t high)
{
	uint64_t number = 0;
	return bytes_decimal((struct slice){(const uint8_t *)text, len}, high, &number) && number >= low;
}

static bool is_ipv6(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;
	if (len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1;
}

static bool is_host(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	return len > 0 && len <= HOST_MAX && strspn(text, letters) >= len;
}

/* HOST or [IPV6]; NULL where it is neither, else what stands behind it. */
static const char *behind_host(const char *text, size_t len)
{
	if (text[0] == '[') {
		const char *end = memchr(text, ']', len);
		return end && is_ipv6(text + 1, (size_t)(end - text) - 1) ? end + 1 : NULL;
	}
	const char *colon = memchr(text, ':', len);
	size_t host = colon ? (size_t)(colon - text) : len;
	return is_host(text, host) ? text + host : NULL;
}

/* HOST:PORT in the first `len` octets. */
static const char *host_fault(const char *text, size_t len, bool needs_port)
{
	const char *port = behind_host(text, len);
	if (!port)
		return "no host's name or address (an IPv6 address stands in brackets: [::1]:6379)";
	size_t rest = len - (size_t)(port - text);
	if (rest == 0)
		return needs_port ? "the port is missing: 127.0.0.1:6379, or unix:/PATH for a socket" : NULL;
	if (port[0] != ':' || !is_number(port + 1, rest - 1, 1, 65535))
		return "the port must be a number from 1 to 65535";
	return NULL;
}

static const char *url_fault(const char *rest)
{
	size_t host = strcspn(rest, "/");
	const char *database = rest + host;
	if (strchr(rest, '@'))
		return "no user or password in the URL; give them as username and password_file";
	if (database[0] == '/' && database[1] != '\0' &&
		!is_number(database + 1, strlen(database + 1), 0, INT32_MAX))
		return "behind the URL's host only a database's number may follow";
	return host_fault(rest, host, false);
}

const char *config_address_fault(const char *address)
{
	static const struct {
		const char *scheme;
		const char *(*fault)(const char *rest);
	} schemes[] = {{"unix:", unix_fault}, {"redis://", url_fault}, {"rediss://", url_fault}};
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t len = strlen(schemes[i].scheme);
		if (strncmp(address, schemes[i].scheme, len) == 0)
			return schemes[i].fault(address + len);
	}
	return host_fault(address, strlen(address), true);
}
