/* redis_address: what the configuration says of Redis → numbers; names are resolved by the files of this machine only. */
#include "config_caught.h"

#include "ctl/redis/redis_address.h"
#include "status_redis.h"

#include <arpa/inet.h>
#include <netdb.h>

/* A configuration with these lines below "redis:"; "" is none at all. */
static bool settle(const char *lines, struct resolved_redis *out)
{
	static char yaml[16384];
	struct messages m = {0};
	int len = snprintf(yaml, sizeof yaml, "%s%s" CA, *lines ? "redis:\n" : "", lines);
	assert_in_range(len, 1, sizeof yaml - 1);
	struct config *c = load(yaml, &m);
	if (!c)
		fail_msg("%s", said);
	int terminal = catch_errors();
	bool ok = redis_settings(c, out, &m);
	caught_errors(terminal);
	config_free(c);
	assert_true(ok == (m.errors == 0));
	return ok;
}

/* "192.0.2.1 6379", "fe80::1%7 6379", "/run/r.sock", one a line. */
static void describe(const struct redis_settings *s, char *out, size_t size)
{
	size_t len = 0;
	out[0] = '\0';
	for (size_t i = 0; i < s->address_count && len < size; i++) {
		const struct redis_address *a = &s->addresses[i];
		char ip[INET6_ADDRSTRLEN] = "";
		if (a->family == REDIS_UNIX) {
			len += (size_t)snprintf(out + len, size - len, "%.*s\n", (int)a->path.len,
				(const char *)a->path.data);
			continue;
		}
		assert_non_null(
			inet_ntop(a->family == REDIS_IPV4 ? AF_INET : AF_INET6, a->ip, ip, sizeof ip));
		len += (size_t)snprintf(out + len, size - len, "%s %u\n", ip, a->port);
	}
}

static void addresses_become_numbers(void **state)
{
	static const struct {
		const char *lines, *expected;
		uint32_t database;
	} cases[] = {
		{"", "127.0.0.1 6379\n", 0},
		{"  address: 192.0.2.1:6380\n", "192.0.2.1 6380\n", 0},
		{"  address: '[2001:db8::1]:1'\n", "2001:db8::1 1\n", 0},
		{"  address: unix:/run/r.sock\n", "/run/r.sock\n", 0},
		{"  address: redis://192.0.2.1\n", "192.0.2.1 6379\n", 0},
		{"  address: redis://192.0.2.1/\n", "192.0.2.1 6379\n", 0},
		{"  address: redis://192.0.2.1:65535/7\n", "192.0.2.1 65535\n", 7},
		{"  address: 'redis://[::1]/0'\n", "::1 6379\n", 0},
		{"  address: 'redis://[::1]:2/3'\n  database: 3\n", "::1 2\n", 3},
		{"  address: ['192.0.2.2:2', 'unix:/s', 'redis://192.0.2.1/4', 'redis://192.0.2.3/4']\n",
			"192.0.2.2 2\n/s\n192.0.2.1 6379\n192.0.2.3 6379\n", 4},
		{"  database: 15\n", "127.0.0.1 6379\n", 15},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct resolved_redis r;
		char got[512];
		if (!settle(cases[i].lines, &r))
			fail_msg("%s: %s", cases[i].lines, said);
		describe(&r.settings, got, sizeof got);
		assert_string_equal(got, cases[i].expected);
		assert_int_equal(r.settings.database, cases[i].database);
		assert_int_equal(r.settings.password.len, 0);
		redis_settings_free(&r);
	}
}

/* A bare root has no /etc/hosts, and no resolver either. */
static bool localhost_has_no_address(void)
{
	struct addrinfo *found = NULL;
	const int error = getaddrinfo("localhost", NULL, NULL, &found);
	if (error == 0)
		freeaddrinfo(found);
	else
		print_message("# skipped: this system does not resolve localhost: %s\n", gai_strerror(error));
	return error != 0;
}

static void a_name_is_resolved(void **state)
{
	struct resolved_redis r;
	char got[512];
	(void)state;
	if (localhost_has_no_address())
		skip();
	assert_true(settle("  address: localhost:6380\n", &r));
	describe(&r.settings, got, sizeof got);
	assert_true(strstr(got, "127.0.0.1 6380\n") || strstr(got, "::1 6380\n"));
	redis_settings_free(&r);
}

static void the_rest_is_handed_on(void **state)
{
	struct resolved_redis r;
	(void)state;
	assert_true(settle(
		"  username: ocsp\n  password: \" p w\\\\ \"\n  timeout_ms: 17\n  cluster: true\n", &r));
	assert_int_equal(r.settings.timeout_ms, 17);
	assert_true(r.settings.cluster);
	assert_true(bytes_equal(r.settings.password, SLICE(" p w\\ ")));
	redis_settings_free(&r);
	assert_null(r.password);
	assert_null(r.settings.password.data);
}

/* One line of a file, without its end; what follows it is a note of somebody's. */
static void a_password_file_is_read(void **state)
{
	static const char *const contents[] = {"se cret", "se cret\n", "se cret\r\n", "se cret\nnote\n"};
	char name[sizeof folder + 16];
	(void)state;
	snprintf(name, sizeof name, "%s/password", folder);
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		struct resolved_redis r;
		FILE *file = fopen(name, "w");
		assert_non_null(file);
		fputs(contents[i], file);
		fclose(file);
		assert_true(settle("  password_file: password\n", &r));
		assert_true(bytes_equal(r.settings.password, SLICE("se cret")));
		redis_settings_free(&r);
	}
	unlink(name);
}

static void refusals_name_their_place_and_a_way_out(void **state)
{
	static const struct {
		const char *lines, *place, *words;
	} cases[] = {
		{"  address: no-such-host.invalid:1\n", "config.yaml:2:12: error: ", "cannot be resolved"},
		{"  address: redis://192.0.2.1/1\n  database: 2\n",
			"config.yaml:2:12: error: ", "database 1 here, but 2"},
		{"  address: ['redis://192.0.2.1/0', 'redis://192.0.2.2/1']\n",
			"config.yaml:2:36: error: ", "database 1 here, but 0"},
		{"  password_file: missing\n", "config.yaml:2:18: error: ", "missing"},
		{"  password: ''\n", "config.yaml:2:13: error: ", "empty"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct resolved_redis r;
		if (settle(cases[i].lines, &r))
			fail_msg("accepted: %s", cases[i].lines);
		if (!strstr(said, cases[i].place) || !strstr(said, cases[i].words))
			fail_msg("%s: %s", cases[i].lines, said);
		redis_settings_free(&r);
	}
}

static void a_secret_beyond_its_limit_is_refused(void **state)
{
	static char lines[STATUS_REDIS_SECRET_MAX + 64];
	struct resolved_redis r;
	(void)state;
	int len = snprintf(lines, sizeof lines, "  username: u\n  password: ");
	memset(lines + len, 'x', STATUS_REDIS_SECRET_MAX - 1);
	strcpy(lines + len + STATUS_REDIS_SECRET_MAX - 1, "\n");
	assert_true(settle(lines, &r));
	redis_settings_free(&r);
	strcpy(lines + len + STATUS_REDIS_SECRET_MAX - 1, "x\n");
	assert_false(settle(lines, &r));
	assert_non_null(strstr(said, "longer than 8192 octets"));
	redis_settings_free(&r);
}

int main(void)
{
	(void)read_example; /* of config_caught.h, for others */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_become_numbers),
		cmocka_unit_test(a_name_is_resolved),
		cmocka_unit_test(the_rest_is_handed_on),
		cmocka_unit_test(a_password_file_is_read),
		cmocka_unit_test(refusals_name_their_place_and_a_way_out),
		cmocka_unit_test(a_secret_beyond_its_limit_is_refused),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
