/* http_client: what is sent and what is taken of the reply, against a server of the test's own: a child process. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/client/http_client.h"
#include "ctl/memory.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEARD_MAX 8192

/* A server that hears one request, says its piece and ends; what it heard comes out of `pipe`. */
struct server {
	pid_t pid;
	int pipe;
	unsigned port;
};

static void serve(int listener, int report, const char *reply, size_t len, const char *until)
{
	char heard[HEARD_MAX + 1] = "";
	size_t have = 0;
	int fd = accept(listener, NULL, NULL);
	while (have < HEARD_MAX && !strstr(heard, until)) {
		ssize_t got = read(fd, heard + have, HEARD_MAX - have);
		if (got <= 0)
			break;
		have += (size_t)got;
		heard[have] = '\0';
	}
	(void)!write(report, heard, have);
	while (len > 0) {
		ssize_t put = send(fd, reply, len, MSG_NOSIGNAL);
		if (put <= 0)
			break;
		reply += put;
		len -= (size_t)put;
	}
	_exit(0);
}

static struct server start(int listener, const char *reply, size_t len, const char *until)
{
	int ends[2];
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(pipe(ends), 0);
	struct server s = {.pid = fork(), .pipe = ends[0]};
	if (s.pid == 0)
		serve(listener, ends[1], reply, len, until);
	close(ends[1]);
	close(listener);
	return s;
}

static struct server start_on_port(const char *reply, size_t len, const char *until)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
	struct server s = start(listener, reply, len, until);
	s.port = ntohs(at.sin_port);
	return s;
}

static void stop(struct server *s, char heard[HEARD_MAX + 1])
{
	size_t have = 0;
	ssize_t got = 0;
	while ((got = read(s->pipe, heard + have, HEARD_MAX - have)) > 0)
		have += (size_t)got;
	heard[have] = '\0';
	close(s->pipe);
	assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
}

struct exchange {
	const char *name, *method, *path, *reply;
	const char *sent; /* a part of what the server heard */
	unsigned status;  /* 0: no whole reply */
	const char *body, *etag;
};

static bool exchange(const char *url, const char *method, const struct http_settings *settings,
	struct http_response *out, char problem[HTTP_CLIENT_PROBLEM_MAX])
{
	static const char *const headers[] = {"Content-Type: application/ocsp-request", NULL};
	struct http_request request = {method, url, {NULL, 0}, NULL, NULL};
	struct http_client *client = http_client_open(settings);
	assert_non_null(client);
	if (strcmp(method, "POST") == 0) {
		request.body = SLICE("BODY");
		request.headers = headers;
	}
	bool done = http_client_exchange(client, &request, out, problem);
	http_client_close(client);
	return done;
}

static void try_exchange(const struct exchange *c)
{
	char problem[HTTP_CLIENT_PROBLEM_MAX] = "";
	char heard[HEARD_MAX + 1];
	struct http_settings settings = {.timeout_ms = 2000, .proxy = ""};
	struct http_response reply = {0};
	struct server s = start_on_port(
		c->reply, strlen(c->reply), strcmp(c->method, "POST") == 0 ? "BODY" : "\r\n\r\n");
	char *url = memory_printf("http://127.0.0.1:%u%s", s.port, c->path);
	bool done = exchange(url, c->method, &settings, &reply, problem);
	stop(&s, heard);
	free(url);
	assert_int_equal(done, c->status != 0);
	assert_non_null(strstr(heard, c->sent));
	assert_null(strstr(heard, "Expect"));
	if (!done) {
		assert_true(problem[0] != '\0');
		http_response_free(&reply);
		return;
	}
	struct slice etag = http_response_header(&reply, "ETag");
	assert_int_equal(reply.status, c->status);
	assert_true(bytes_equal((struct slice){reply.body, reply.body_len}, bytes_of(c->body)));
	assert_true(bytes_equal(etag, bytes_of(c->etag)));
	http_response_free(&reply);
}

#define OK(headers) "HTTP/1.1 200 OK\r\n" headers "Content-Length: 5\r\n\r\nhello"

static void exchanges(void **state)
{
	static const struct exchange cases[] = {
		{"get", "GET", "/x//y=", OK("ETag: \"1\"\r\n"), "GET /x//y= HTTP/1.1\r\n", 200, "hello",
			"\"1\""},
		{"dots_are_not_folded", "GET", "/a/../b", OK(""), "GET /a/../b HTTP/1.1\r\n", 200, "hello",
			NULL},
		{"header_in_another_case", "GET", "/", OK("etag:x\r\n"), "GET / ", 200, "hello", "x"},
		{"header_whose_name_goes_on", "GET", "/", OK("ETag-Not: x\r\n"), "GET / ", 200, "hello",
			NULL},
		{"head_has_no_body", "HEAD", "/", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
			"HEAD / HTTP/1.1\r\n", 200, "", NULL},
		{"post", "POST", "/", OK(""),
			"Content-Type: application/ocsp-request\r\nContent-Length: 4\r\n\r\nBODY", 200,
			"hello", NULL},
		{"an_error_is_a_reply", "GET", "/", "HTTP/1.1 503 Down\r\nContent-Length: 4\r\n\r\nDown",
			"GET", 503, "Down", NULL},
		{"a_redirect_is_not_followed", "GET", "/",
			"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
			"GET", 302, "", NULL},
		{"what_precedes_the_reply_does_not_count", "GET", "/",
			"HTTP/1.1 100 Continue\r\nETag: early\r\n\r\n" OK(""), "GET", 200, "hello", NULL},
		{"a_body_cut_short", "GET", "/", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "GET",
			0, NULL, NULL},
		{"nothing", "GET", "/", "", "GET", 0, NULL, NULL},
		{"no_http", "GET", "/", "+PONG\r\n", "GET", 0, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_message("  %s\n", cases[i].name);
		try_exchange(&cases[i]);
	}
}

static void a_reply_without_end_is_left(void **state)
{
	static char reply[2 * HTTP_CLIENT_BODY_MAX];
	char problem[HTTP_CLIENT_PROBLEM_MAX] = "";
	char heard[HEARD_MAX + 1];
	struct http_settings settings = {.proxy = ""};
	struct http_response got = {0};
	(void)state;
	memset(reply, 'x', sizeof reply);
	memcpy(reply, "HTTP/1.1 200 OK\r\n\r\n", 19);
	struct server s = start_on_port(reply, sizeof reply, "\r\n\r\n");
	char *url = memory_printf("http://127.0.0.1:%u/", s.port);
	assert_false(exchange(url, "GET", &settings, &got, problem));
	assert_non_null(strstr(problem, "longer than"));
	assert_in_range(got.body_len, 0, HTTP_CLIENT_BODY_MAX);
	stop(&s, heard);
	free(url);
	http_response_free(&got);
}

static void a_proxy_gets_the_whole_url(void **state)
{
	char problem[HTTP_CLIENT_PROBLEM_MAX] = "";
	char heard[HEARD_MAX + 1];
	struct http_settings settings = {0};
	struct http_response got = {0};
	(void)state;
	struct server s = start_on_port(OK(""), strlen(OK("")), "\r\n\r\n");
	char *proxy = memory_printf("http://127.0.0.1:%u", s.port);
	settings.proxy = proxy;
	assert_true(exchange("http://ocsp.invalid/x", "GET", &settings, &got, problem));
	stop(&s, heard);
	assert_non_null(strstr(heard, "GET http://ocsp.invalid/x HTTP/1.1\r\n"));
	free(proxy);
	http_response_free(&got);
}

static void a_unix_socket(void **state)
{
	char folder[] = "/tmp/test_http.XXXXXX";
	char problem[HTTP_CLIENT_PROBLEM_MAX] = "";
	char heard[HEARD_MAX + 1];
	struct http_settings settings = {0};
	struct http_response got = {0};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	struct server s = start(listener, OK(""), strlen(OK("")), "\r\n\r\n");
	char *url = memory_printf("http://unix:%s:/ocsp/x", at.sun_path);
	assert_true(exchange(url, "GET", &settings, &got, problem));
	stop(&s, heard);
	assert_non_null(strstr(heard, "GET /ocsp/x HTTP/1.1\r\n"));
	unlink(at.sun_path);
	assert_int_equal(rmdir(folder), 0);
	free(url);
	http_response_free(&got);
}

static void urls_of_other_kinds_are_refused(void **state)
{
	static const char *const urls[] = {
		"", "localhost", "ftp://localhost/", "file:///etc/passwd", "http:/x"};
	struct http_settings settings = {0};
	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		char problem[HTTP_CLIENT_PROBLEM_MAX] = "";
		struct http_response got = {0};
		assert_false(exchange(urls[i], "GET", &settings, &got, problem));
		assert_non_null(strstr(problem, "http://"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchanges),
		cmocka_unit_test(a_reply_without_end_is_left),
		cmocka_unit_test(a_proxy_gets_the_whole_url),
		cmocka_unit_test(a_unix_socket),
		cmocka_unit_test(urls_of_other_kinds_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
