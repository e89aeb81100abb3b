/* process: each case is a child with a pipe for each of its standard streams; what it wrote and how it ended is judged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cgi.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOTHING ((struct slice){NULL, 0})

struct result {
	int status; /* of waitpid() */
	char out[70000], err[8000];
	size_t out_len, err_len;
};

static void read_to_end(int fd, char *out, size_t size, size_t *len)
{
	ssize_t got = 0;
	*len = 0;
	while (*len < size - 1 && (got = read(fd, out + *len, size - 1 - *len)) > 0)
		*len += (size_t)got;
	out[*len] = '\0';
	close(fd);
}

/* Nothing is read from the child's output before it has ended: a pipe that it filled stays full. */
static void run(void (*program)(struct log *), struct result *r)
{
	int in[2];
	int out[2];
	int err[2];
	struct log log;
	assert_int_equal(pipe(in) + pipe(out) + pipe(err), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		log_start(&log, process_monotonic_us());
		log.format = LOG_TEXT;
		program(&log);
		_exit(99);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	assert_int_equal(waitpid(child, &r->status, 0), child);
	read_to_end(out[0], r->out, sizeof r->out, &r->out_len);
	read_to_end(err[0], r->err, sizeof r->err, &r->err_len);
	close(in[1]);
}

static void wait_for_body(void)
{
	uint8_t octet;
	ssize_t got = read(STDIN_FILENO, &octet, 1);
	_exit(got == 0 ? 97 : 98);
}

static void slow_client(struct log *log)
{
	process_start(log);
	process_deadline(20);
	process_stage(cgi_ready_timeout, cgi_ready_internal_error, "reading the body");
	wait_for_body();
}

static void slow_lookup(struct log *log)
{
	process_start(log);
	process_stage(cgi_ready_timeout, cgi_ready_internal_error, "reading the body");
	process_stage(cgi_ready_try_later, cgi_ready_internal_error, "looking up");
	process_deadline(0);
	wait_for_body();
}

static void half_a_reply(struct log *log)
{
	process_start(log);
	process_stage(NOTHING, NOTHING, "writing the reply");
	cgi_write(STDOUT_FILENO, SLICE("Status:"));
	process_deadline(10);
	wait_for_body();
}

static void blocked_signals(struct log *log)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGALRM, SIG_IGN);
	slow_client(log);
}

static void fill(int fd)
{
	static const uint8_t octets[4096];
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, octets, sizeof octets) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

static void full_stdout(struct log *log)
{
	fill(STDOUT_FILENO);
	slow_client(log);
}

static void both_full(struct log *log)
{
	fill(STDOUT_FILENO);
	fill(STDERR_FILENO);
	slow_client(log);
}

static void full_stderr(struct log *log)
{
	fill(STDERR_FILENO);
	slow_client(log);
}

static void cut_table(struct log *log)
{
	int fd = memfd_create("table", 0);
	if (ftruncate(fd, 4096) != 0)
		_exit(96);
	const volatile uint8_t *table = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	process_start(log);
	process_stage(cgi_ready_try_later, cgi_ready_internal_error, "looking up");
	log->ca = (struct slice){(const uint8_t *)(uintptr_t)table, 10};
	if (ftruncate(fd, 0) != 0)
		_exit(96);
	_exit(table[0]);
}

static void terminated(struct log *log)
{
	process_start(log);
	process_stage(cgi_ready_try_later, cgi_ready_internal_error, "looking up");
	raise(SIGTERM);
}

static void terminated_and_full(struct log *log)
{
	fill(STDOUT_FILENO);
	terminated(log);
}

static void logged_already(struct log *log)
{
	process_start(log);
	log->http = 200;
	process_log();
	process_stage(NOTHING, NOTHING, "ending");
	raise(SIGALRM);
}

static void terminated_in_the_reply(struct log *log)
{
	process_start(log);
	process_stage(NOTHING, NOTHING, "writing the reply");
	raise(SIGTERM);
	log->http = 200;
	bool written = cgi_write(STDOUT_FILENO, SLICE("Status:"));
	process_log();
	_exit(written ? 0 : 1);
}

static void terminated_at_the_start(struct log *log)
{
	process_start(log);
	raise(SIGTERM);
}

/* Exits with 0 where all three streams are as they should be. */
static void closed_streams(struct log *log)
{
	uint8_t octet;
	close(0);
	close(1);
	close(2);
	if (!process_start(log))
		_exit(1);
	if (read(0, &octet, 1) != 0)
		_exit(2);
	if (cgi_write(1, SLICE("x")) || errno != EBADF)
		_exit(3);
	if (!cgi_write(2, SLICE("x")))
		_exit(4);
	_exit(fcntl(0, F_GETFD) | fcntl(1, F_GETFD) | fcntl(2, F_GETFD));
}

static void closed_stdout(struct log *log)
{
	close(1);
	process_start(log);
	_exit(open("/dev/null", O_RDONLY) > 2 ? 0 : 1);
}

static void broken_pipe(struct log *log)
{
	int ends[2];
	if (pipe(ends) != 0)
		_exit(96);
	signal(SIGPIPE, SIG_DFL);
	process_start(log);
	close(ends[0]);
	_exit(!cgi_write(ends[1], SLICE("x")) && errno == EPIPE ? 0 : 1);
}

/* Standard output or the log is a file that has grown to the limit that the web server was given. */
static void full_file(struct log *log)
{
	const struct rlimit nothing = {0, 0};
	int fd = open("/tmp", O_TMPFILE | O_WRONLY, 0600);
	signal(SIGXFSZ, SIG_DFL);
	setrlimit(RLIMIT_FSIZE, &nothing);
	process_start(log);
	_exit(!cgi_write(fd, SLICE("x")) && errno == EFBIG ? 0 : 1);
}

static void built_in(struct log *log)
{
	struct itimerval timer;
	process_start(log);
	getitimer(ITIMER_REAL, &timer);
	int64_t left_us = (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec;
	_exit(left_us > 4000000 && left_us <= PROCESS_DEADLINE_MS * 1000 ? 0 : 1);
}

static void undumpable(struct log *log)
{
	process_start(log);
	_exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
}

static void judge(const struct result *r, int code, const struct slice *written, const char *const *line)
{
	assert_true(WIFEXITED(r->status));
	assert_int_equal(WEXITSTATUS(r->status), code);
	if (written) {
		assert_int_equal(r->out_len, written->len);
		assert_memory_equal(r->out, written->data, written->len);
	}
	if (!line[0])
		return;
	for (; *line; line++)
		if (!strstr(r->err, *line))
			fail_msg("'%s' is not in: %s", *line, r->err);
	assert_ptr_equal(strchr(r->err, '\n'), r->err + r->err_len - 1);
}

static void endings(void **state)
{
	static const struct slice begun = {(const uint8_t *)"Status:", 7};
	static const struct slice nothing = {(const uint8_t *)"", 0};
	static const struct {
		const char *name;
		void (*program)(struct log *);
		int exit;
		const struct slice *written; /* NULL: not looked at */
		const char *line[4];         /* parts of the one log line */
	} cases[] = {
		{"deadline_while_reading_is_408", slow_client, 0, &cgi_ready_timeout,
			{" warning ", " http=408 bytes=48",
				"deadline of 20 ms passed while reading the body"}},
		{"deadline_while_looking_up_is_try_later", slow_lookup, 0, &cgi_ready_try_later,
			{" error ", "ocsp=tryLater http=200 bytes=5", "passed while looking up"}},
		{"nothing_is_added_to_a_reply_that_has_begun", half_a_reply, 1, &begun,
			{"passed while writing the reply"}},
		{"signals_that_the_server_blocked_are_unblocked", blocked_signals, 0, &cgi_ready_timeout,
			{0}},
		{"full_stdout_is_given_up_at_the_second_tick", full_stdout, 1, NULL,
			{"deadline of 20 ms passed"}},
		{"full_stderr_does_not_hold_it_either", both_full, 1, NULL, {0}},
		{"reply_that_went_out_counts_though_the_log_is_stuck", full_stderr, 0, &cgi_ready_timeout,
			{0}},
		{"cut_file_is_an_internal_error", cut_table, 0, &cgi_ready_internal_error,
			{" error ", "ocsp=internalError http=200 bytes=5", "a mapped file was cut"}},
		{"sigterm_ends_like_the_deadline", terminated, 0, &cgi_ready_try_later,
			{"ocsp=tryLater", "ended by SIGTERM while looking up"}},
		{"sigterm_with_a_full_pipe_is_given_up_too", terminated_and_full, 1, NULL,
			{"ended by SIGTERM"}},
		{"sigterm_ends_no_reply_that_has_begun", terminated_in_the_reply, 0, &begun,
			{" info ", "http=200"}},
		{"sigterm_before_the_first_stage_ends", terminated_at_the_start, 1, &nothing,
			{"ended by SIGTERM"}},
		{"one_line_per_request", logged_already, 1, &nothing, {"http=200"}},
		{"closed_streams_are_opened", closed_streams, 0, NULL, {0}},
		{"no_file_takes_the_place_of_standard_output", closed_stdout, 0, &nothing, {0}},
		{"sigpipe_is_ignored", broken_pipe, 0, &nothing, {0}},
		{"a_file_at_its_limit_is_an_error_of_write", full_file, 0, &nothing, {0}},
		{"a_deadline_is_built_in", built_in, 0, &nothing, {0}},
		{"a_crash_leaves_no_core_file", undumpable, 0, &nothing, {0}},
	};
	static struct result r;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_message("  %s\n", cases[i].name);
		run(cases[i].program, &r);
		judge(&r, cases[i].exit, cases[i].written, cases[i].line);
	}
}

static void the_second_tick_comes_25_ms_later(void **state)
{
	static struct result r;
	int64_t started = process_monotonic_us();
	(void)state;
	run(full_stdout, &r);
	assert_in_range(process_monotonic_us() - started, 45000, 2000000);
}

static void clocks(void **state)
{
	int64_t before = process_monotonic_us();
	(void)state;
	usleep(2000);
	assert_true(process_monotonic_us() - before >= 2000);
	assert_true(process_now() > 1767225600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endings),
		cmocka_unit_test(the_second_tick_comes_25_ms_later),
		cmocka_unit_test(clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
