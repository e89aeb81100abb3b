/* cgi: what is read from standard input, what HTTP refuses of it, and how much of that is drained. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cgi.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 1000
#define OCSP  "application/ocsp-request"

static uint8_t storage[CGI_TARGET_MAX];

static const uint8_t *sent(void)
{
	static uint8_t octets[2 * CGI_DRAIN_MAX];
	if (octets[1] == 0)
		for (size_t i = 0; i < sizeof octets; i++)
			octets[i] = (uint8_t)(i % 251);
	return octets;
}

/* A file whose offset tells afterwards how much of it was read. */
static int body_of(size_t octets)
{
	int fd = memfd_create("body", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, sent(), octets), octets);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void bodies(void **state)
{
	enum { MIB = CGI_DRAIN_MAX, MORE = 2 * CGI_DRAIN_MAX };
	static const struct {
		const char *name;
		enum cgi_method method;
		const char *type, *length; /* NULL: unset */
		size_t sent;
		enum cgi_outcome outcome;
		size_t body, consumed;
	} cases[] = {
		{"announced", CGI_POST, OCSP, "70", 70, CGI_REQUEST, 70, 70},
		{"never_past_the_length", CGI_POST, OCSP, "70", 90, CGI_REQUEST, 70, 70},
		{"leading_zeros", CGI_POST, OCSP, "00070", 90, CGI_REQUEST, 70, 70},
		{"by_hand_to_the_end", CGI_POST, NULL, NULL, 70, CGI_REQUEST, 70, 70},
		{"chunked_to_the_end", CGI_POST, OCSP, "", 70, CGI_REQUEST, 70, 70},
		{"empty_announced", CGI_POST, OCSP, "0", 70, CGI_REQUEST, 0, 0},
		{"empty_to_the_end", CGI_POST, OCSP, NULL, 0, CGI_REQUEST, 0, 0},
		{"at_the_limit", CGI_POST, OCSP, "1000", 1000, CGI_REQUEST, 1000, 1000},
		{"at_the_limit_to_the_end", CGI_POST, OCSP, NULL, 1000, CGI_REQUEST, 1000, 1000},
		{"beyond_the_limit", CGI_POST, OCSP, "1001", 1001, CGI_TOO_LARGE, 0, 1001},
		{"beyond_the_limit_to_the_end", CGI_POST, OCSP, NULL, 1001, CGI_TOO_LARGE, 0, 1001},
		{"drained_to_its_length", CGI_POST, OCSP, "5000", 6000, CGI_TOO_LARGE, 0, 5000},
		{"drained_to_a_mebibyte", CGI_POST, OCSP, "2000000", MORE, CGI_TOO_LARGE, 0, MIB},
		{"drained_without_length", CGI_POST, OCSP, "", MORE, CGI_TOO_LARGE, 0, MIB + LIMIT + 1},
		{"beyond_64_bits", CGI_POST, OCSP, "99999999999999999999", 9, CGI_TOO_LARGE, 0, 9},
		{"ends_early", CGI_POST, OCSP, "71", 70, CGI_BAD_REQUEST, 0, 70},
		{"minus", CGI_POST, OCSP, "-1", 70, CGI_BAD_REQUEST, 0, 0},
		{"plus", CGI_POST, OCSP, "+70", 70, CGI_BAD_REQUEST, 0, 0},
		{"space", CGI_POST, OCSP, "70 ", 70, CGI_BAD_REQUEST, 0, 0},
		{"hexadecimal", CGI_POST, OCSP, "0x46", 70, CGI_BAD_REQUEST, 0, 0},
		{"type_in_any_case", CGI_POST, "Application/OCSP-Request", "70", 70, CGI_REQUEST, 70, 70},
		{"type_with_parameter", CGI_POST, OCSP "; charset=x", "70", 70, CGI_REQUEST, 70, 70},
		{"type_with_parameter_at_once", CGI_POST, OCSP ";charset=x", "70", 70, CGI_REQUEST, 70, 70},
		{"type_empty", CGI_POST, "", "70", 70, CGI_REQUEST, 70, 70},
		{"type_longer", CGI_POST, OCSP "s", "70", 70, CGI_UNSUPPORTED_MEDIA_TYPE, 0, 70},
		{"type_shorter", CGI_POST, "application/ocsp", "70", 90, CGI_UNSUPPORTED_MEDIA_TYPE, 0, 70},
		{"type_of_a_form", CGI_POST, "application/x-www-form-urlencoded", NULL, 70,
			CGI_UNSUPPORTED_MEDIA_TYPE, 0, 70},
		{"put_is_drained", CGI_NOT_ALLOWED, OCSP, "70", 90, CGI_METHOD_NOT_ALLOWED, 0, 70},
		{"put_without_length_is_not", CGI_NOT_ALLOWED, OCSP, NULL, 90, CGI_METHOD_NOT_ALLOWED, 0, 0},
		{"unknown_is_drained", CGI_NOT_IMPLEMENTED, OCSP, "70", 90, CGI_METHOD_NOT_IMPLEMENTED, 0,
			70},
		{"get_reads_nothing", CGI_GET, NULL, "70", 70, CGI_REQUEST, 0, 0},
		{"head_reads_nothing", CGI_HEAD, OCSP, "70", 70, CGI_REQUEST, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cgi_environment env = {.method = cases[i].method,
			.content_type = bytes_of(cases[i].type),
			.content_length = bytes_of(cases[i].length)};
		int fd = body_of(cases[i].sent);
		struct slice body;
		struct log log;
		print_message("  %s\n", cases[i].name);
		log_start(&log, 0);
		assert_int_equal(cgi_read(&env, fd, LIMIT, storage, &body, &log), cases[i].outcome);
		assert_int_equal(body.len, cases[i].body);
		assert_memory_equal(body.data, sent(), body.len);
		assert_int_equal(lseek(fd, 0, SEEK_CUR), cases[i].consumed);
		close(fd);
	}
}

static void the_limit_never_exceeds_the_storage(void **state)
{
	struct cgi_environment env = {.method = CGI_POST};
	int fd = body_of(CGI_DRAIN_MAX);
	struct slice body;
	struct log log;
	(void)state;
	log_start(&log, 0);
	assert_int_equal(cgi_read(&env, fd, SIZE_MAX, storage, &body, &log), CGI_TOO_LARGE);
	close(fd);
}

static void a_post_is_decoded_to_itself(void **state)
{
	struct cgi_environment env = {.method = CGI_POST, .request_uri = SLICE("/MAA=")};
	struct slice der;
	struct log log;
	(void)state;
	log_start(&log, 0);
	assert_int_equal(cgi_decode(&env, SLICE("junk"), LIMIT, storage, &der, &log), CGI_REQUEST);
	assert_true(bytes_equal(der, SLICE("junk")));
}

/* From a child, a third at a time, so that every read but the last is a short one. */
static pid_t send_in_pieces(int fd)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	for (size_t i = 0; i < 3; i++) {
		usleep(2000);
		if (write(fd, sent() + 30 * i, 30) != 30)
			_exit(1);
	}
	_exit(0);
}

static void short_reads_are_continued(void **state)
{
	struct cgi_environment env = {.method = CGI_POST, .content_length = SLICE("90")};
	static const int flags[] = {0, O_NONBLOCK};
	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		int ends[2];
		struct slice body;
		struct log log;
		int status = 1;
		assert_int_equal(pipe2(ends, flags[i]), 0);
		pid_t child = send_in_pieces(ends[1]);
		log_start(&log, 0);
		/* The writing end stays open here: one octet too many would wait for ever. */
		assert_int_equal(cgi_read(&env, ends[0], LIMIT, storage, &body, &log), CGI_REQUEST);
		assert_int_equal(body.len, 90);
		assert_memory_equal(body.data, sent(), 90);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		close(ends[0]);
		close(ends[1]);
	}
}

static void an_unreadable_body_is_refused(void **state)
{
	struct cgi_environment env = {.method = CGI_POST};
	struct slice body;
	struct log log;
	(void)state;
	log_start(&log, 0);
	assert_int_equal(cgi_read(&env, -1, LIMIT, storage, &body, &log), CGI_BAD_REQUEST);
	assert_int_equal(log.level, LOG_WARNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(the_limit_never_exceeds_the_storage),
		cmocka_unit_test(a_post_is_decoded_to_itself),
		cmocka_unit_test(short_reads_are_continued),
		cmocka_unit_test(an_unreadable_body_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
