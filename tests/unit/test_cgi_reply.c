/* cgi: the octets of each reply, and that they all get written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cgi.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLAIN    "Content-Type: text/plain; charset=utf-8\r\n"
#define OCSP     "Content-Type: application/ocsp-response\r\n"
#define NO_STORE "Cache-Control: no-store\r\n"
#define HOW      "This is an OCSP responder. Send an OCSPRequest by GET or POST (RFC 6960 A.1).\n"
#define MIDNIGHT 1767225600 /* Thu, 01 Jan 2026 00:00:00 GMT */
#define CACHED                                                                                               \
	"Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nExpires: Thu, 01 Jan 2026 01:01:00 GMT\r\n"         \
	"ETag: \"abc\"\r\nCache-Control: max-age=60, public, no-transform, must-revalidate\r\n"

static const struct caching caching = {
	MIDNIGHT + 3600, MIDNIGHT, MIDNIGHT + 86400, 60, {(const uint8_t *)"\"abc\"", 5}};

static void replies(void **state)
{
	static const struct {
		const char *name;
		enum cgi_method method;
		enum cgi_outcome outcome;
		bool no_store, cacheable;
		const char *expected;
	} cases[] = {
		{"ocsp_without_cache_headers", CGI_POST, CGI_REQUEST, false, false,
			"Status: 200 OK\r\n" OCSP "Content-Length: 4\r\n\r\nBODY"},
		{"ocsp_not_to_be_stored", CGI_GET, CGI_REQUEST, true, false,
			"Status: 200 OK\r\n" OCSP "Content-Length: 4\r\n" NO_STORE "\r\nBODY"},
		{"ocsp_cacheable", CGI_GET, CGI_REQUEST, false, true,
			"Status: 200 OK\r\n" OCSP "Content-Length: 4\r\n" CACHED "\r\nBODY"},
		{"no_store_beats_cacheable", CGI_GET, CGI_REQUEST, true, true,
			"Status: 200 OK\r\n" OCSP "Content-Length: 4\r\n" NO_STORE "\r\nBODY"},
		{"head_has_the_headers_of_get", CGI_HEAD, CGI_REQUEST, false, true,
			"Status: 200 OK\r\n" OCSP "Content-Length: 4\r\n" CACHED "\r\n"},
		{"malformed_get_is_200", CGI_GET, CGI_MALFORMED, true, false,
			"Status: 200 OK\r\n" OCSP "Content-Length: 4\r\n" NO_STORE "\r\nBODY"},
		{"status_ok_is_never_stored", CGI_GET, CGI_STATUS_OK, false, true,
			"Status: 200 OK\r\n" PLAIN "Content-Length: 2\r\n" NO_STORE "\r\nOK"},
		{"status_ok_for_head", CGI_HEAD, CGI_STATUS_OK, false, false,
			"Status: 200 OK\r\n" PLAIN "Content-Length: 2\r\n" NO_STORE "\r\n"},
		{"status_down", CGI_GET, CGI_STATUS_DOWN, false, false,
			"Status: 503 Service Unavailable\r\n" PLAIN "Content-Length: 4\r\n" NO_STORE
			"\r\nDown"},
		{"favicon", CGI_GET, CGI_FAVICON, false, true,
			"Status: 404 Not Found\r\n" PLAIN "Content-Length: 43\r\n" NO_STORE
			"\r\nThis is an OCSP responder; it has no icon.\n"},
		{"bad_request", CGI_POST, CGI_BAD_REQUEST, false, false,
			"Status: 400 Bad Request\r\n" PLAIN "Content-Length: 82\r\n" NO_STORE
			"\r\nThe body did not arrive as announced. Send as many octets as Content-Length "
			"says.\n"},
		{"method_not_allowed", CGI_NOT_ALLOWED, CGI_METHOD_NOT_ALLOWED, false, false,
			"Status: 405 Method Not Allowed\r\n" PLAIN
			"Content-Length: 78\r\nAllow: GET, HEAD, POST\r\n" NO_STORE "\r\n" HOW},
		{"timeout", CGI_POST, CGI_TIMEOUT, false, false,
			"Status: 408 Request Timeout\r\n" PLAIN "Content-Length: 48\r\n" NO_STORE
			"\r\nThe body did not arrive in time. Send it again.\n"},
		{"too_large", CGI_POST, CGI_TOO_LARGE, false, false,
			"Status: 413 Content Too Large\r\n" PLAIN "Content-Length: 66\r\n" NO_STORE
			"\r\nThe OCSPRequest is too large. Ask for fewer certificates at once.\n"},
		{"unsupported_media_type_names_the_right_one", CGI_POST, CGI_UNSUPPORTED_MEDIA_TYPE, false,
			false,
			"Status: 415 Unsupported Media Type\r\n" PLAIN "Content-Length: 66\r\n" NO_STORE
			"\r\nSend the OCSPRequest with Content-Type: application/ocsp-request.\n"},
		{"method_not_implemented", CGI_NOT_IMPLEMENTED, CGI_METHOD_NOT_IMPLEMENTED, false, false,
			"Status: 501 Not Implemented\r\n" PLAIN "Content-Length: 78\r\n" NO_STORE "\r\n" HOW},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t storage[CGI_HEADERS_MAX + 4];
		struct cgi_environment env = {.method = cases[i].method};
		struct cgi_reply reply = {cases[i].outcome, SLICE("BODY"), cases[i].no_store,
			cases[i].cacheable, caching, CACHING_DIFFERS};
		print_message("  %s\n", cases[i].name);
		struct slice got = cgi_format(&env, &reply, storage, sizeof storage);
		assert_int_equal(got.len, strlen(cases[i].expected));
		assert_memory_equal(got.data, cases[i].expected, got.len);
	}
}

/* RFC 9110 15.4.5: neither body nor what describes one; the same for HEAD, whatever else is set. */
static void not_modified(void **state)
{
	static const struct {
		enum caching_match match;
		const char *expected;
	} cases[] = {
		{CACHING_MATCHES, "Status: 304 Not Modified\r\nETag: \"abc\"\r\n"
				  "Cache-Control: max-age=60, public, no-transform, must-revalidate\r\n"
				  "Expires: Thu, 01 Jan 2026 01:01:00 GMT\r\n\r\n"},
		{CACHING_ANY, "Status: 304 Not Modified\r\nETag: \"abc\"\r\n"
			      "Cache-Control: max-age=0, public, no-transform, must-revalidate\r\n"
			      "Expires: Thu, 01 Jan 2026 01:00:00 GMT\r\n\r\n"},
	};
	static const enum cgi_method methods[] = {CGI_GET, CGI_HEAD};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint8_t storage[CGI_HEADERS_MAX];
		struct cgi_environment env = {.method = methods[i % 2]};
		struct cgi_reply reply = {
			CGI_NOT_MODIFIED, SLICE("BODY"), false, true, caching, cases[i / 2].match};
		struct slice got = cgi_format(&env, &reply, storage, sizeof storage);
		assert_true(bytes_equal(got, bytes_of(cases[i / 2].expected)));
		for (size_t size = 0; size < got.len; size++)
			assert_ptr_equal(
				cgi_format(&env, &reply, storage, size).data, cgi_ready_internal_error.data);
	}
	assert_int_equal(cgi_http_status(CGI_NOT_MODIFIED), 304);
}

static void http_statuses(void **state)
{
	(void)state;
	assert_int_equal(cgi_http_status(CGI_REQUEST), 200);
	assert_int_equal(cgi_http_status(CGI_MALFORMED), 200);
	assert_int_equal(cgi_http_status(CGI_TOO_LARGE), 413);
}

static void ready_replies_are_what_cgi_format_makes(void **state)
{
	const struct {
		enum cgi_outcome outcome;
		struct slice body, ready;
	} cases[] = {
		{CGI_TIMEOUT, SLICE(""), cgi_ready_timeout},
		{CGI_REQUEST, SLICE("\x30\x03\x0A\x01\x03"), cgi_ready_try_later},
		{CGI_REQUEST, SLICE("\x30\x03\x0A\x01\x02"), cgi_ready_internal_error},
		{CGI_STATUS_DOWN, SLICE(""), cgi_ready_down},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t storage[CGI_HEADERS_MAX];
		struct cgi_environment env = {.method = CGI_POST};
		struct cgi_reply reply = {
			.outcome = cases[i].outcome, .body = cases[i].body, .no_store = true};
		assert_true(bytes_equal(cgi_format(&env, &reply, storage, sizeof storage), cases[i].ready));
	}
}

static void what_does_not_fit_is_an_internal_error(void **state)
{
	uint8_t storage[70];
	struct cgi_environment env = {.method = CGI_POST};
	struct cgi_reply reply = {.outcome = CGI_REQUEST, .body = SLICE("BODY")};
	struct slice whole = SLICE("Status: 200 OK\r\n" OCSP "Content-Length: 4\r\n\r\nBODY");
	(void)state;
	for (size_t size = 0; size < sizeof storage && size < whole.len; size++)
		assert_ptr_equal(cgi_format(&env, &reply, storage, size).data, cgi_ready_internal_error.data);
}

/* Reads everything, slowly, and compares; the exit status says. */
static pid_t read_slowly(int ends[2], const uint8_t *expected, size_t len)
{
	uint8_t octets[5000];
	size_t done = 0;
	pid_t child = fork();
	if (child != 0)
		return child;
	close(ends[1]);
	for (;;) {
		ssize_t got = read(ends[0], octets, sizeof octets);
		if (got <= 0)
			_exit(done == len ? 0 : 1);
		if (done + (size_t)got > len || memcmp(expected + done, octets, (size_t)got) != 0)
			_exit(2);
		done += (size_t)got;
		usleep(100);
	}
}

static void writing_goes_on_until_all_is_out(void **state)
{
	static uint8_t octets[300000];
	static const int flags[] = {0, O_NONBLOCK};
	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i % 251);
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		int ends[2];
		int status = 1;
		assert_int_equal(pipe(ends), 0);
		pid_t child = read_slowly(ends, octets, sizeof octets);
		close(ends[0]);
		assert_int_equal(fcntl(ends[1], F_SETFL, flags[i]), 0);
		assert_true(cgi_write(ends[1], (struct slice){octets, sizeof octets}));
		close(ends[1]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

static void writing_says_when_it_failed(void **state)
{
	int ends[2];
	int full = open("/dev/full", O_WRONLY);
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_false(cgi_write(ends[1], SLICE("x")));
	assert_int_equal(errno, EPIPE);
	assert_false(cgi_write(full, SLICE("x")));
	assert_int_equal(errno, ENOSPC);
	assert_false(cgi_write(-1, SLICE("x")));
	assert_int_equal(errno, EBADF);
	close(ends[1]);
	close(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies),
		cmocka_unit_test(not_modified),
		cmocka_unit_test(http_statuses),
		cmocka_unit_test(ready_replies_are_what_cgi_format_makes),
		cmocka_unit_test(what_does_not_fit_is_an_internal_error),
		cmocka_unit_test(writing_goes_on_until_all_is_out),
		cmocka_unit_test(writing_says_when_it_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
