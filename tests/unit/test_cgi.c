/* cgi: what the environment says, and the request in a GET's target. Bodies and replies have tests of their own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base64.h"
#include "cgi.h"

#include <string.h>
#include <unistd.h>

/* RFC 5019's request, and one of the crt.sh monitor's whose base64 holds "//". */
#define RFC5019                                                                                              \
	"MFEwTzBNMEswSTAJBgUrDgMCGgUABBTA/gJ4/JkYiJGz8hLpx+GyGre/"                                           \
	"wAQUDfwd8Kng8Bzn8rITF35vjRV81PYCEAk0I3LiOu9G"                                                       \
	"fIMtB/jcIro="
#define SLASHES                                                                                              \
	"MEQwQjBAMD4wPDAJBgUrDgMCGgUABBQAAAAAAAAAAAAAAAAAAAAAAAAAAAQUAAAAAAAAAAAAAAAAAAAAAAAAAAACAwP//A=="
#define SHORT          "MAgEBv/7//7/4A==" /* 30 08 04 06 ff fb ff fe ff e0 */
#define ENDS_IN_STATUS "MAoECP////status" /* 30 0a 04 08 ff ff ff fb 2d 6a db ac */
#define PLUS           "MAYEBPv7+/w="     /* 30 06 04 04 fb fb fb fc */

static void environment_of_a_server(void **state)
{
	const char *entries[] = {"PATH=/bin", "REQUEST_METHOD=GET", "REQUEST_URI=/ocsp/MFE", "PATH_INFO=/MFE",
		"CONTENT_TYPE=text/plain", "CONTENT_LENGTH=", "HTTP_IF_NONE_MATCH=\"x\"",
		"OCSP_CGI_SNAPSHOT=/srv/s", "REQUEST_URI=/second", "REQUEST_URIX=/no", "REQUEST", NULL};
	struct cgi_environment env;
	(void)state;
	cgi_environment((char *const *)entries, &env);
	assert_int_equal(env.method, CGI_GET);
	assert_true(bytes_equal(env.method_name, SLICE("GET")));
	assert_true(bytes_equal(env.request_uri, SLICE("/ocsp/MFE")));
	assert_true(bytes_equal(env.path_info, SLICE("/MFE")));
	assert_true(bytes_equal(env.content_type, SLICE("text/plain")));
	assert_non_null(env.content_length.data);
	assert_int_equal(env.content_length.len, 0);
	assert_true(bytes_equal(env.if_none_match, SLICE("\"x\"")));
	assert_string_equal(env.snapshot, "/srv/s");
}

static void environment_by_hand(void **state)
{
	const char *entries[] = {"OCSP_CGI_SNAPSHOT=", NULL};
	struct cgi_environment env;
	(void)state;
	cgi_environment((char *const *)entries, &env);
	assert_int_equal(env.method, CGI_POST);
	assert_null(env.method_name.data);
	assert_null(env.request_uri.data);
	assert_string_equal(env.snapshot, CGI_SNAPSHOT_DEFAULT);
}

static void methods(void **state)
{
	static const struct {
		const char *entry;
		enum cgi_method method;
	} cases[] = {
		{"REQUEST_METHOD=GET", CGI_GET},
		{"REQUEST_METHOD=HEAD", CGI_HEAD},
		{"REQUEST_METHOD=POST", CGI_POST},
		{"REQUEST_METHOD=PUT", CGI_NOT_ALLOWED},
		{"REQUEST_METHOD=DELETE", CGI_NOT_ALLOWED},
		{"REQUEST_METHOD=OPTIONS", CGI_NOT_ALLOWED},
		{"REQUEST_METHOD=TRACE", CGI_NOT_ALLOWED},
		{"REQUEST_METHOD=CONNECT", CGI_NOT_ALLOWED},
		{"REQUEST_METHOD=PATCH", CGI_NOT_ALLOWED},
		{"REQUEST_METHOD=get", CGI_NOT_IMPLEMENTED},
		{"REQUEST_METHOD=Post", CGI_NOT_IMPLEMENTED},
		{"REQUEST_METHOD=PROPFIND", CGI_NOT_IMPLEMENTED},
		{"REQUEST_METHOD=GETS", CGI_NOT_IMPLEMENTED},
		{"REQUEST_METHOD=", CGI_NOT_IMPLEMENTED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *entries[] = {cases[i].entry, NULL};
		struct cgi_environment env;
		print_message("  %s\n", cases[i].entry);
		cgi_environment((char *const *)entries, &env);
		assert_int_equal(env.method, cases[i].method);
	}
}

static uint8_t storage[CGI_TARGET_MAX];

struct target {
	const char *name, *uri, *path_info; /* NULL: unset */
	enum cgi_outcome outcome;
	const char *request; /* canonical base64 */
	const char *note;    /* a part of it */
};

/* Reads and decodes as the responder does; standard input is a descriptor that fails when it is read. */
static void try_target(const struct target *c, enum cgi_method method)
{
	struct cgi_environment env = {
		.method = method, .request_uri = bytes_of(c->uri), .path_info = bytes_of(c->path_info)};
	static uint8_t expected[REQUEST_DER_MAX];
	struct slice body;
	struct slice der;
	struct log log;
	size_t len = 0;
	log_start(&log, 0);
	assert_int_equal(cgi_read(&env, -1, 16384, storage, &body, &log), CGI_REQUEST);
	assert_int_equal(cgi_decode(&env, body, 16384, storage, &der, &log), c->outcome);
	if (c->request) {
		assert_true(base64_decode(bytes_of(c->request), expected, sizeof expected, &len));
		assert_int_equal(der.len, len);
		assert_memory_equal(der.data, expected, len);
	}
	struct slice notes = bytes_written(&log.notes);
	if (c->note)
		assert_non_null(memmem(notes.data, notes.len, c->note, strlen(c->note)));
	else
		assert_int_equal(notes.len, 0);
}

static void targets(void **state)
{
	static const struct target cases[] = {
		{"mounted_at_the_root", "/" SLASHES, NULL, CGI_REQUEST, SLASHES, NULL},
		{"mounted_below", "/ocsp/" RFC5019, NULL, CGI_REQUEST, RFC5019, NULL},
		{"mounted_in_cgi_bin", "/cgi-bin/ocsp/" SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"mount_with_escapes", "/my%20ca/" SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"all_escaped", "/ocsp/MAgEBv%2F7%2f%2F7%2F4A%3D%3D", NULL, CGI_REQUEST, SHORT, NULL},
		{"letters_escaped", "/%4D%41%67EBv/7//7/4A==", NULL, CGI_REQUEST, SHORT, NULL},
		{"escaped_slash_before_it", "/ocsp%2F" SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"leading_slashes", "/ocsp///" SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"leading_slashes_at_the_root", "////" SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"trailing_slash", "/ocsp/" SHORT "/", NULL, CGI_REQUEST, SHORT, NULL},
		{"padding_missing", "/MAgEBv/7//7/4A", NULL, CGI_REQUEST, SHORT, NULL},
		{"line_breaks_escaped", "/MAgE%0D%0ABv/7//7/4A==%0A", NULL, CGI_REQUEST, SHORT, NULL},
		{"base64url", "/MAgEBv_7__7_4A", NULL, CGI_REQUEST, SHORT, NULL},
		{"plus", "/" PLUS, NULL, CGI_REQUEST, PLUS, NULL},
		{"plus_escaped", "/MAYEBPv7%2B%2fw%3D", NULL, CGI_REQUEST, PLUS, NULL},
		{"space_for_plus", "/MAYEBPv7%20/w=", NULL, CGI_REQUEST, PLUS, NULL},
		{"query_dropped", "/ocsp/" SHORT "?a=/MAA=", NULL, CGI_REQUEST, SHORT, NULL},
		{"absolute_form", "http://ocsp.example:80/" SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"absolute_form_of_tls", "https://[::1]/ocsp/" SHORT "?x", NULL, CGI_REQUEST, SHORT, NULL},
		{"absolute_form_host_is_no_mount", "http://MAA=", NULL, CGI_MALFORMED, NULL, "no request"},
		{"no_leading_slash", SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"path_info_where_uri_is_unset", NULL, "/" SHORT, CGI_REQUEST, SHORT, NULL},
		{"uri_before_path_info", "/" SHORT, "/" RFC5019, CGI_REQUEST, SHORT, NULL},
		{"path_info_is_not_decoded_again", NULL, "/MAgEBv%2F7//7/4A==", CGI_MALFORMED, NULL,
			"no request"},
		{"empty_uri_is_set", "", "/" SHORT, CGI_MALFORMED, NULL, "no request"},
		{"double_escaped", "/MAgEBv%252F7//7/4A==", NULL, CGI_MALFORMED, NULL, "no request"},
		{"junk_inside", "/MAgEBv/7!//7/4A==", NULL, CGI_MALFORMED, NULL, "no request"},
		{"junk_behind", "/" SHORT "xyz", NULL, CGI_MALFORMED, NULL, "no request"},
		{"nul_inside", "/MAgE%00Bv/7//7/4A==", NULL, CGI_MALFORMED, NULL, "no request"},
		{"slashes_merged_names_the_cause", "/MAgEBv/7/7/4A==", NULL, CGI_MALFORMED, NULL,
			"MergeSlashes"},
		{"folded_path_info_names_the_cause", NULL, "/MAgEBv/7/7/4A==", CGI_MALFORMED, NULL,
			"let yours set REQUEST_URI"},
		{"truncated", "/ocsp/MFEwTzBN", NULL, CGI_MALFORMED, NULL, "merges slashes"},
		{"root", "/", NULL, CGI_MALFORMED, NULL, "no request"},
		{"root_with_query", "/?x=1", NULL, CGI_MALFORMED, NULL, "no request"},
		{"robots", "/robots.txt", NULL, CGI_MALFORMED, NULL, "no request"},
		{"nothing_set", NULL, NULL, CGI_MALFORMED, NULL, "no request"},
		{"asterisk", "*", NULL, CGI_MALFORMED, NULL, "no request"},
		{"favicon", "/favicon.ico", NULL, CGI_FAVICON, NULL, NULL},
		{"favicon_with_query", "/favicon.ico?v=2", NULL, CGI_FAVICON, NULL, NULL},
		{"favicon_in_path_info", NULL, "/favicon.ico", CGI_FAVICON, NULL, NULL},
		{"status", "/status", NULL, CGI_STATUS_PAGE, NULL, NULL},
		{"status_with_slash", "/status/", NULL, CGI_STATUS_PAGE, NULL, NULL},
		{"status_with_query", "/status?x", NULL, CGI_STATUS_PAGE, NULL, NULL},
		{"status_with_slash_and_query", "/status/?x=1", NULL, CGI_STATUS_PAGE, NULL, NULL},
		{"status_below_a_mount", "/ocsp/status", NULL, CGI_STATUS_PAGE, NULL, NULL},
		{"status_below_cgi_bin", "/cgi-bin/ocsp-cgi/status", NULL, CGI_STATUS_PAGE, NULL, NULL},
		{"status_below_a_mount_that_begins_like_a_request", "/MFE/status", NULL, CGI_STATUS_PAGE,
			NULL, NULL},
		{"status_in_absolute_form", "http://ocsp.example:80/status", NULL, CGI_STATUS_PAGE, NULL,
			NULL},
		{"status_escaped", "/%73tatus", NULL, CGI_STATUS_PAGE, NULL, NULL},
		{"status_in_path_info", NULL, "/status", CGI_STATUS_PAGE, NULL, NULL},
		{"status_host_is_no_path", "http://status", NULL, CGI_MALFORMED, NULL, "no request"},
		{"status_only_in_the_query", "/?/status", NULL, CGI_MALFORMED, NULL, "no request"},
		{"status_in_the_middle", "/status/x", NULL, CGI_MALFORMED, NULL, "no request"},
		{"status_longer", "/statuses", NULL, CGI_MALFORMED, NULL, "no request"},
		{"status_as_the_end_of_a_word", "/mystatus", NULL, CGI_MALFORMED, NULL, "no request"},
		{"status_of_another_case", "/Status", NULL, CGI_MALFORMED, NULL, "no request"},
		{"a_request_below_a_mount_called_status", "/status/" SHORT, NULL, CGI_REQUEST, SHORT, NULL},
		{"a_request_that_ends_in_status", "/" ENDS_IN_STATUS, NULL, CGI_REQUEST, ENDS_IN_STATUS,
			NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_message("  %s\n", cases[i].name);
		try_target(&cases[i], CGI_GET);
		try_target(&cases[i], CGI_HEAD);
	}
}

/* 16 KiB is the limit here: 30 82 3F FC and 16380 zeros just fit. */
static void a_request_beyond_the_limit_is_malformed(void **state)
{
	static char uri[22000];
	struct target fits = {"fits", uri, NULL, CGI_REQUEST, uri + 1, NULL};
	struct target too_long = {
		"too_long", uri, NULL, CGI_MALFORMED, NULL, "limits.request_bytes is 16384"};
	(void)state;
	memset(uri, 'A', sizeof uri - 1);
	memcpy(uri, "/MII//", 6);
	uri[1 + (16384 * 4 + 2) / 3] = '\0';
	try_target(&fits, CGI_GET);
	memset(uri, 'A', sizeof uri - 1);
	memcpy(uri, "/MII//Q", 7);
	uri[1 + (16385 * 4 + 2) / 3] = '\0';
	try_target(&too_long, CGI_GET);
}

static void a_target_beyond_the_storage_is_malformed(void **state)
{
	static char uri[CGI_TARGET_MAX + 2];
	struct target c = {"long", uri, NULL, CGI_MALFORMED, NULL, "the target is longer than any request"};
	(void)state;
	memset(uri, 'A', sizeof uri - 1);
	uri[0] = '/';
	try_target(&c, CGI_GET);
	uri[CGI_TARGET_MAX] = '\0';
	c.note = "no request";
	try_target(&c, CGI_GET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(environment_of_a_server),
		cmocka_unit_test(environment_by_hand),
		cmocka_unit_test(methods),
		cmocka_unit_test(targets),
		cmocka_unit_test(a_request_beyond_the_limit_is_malformed),
		cmocka_unit_test(a_target_beyond_the_storage_is_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
