#include "redis_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "status_redis.h"
#include "status_redis_tls.h"
#include "ctl/file.h"
#include "ctl/memory.h"
#include "redis_credentials.h"

#define PORT_DEFAULT "6379"
#define NO_TLS       "%s cannot work, this program was built without TLS; " REDIS_TLS_WAYS_OUT

static bool has_room(const struct resolved_redis *out, struct place at, struct messages *m)
{
	if (out->settings.address_count < SNAPSHOT_ADDRESSES_MAX)
		return true;
	message_error(m, at, "Redis has more than %d addresses, names resolved; leave some out",
		SNAPSHOT_ADDRESSES_MAX);
	return false;
}

static void add_socket_address(struct redis_address *to, const struct sockaddr *from)
{
	if (from->sa_family == AF_INET) {
		struct sockaddr_in ip4;
		memcpy(&ip4, from, sizeof ip4);
		to->family = REDIS_IPV4;
		to->port = ntohs(ip4.sin_port);
		memcpy(to->ip, &ip4.sin_addr, sizeof ip4.sin_addr);
	} else {
		struct sockaddr_in6 ip6;
		memcpy(&ip6, from, sizeof ip6);
		to->family = REDIS_IPV6;
		to->port = ntohs(ip6.sin6_port);
		to->scope = ip6.sin6_scope_id;
		memcpy(to->ip, &ip6.sin6_addr, sizeof ip6.sin6_addr);
	}
}

static bool resolve(
	const char *host, const char *port, struct place at, struct resolved_redis *out, struct messages *m)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int failure = getaddrinfo(host, port, &hints, &found);
	bool ok = failure == 0;

	if (!ok)
		message_error(m, at, "%s cannot be resolved (%s); give a numeric address or mend the name",
			host, gai_strerror(failure));
	for (const struct addrinfo *a = found; a != NULL && ok; a = a->ai_next) {
		ok = has_room(out, at, m);
		if (ok)
			add_socket_address(
				&out->settings.addresses[out->settings.address_count++], a->ai_addr);
	}
	if (found)
		freeaddrinfo(found);
	return ok;
}

/* What the certificates of the addresses from `first` on must be for, where the configuration has a name, not an address. */
static void add_name(const char *host, size_t first, struct resolved_redis *out)
{
	struct redis_settings *s = &out->settings;
	uint8_t ip[16];
	size_t len = strlen(host);
	if (inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1)
		return;
	if (len > 1 && host[len - 1] == '.')
		len--; /* a certificate's name has no root */
	for (size_t i = first; i < s->address_count; i++) {
		out->texts[i] = memory_printf("%.*s", (int)len, host);
		s->addresses[i].name = bytes_of(out->texts[i]);
	}
}

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT; config_load() has checked its syntax. */
static bool add_host(
	const char *text, size_t len, struct place at, struct resolved_redis *out, struct messages *m)
{
	const size_t first = out->settings.address_count;
	char *copy = memory_printf("%.*s", (int)len, text);
	char *host = copy;
	char *end = NULL;
	const char *port = PORT_DEFAULT;

	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		if (end)
			*end++ = '\0';
	} else {
		end = strchr(host, ':');
	}
	if (end && *end == ':') {
		*end = '\0';
		port = end + 1;
	}
	bool ok = resolve(host, port, at, out, m);
	if (out->tls)
		add_name(host, first, out);
	free(copy);
	return ok;
}

static bool add_unix(const char *path, struct place at, struct resolved_redis *out, struct messages *m)
{
	size_t i = out->settings.address_count;
	if (!has_room(out, at, m))
		return false;
	out->texts[i] = memory_text(path);
	out->settings.addresses[i].family = REDIS_UNIX;
	out->settings.addresses[i].path = bytes_of(out->texts[i]);
	out->settings.address_count++;
	return true;
}

static bool set_database(const char *digits, struct place at, struct resolved_redis *out, struct messages *m)
{
	uint32_t database = (uint32_t)strtoul(digits, NULL, 10);
	bool has_one = out->url_has_database || out->settings.database != 0;
	if (has_one && out->settings.database != database) {
		message_error(m, at, "database %u here, but %u elsewhere; give one", database,
			out->settings.database);
		return false;
	}
	out->settings.database = database;
	out->url_has_database = true;
	return true;
}

static bool begins_with(const char *text, const char *scheme)
{
	return strncmp(text, scheme, strlen(scheme)) == 0;
}

/* Nobody shall think that a connection is secured that is not. */
static bool agrees_with_tls(struct config_text address, bool tls, struct messages *m)
{
	const char *text = address.value;
	if (begins_with(text, "rediss://") && !redis_tls_is_built())
		message_error(m, address.at, NO_TLS, text);
	else if (begins_with(text, "rediss://") && !tls)
		message_error(m, address.at,
			"%s needs redis.tls.ca, the file of the CA that issued the server's certificate",
			text);
	else if (begins_with(text, "unix:") && tls)
		message_error(m, address.at,
			"a Unix socket stays on this machine and has no TLS; leave out redis.tls, or this "
			"address");
	else if (begins_with(text, "redis://") && tls)
		message_error(
			m, address.at, "redis:// is without TLS, but redis.tls is given; say rediss://");
	else
		return true;
	return false;
}

static bool add_address(struct config_text address, struct resolved_redis *out, struct messages *m)
{
	const char *text = address.value;
	if (!agrees_with_tls(address, out->tls, m))
		return false;
	if (begins_with(text, "unix:"))
		return add_unix(text + 5, address.at, out, m);
	if (begins_with(text, "redis://") || begins_with(text, "rediss://"))
		text = strchr(text, '/') + 2;
	size_t host = strcspn(text, "/");
	if (text[host] == '/' && text[host + 1] != '\0' && !set_database(text + host + 1, address.at, out, m))
		return false;
	return add_host(text, host, address.at, out, m);
}

/* Whether AUTH has something to say, and room to say it. */
static bool check_secret(const struct redis_settings *s, struct place at, struct messages *m)
{
	if (s->password.len == 0)
		message_error(m, at, "the Redis password is empty; leave it out where Redis wants none");
	else if (s->username.len + s->password.len > STATUS_REDIS_SECRET_MAX)
		message_error(m, at, "the Redis user and password are longer than %d octets; shorten them",
			STATUS_REDIS_SECRET_MAX);
	else
		return true;
	return false;
}

static bool read_password(const struct config_redis *from, struct resolved_redis *out, struct messages *m)
{
	const bool in_file = from->password_file.value != NULL;
	out->password = in_file ? file_read_password(from->password_file.value, m, from->password_file.at)
				: memory_text(from->password.value);
	if (in_file && !out->password)
		return false;
	out->settings.password = bytes_of(out->password);
	return !out->password ||
	       check_secret(&out->settings, in_file ? from->password_file.at : from->password.at, m);
}

static bool read_tls(const struct config_redis *from, struct resolved_redis *out, struct messages *m)
{
	if (!from->tls_present || redis_tls_is_built())
		return !from->tls_present || redis_credentials(from, out, m);
	message_error(m, from->tls_at, NO_TLS, "redis.tls");
	return false;
}

bool redis_settings(const struct config *config, struct resolved_redis *out, struct messages *m)
{
	const struct config_redis *from = &config->redis;
	bool ok = true;

	*out = (struct resolved_redis){.tls = from->tls_present};
	out->settings.database = from->database;
	out->settings.timeout_ms = from->timeout_ms;
	out->settings.cluster = from->cluster;
	out->settings.username = bytes_of(from->username.value);
	for (size_t i = 0; i < from->address_count; i++)
		ok = add_address(from->addresses[i], out, m) && ok;
	ok = read_tls(from, out, m) && ok;
	return read_password(from, out, m) && ok;
}

void redis_settings_free(struct resolved_redis *r)
{
	struct redis_settings *s = &r->settings;
	file_wipe_text(r->password);
	for (size_t i = 0; i < SNAPSHOT_ADDRESSES_MAX; i++)
		free(r->texts[i]);
	free((uint8_t *)(uintptr_t)s->tls_ca.data);
	free((uint8_t *)(uintptr_t)s->tls_cert.data);
	file_wipe((uint8_t *)(uintptr_t)s->tls_key.data, s->tls_key.len);
	*r = (struct resolved_redis){0};
}
