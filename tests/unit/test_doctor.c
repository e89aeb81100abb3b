/* The pure parts of `ocspctl doctor`: targets, blame, clocks, freshness, kept answers, the report. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctl/doctor/doctor.h" /* before OpenSSL, by way of its ocsp.h */
#include "pki.h"

#define COUNT(table) (sizeof table / sizeof *table)

/* ---- targets ---- */

static void features_of_base64(void **state)
{
	static const struct {
		const char *base64;
		unsigned features;
	} cases[] = {
		{"MAAA", 0},
		{"MA+A", DOCTOR_PLUS},
		{"MA/A", DOCTOR_SLASH},
		{"MA//", DOCTOR_DOUBLE},
		{"M///", DOCTOR_DOUBLE},
		{"/A//", DOCTOR_SLASH | DOCTOR_DOUBLE},
		{"MAA=", DOCTOR_PADDING},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(doctor_features(cases[i].base64), cases[i].features);
}

static void targets(void **state)
{
	static const struct {
		const char *name;
		unsigned traits;
		const char *target;
	} cases[] = {
		{"raw", DOCTOR_PLUS_RAW | DOCTOR_SLASH_RAW | DOCTOR_PAD_RAW, "/a+b/c//d="},
		{"escaped", DOCTOR_PLUS_ESCAPED | DOCTOR_SLASH_ESCAPED | DOCTOR_PAD_ESCAPED,
			"/a%2Bb%2Fc%2F%2Fd%3D"},
		{"lower_case", DOCTOR_PLUS_ESCAPED | DOCTOR_SLASH_ESCAPED | DOCTOR_PAD_ESCAPED | DOCTOR_LOWER,
			"/a%2bb%2fc%2f%2fd%3d"},
		{"only_plus", DOCTOR_PLUS_ESCAPED, "/a%2Bb/c//d="},
		{"double_mixed", DOCTOR_SLASH_RAW | DOCTOR_DOUBLE_MIXED, "/a+b/c/%2Fd="},
		{"double_escaped", DOCTOR_SLASH_RAW | DOCTOR_DOUBLE_ESCAPED, "/a+b/c%2F%2Fd="},
		{"double_raw", DOCTOR_SLASH_ESCAPED | DOCTOR_DOUBLE_RAW, "/a+b%2Fc//d="},
		{"no_padding", DOCTOR_PAD_NONE, "/a+b/c//d"},
		{"base64url", DOCTOR_URL_ALPHABET, "/a-b_c__d="},
		{"leading_slash", DOCTOR_LEADING, "//a+b/c//d="},
		{"query", DOCTOR_QUERY, "/a+b/c//d=?x=1"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *target = doctor_target("a+b/c//d=", cases[i].traits);
		print_message("  %s\n", cases[i].name);
		assert_string_equal(target, cases[i].target);
		free(target);
	}
}

static void urls_end_in_one_slash(void **state)
{
	static const char *const urls[] = {"http://h/ocsp", "http://h/ocsp/", "http://h/ocsp//"};
	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		char *url = doctor_url(urls[i], "/MA==");
		assert_string_equal(url, "http://h/ocsp/MA==");
		free(url);
	}
}

static void awkward_requests(void **state)
{
	const unsigned all = DOCTOR_PLUS | DOCTOR_SLASH | DOCTOR_PADDING;
	EVP_PKEY *key = pki_p256();
	X509 *ca = pki_certificate(&(struct pki_spec){.name = "ca", .key = key, .extensions = PKI_CA});
	struct doctor_question q = {0};
	(void)state;
	assert_true(doctor_question_awkward(&q, ca, X509_get0_serialNumber(ca), all | DOCTOR_DOUBLE, 0));
	assert_int_equal(doctor_features(q.base64), all | DOCTOR_DOUBLE);
	assert_true(q.nonce_len >= 16 && q.nonce_len <= 32);
	assert_non_null(memmem(q.der, q.der_len, q.nonce, q.nonce_len));
	doctor_question_free(&q);
	X509_free(ca);
	EVP_PKEY_free(key);
}

/* ---- blame ---- */

enum { GET = DOCTOR_TRAIT_GET, RAW = DOCTOR_PLUS_RAW | DOCTOR_SLASH_RAW };

static void what_every_failing_form_shares_is_guilty(void **state)
{
	static const struct doctor_form_result results[] = {
		{0, true},
		{GET | DOCTOR_PLUS_RAW | DOCTOR_SLASH_RAW, true},
		{GET | DOCTOR_PLUS_ESCAPED | DOCTOR_SLASH_ESCAPED, false},
		{GET | DOCTOR_PLUS_ESCAPED | DOCTOR_SLASH_RAW, true},
		{GET | DOCTOR_PLUS_RAW | DOCTOR_SLASH_ESCAPED, false},
	};
	(void)state;
	assert_int_equal(doctor_guilty(results, COUNT(results)), DOCTOR_SLASH_ESCAPED);
}

static void a_post_that_passes_acquits_no_part_of_a_get(void **state)
{
	static const struct doctor_form_result results[] = {
		{0, true},
		{DOCTOR_CHUNKED, false},
		{GET | RAW, false},
		{GET | DOCTOR_SLASH_ESCAPED, false},
	};
	(void)state;
	assert_int_equal(doctor_guilty(results, COUNT(results)), GET | DOCTOR_CHUNKED);
}

static void nothing_is_guilty_where_nothing_passes(void **state)
{
	static const struct doctor_form_result results[] = {{0, false}, {GET | RAW, false}};
	(void)state;
	assert_int_equal(doctor_guilty(results, COUNT(results)), 0);
}

static void directives_by_symptom(void **state)
{
	static const struct {
		unsigned guilty, http;
		enum doctor_outcome outcome;
		int ocsp_status;
		const char *server, *advice;
	} cases[] = {
		{DOCTOR_SLASH_ESCAPED, 404, DOCTOR_HTTP_ERROR, -1, "Apache/2.4", "has to stand in the"},
		{DOCTOR_SLASH_ESCAPED, 404, DOCTOR_HTTP_ERROR, -1, "nginx", "perhaps behind the server"},
		{DOCTOR_SLASH_ESCAPED, 400, DOCTOR_HTTP_ERROR, -1, "", "encodedSolidusHandling"},
		{DOCTOR_TRAIT_DOUBLE | DOCTOR_DOUBLE_RAW, 200, DOCTOR_OCSP_ERROR, 1, "nginx",
			"escaped or not"},
		{DOCTOR_DOUBLE_RAW, 301, DOCTOR_HTTP_ERROR, -1, "", "ServeMux"},
		{DOCTOR_DOUBLE_RAW, 200, DOCTOR_OCSP_ERROR, 1, "", "MergeSlashes Off"},
		{DOCTOR_PLUS_RAW, 404, DOCTOR_HTTP_ERROR, -1, "Microsoft-IIS/10.0", "allowDoubleEscaping"},
		{DOCTOR_PLUS_RAW, 200, DOCTOR_OCSP_ERROR, 1, "", "a raw + does not arrive"},
		{DOCTOR_TRAIT_GET, 403, DOCTOR_HTTP_ERROR, -1, "nginx", "SCRIPT_FILENAME"},
		{DOCTOR_CHUNKED, 411, DOCTOR_HTTP_ERROR, -1, "lighttpd/1.4", "stream-request-body"},
		{0, 301, DOCTOR_HTTP_ERROR, -1, "", "follow no redirect"},
		{0, 200, DOCTOR_OCSP_ERROR, OCSP_RESPONSE_STATUS_UNAUTHORIZED, "", "for this CA"},
		{0, 200, DOCTOR_OTHER_NONCE, 0, "", "its key has to have"},
		{0, 200, DOCTOR_OTHER_TYPE, -1, "", "something else than an OCSP responder"},
		{0, 0, DOCTOR_NO_REPLY, -1, "", "is the URL right"},
		{0, 418, DOCTOR_HTTP_ERROR, -1, "", "does not arrive as it was sent"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct doctor_answer answer = {.outcome = cases[i].outcome,
			.ocsp_status = cases[i].ocsp_status,
			.reply.status = cases[i].http};
		const char *advice = doctor_blame(cases[i].guilty, &answer, cases[i].server);
		if (!strstr(advice, cases[i].advice))
			fail_msg("expected \"%s\" in: %s", cases[i].advice, advice);
	}
}

/* ---- clocks ---- */

static void clocks(void **state)
{
	static const int64_t none = DOCTOR_NO_TIME;
	static const struct {
		const char *name;
		int64_t produced_at, date;
		bool fresh;
		enum doctor_level level;
		const char *advice;
	} cases[] = {
		{"right", 1001, 1001, true, DOCTOR_OK, NULL},
		{"within_what_is_allowed", 1007, 1000, true, DOCTOR_OK, NULL},
		{"prepared_long_ago", 100, 1000, false, DOCTOR_OK, NULL},
		{"a_little_ahead", 1010, 1000, true, DOCTOR_WARN, "machine that signs"},
		{"a_minute_ahead", 1062, 1000, true, DOCTOR_FAIL, "machine that signs"},
		{"ahead_though_prepared", 1062, 1000, false, DOCTOR_FAIL, "machine that signs"},
		{"both_ahead", 1062, 1062, true, DOCTOR_FAIL, "or this one's"},
		{"three_clocks", 1062, 1200, true, DOCTOR_FAIL, "something else again"},
		{"no_date", 1062, none, true, DOCTOR_FAIL, "no Date header"},
		{"behind_with_its_date", 940, 940, true, DOCTOR_WARN, "or this one's"},
		{"behind_alone", 940, 1000, true, DOCTOR_NOTE, "cache_window"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct doctor_times t = {1000, 1002, cases[i].produced_at, cases[i].date, cases[i].fresh};
		const char *advice = NULL;
		print_message("  %s\n", cases[i].name);
		assert_int_equal(doctor_clock_judge(&t, &advice), cases[i].level);
		assert_int_equal(advice == NULL, cases[i].advice == NULL);
		if (advice && !strstr(advice, cases[i].advice))
			fail_msg("expected \"%s\" in: %s", cases[i].advice, advice);
	}
}

static void offsets_leave_out_the_exchange(void **state)
{
	(void)state;
	assert_int_equal(doctor_clock_offset(100, 100, 105), 0);
	assert_int_equal(doctor_clock_offset(105, 100, 105), 0);
	assert_int_equal(doctor_clock_offset(106, 100, 105), 1);
	assert_int_equal(doctor_clock_offset(99, 100, 105), -1);
}

/* ---- headers ---- */

static struct http_response reply_with(const char *lines)
{
	struct http_response reply = {.status = 200, .headers = (char *)(uintptr_t)lines};
	reply.headers_len = strlen(lines);
	return reply;
}

static void max_ages(void **state)
{
	static const struct {
		const char *value;
		int64_t alone, shared;
	} cases[] = {
		{"max-age=60", 60, 60},
		{"public, MAX-AGE=60, must-revalidate", 60, 60},
		{"s-maxage=5,max-age=60", 60, 5},
		{"max-age=", -1, -1},
		{"max-age=x", -1, -1},
		{"x-max-age=60", -1, -1},
		{"no-store", -1, -1},
		{"max-age=99999999999999999999", -1, -1},
		{"", -1, -1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char lines[128];
		(void)snprintf(
			lines, sizeof lines, "HTTP/1.1 200 OK\r\nCache-Control: %s\r\n\r\n", cases[i].value);
		struct http_response reply = reply_with(lines);
		assert_int_equal(doctor_max_age(&reply, false), cases[i].alone);
		assert_int_equal(doctor_max_age(&reply, true), cases[i].shared);
	}
}

static void expires_and_max_age(void **state)
{
	static const int64_t none = DOCTOR_NO_TIME;
	static const struct {
		const char *name;
		int64_t date, age, max_age, expires;
		const char *problem;
	} cases[] = {
		{"they_agree", 1000, 0, 600, 1600, NULL},
		{"within_what_is_allowed", 1000, 0, 600, 1602, NULL},
		{"earlier", 1000, 0, 600, 1573, "27 s earlier than Date + max-age"},
		{"later", 1000, 0, 600, 1603, "3 s later than Date + max-age"},
		{"kept_with_its_date", 1000, 28, 600, 1600, NULL},
		{"kept_with_a_new_date", 1028, 28, 600, 1600, NULL},
		{"kept_with_a_new_date_a_second_late", 1028, 27, 600, 1600, NULL},
		{"kept_and_later", 1028, 28, 600, 1700, "72 s later than max-age says"},
		{"kept_and_earlier", 1028, 28, 600, 1500, "100 s earlier than max-age says"},
		{"no_expires", 1000, 0, 600, none, NULL},
		{"no_max_age", 1000, 0, -1, 1600, NULL},
		{"no_date", none, 0, 600, 1600, NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct doctor_freshness f = {.date = cases[i].date,
			.age = cases[i].age,
			.max_age = cases[i].max_age,
			.expires = cases[i].expires};
		char *problem = doctor_expires_disagrees(&f);
		print_message("  %s\n", cases[i].name);
		assert_int_equal(problem != NULL, cases[i].problem != NULL);
		if (problem && !strstr(problem, cases[i].problem))
			fail_msg("expected \"%s\" in: %s", cases[i].problem, problem);
		free(problem);
	}
}

static void http_dates(void **state)
{
	struct http_response reply = reply_with("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
						"Expires: 0\r\nAge: 17\r\n\r\n");
	(void)state;
	assert_int_equal(doctor_http_date(&reply, "Date"), 784111777);
	assert_true(doctor_http_date(&reply, "Expires") == DOCTOR_NO_TIME);
	assert_true(doctor_http_date(&reply, "Last-Modified") == DOCTOR_NO_TIME);
	assert_int_equal(doctor_age(&reply), 17);
}

static void caches_that_say_hit(void **state)
{
	static const struct {
		const char *line;
		bool hit;
	} cases[] = {
		{"X-Cache: HIT from proxy", true},
		{"X-Cache: Hit from cloudfront", true},
		{"X-Cache: MISS from proxy", false},
		{"X-Cache-Status: hit", true},
		{"CF-Cache-Status: DYNAMIC", false},
		{"Cache-Status: edge; hit; ttl=5", true},
		{"Cache-Status: edge; fwd=uri-miss", false},
		{"X-Cache-Hits: 2", true},
		{"X-Cache-Hits: 0", false},
		{"Age: 1", true},
		{"Age: 0", false},
		{"X: y", false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char lines[128];
		(void)snprintf(lines, sizeof lines, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", cases[i].line);
		struct http_response reply = reply_with(lines);
		print_message("  %s\n", cases[i].line);
		assert_int_equal(doctor_cache_says_hit(&reply) != NULL, cases[i].hit);
	}
}

/* ---- the report ---- */

static void json_escapes_what_servers_say(void **state)
{
	static const struct doctor_check check = {"id", "what", DOCTOR_FAIL, "advice"};
	struct doctor_report r = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	(void)state;
	doctor_report_add(&r, &check, DOCTOR_FAIL, "a\"b\\c\x1b[31m\n", NULL);
	doctor_report_add(&r, &check, DOCTOR_OK, "fine", NULL);
	doctor_report_json(&r, "http://h/", "", to);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text,
		"{\"url\":\"http://h/\",\"server\":null,\"passed\":1,\"notes\":0,\"warnings\":0,"
		"\"failures\":1,\"checks\":["
		"{\"id\":\"id\",\"result\":\"failure\",\"what\":\"what\",\"found\":\"a\\\"b\\\\c?[31m?\","
		"\"advice\":\"advice\"},"
		"{\"id\":\"id\",\"result\":\"ok\",\"what\":\"what\",\"found\":\"fine\",\"advice\":null}]}\n");
	free(text);
	doctor_report_free(&r);
}

static void advice_is_given_once(void **state)
{
	static const struct doctor_check first = {"first", "w", DOCTOR_WARN, "do it"};
	static const struct doctor_check second = {"second", "w", DOCTOR_WARN, "do it"};
	struct doctor_report r = {0};
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	(void)state;
	doctor_report_add(&r, &first, DOCTOR_WARN, "x", NULL);
	doctor_report_add(&r, &second, DOCTOR_WARN, "x", NULL);
	doctor_report_print(&r, "http://h/", "nginx", to);
	assert_int_equal(fclose(to), 0);
	assert_non_null(strstr(text, "      -> do it\n"));
	assert_non_null(strstr(text, "      -> as for first\n"));
	assert_non_null(strstr(text, "0 passed, 2 warnings, 0 failures\n"));
	free(text);
	doctor_report_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_of_base64),
		cmocka_unit_test(targets),
		cmocka_unit_test(urls_end_in_one_slash),
		cmocka_unit_test(awkward_requests),
		cmocka_unit_test(what_every_failing_form_shares_is_guilty),
		cmocka_unit_test(a_post_that_passes_acquits_no_part_of_a_get),
		cmocka_unit_test(nothing_is_guilty_where_nothing_passes),
		cmocka_unit_test(directives_by_symptom),
		cmocka_unit_test(clocks),
		cmocka_unit_test(offsets_leave_out_the_exchange),
		cmocka_unit_test(max_ages),
		cmocka_unit_test(expires_and_max_age),
		cmocka_unit_test(http_dates),
		cmocka_unit_test(caches_that_say_hit),
		cmocka_unit_test(json_escapes_what_servers_say),
		cmocka_unit_test(advice_is_given_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
