/* status_redis: what is sent to Redis, in one piece, and what becomes of its answers. The server is a forked child. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "process.h"
#include "status_redis.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX "cert:/CN=a b:"
#define GOOD   "*3\r\n$1\r\n0\r\n$-1\r\n$-1\r\n"
#define ABSENT "*3\r\n$-1\r\n$-1\r\n$-1\r\n"
#define HMGET(n, key)                                                                                        \
	"*5\r\n$5\r\nHMGET\r\n$" n "\r\n" key                                                                \
	"\r\n$6\r\nstatus\r\n$15\r\nrevocation_time\r\n$17\r\nrevocation_reason\r\n"
#define HMGET_1   HMGET("14", PREFIX "1")
#define AUTH      "*2\r\n$4\r\nAUTH\r\n$2\r\np \r\n"
#define AUTH_USER "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$2\r\np \r\n"
#define SELECT    "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n"
#define READONLY  "*1\r\n$8\r\nREADONLY\r\n"

/* A lab of its own for each test: a folder, a socket in it, a server that is another process. */
struct lab {
	char folder[32], path[64];
	struct redis_settings settings;
	struct status_redis redis;
	struct log log;
	pid_t server;
	int heard; /* a pipe: what the server was told */
};

static int set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	if (!lab)
		return -1;
	strcpy(lab->folder, "/tmp/test_redis.XXXXXX");
	lab->redis.fd = -1;
	*state = lab;
	if (!mkdtemp(lab->folder))
		return -1;
	snprintf(lab->path, sizeof lab->path, "%s/socket", lab->folder);
	lab->settings = (struct redis_settings){.address_count = 1, .timeout_ms = 5000};
	lab->settings.addresses[0] =
		(struct redis_address){.family = REDIS_UNIX, .path = bytes_of(lab->path)};
	log_start(&lab->log, 0);
	return 0;
}

static int tear_down(void **state)
{
	struct lab *lab = *state;
	status_redis_close(&lab->redis);
	if (lab->heard > 0)
		close(lab->heard); /* it would wait for a reader of all that it heard */
	if (lab->server > 0)
		waitpid(lab->server, NULL, 0);
	unlink(lab->path);
	rmdir(lab->folder);
	free(lab);
	return 0;
}

/* In the child: hears `expected` octets or the client's end, says `reply`, waits `hold_ms` or for the client's end. */
static void serve(int client, size_t expected, struct slice reply, int hold_ms, int heard)
{
	static char octets[4 * 1024 * 1024];
	size_t got = 0;
	while (got < expected) {
		ssize_t more = read(client, octets + got, sizeof octets - got);
		if (more <= 0)
			break;
		got += (size_t)more;
	}
	bool said = write(client, reply.data, reply.len) == (ssize_t)reply.len;
	struct pollfd end = {.fd = client, .events = POLLIN};
	if (hold_ms > 0)
		(void)poll(&end, 1, hold_ms);
	shutdown(client, SHUT_RDWR);
	_exit(said && write(heard, octets, got) == (ssize_t)got ? 0 : 1);
}

static void fork_server(
	struct lab *lab, int listener, int client, size_t expected, struct slice reply, int hold_ms)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	lab->heard = ends[0];
	lab->server = fork();
	assert_true(lab->server >= 0);
	if (lab->server == 0) {
		alarm(20);
		status_redis_close(&lab->redis); /* the child's copy of the other end */
		serve(listener >= 0 ? accept(listener, NULL, NULL) : client, expected, reply, hold_ms,
			ends[1]);
	}
	close(ends[1]);
	close(listener >= 0 ? listener : client);
}

static void start_server(struct lab *lab, size_t expected, struct slice reply, int hold_ms)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(to.sun_path, lab->path, sizeof lab->path);
	assert_int_equal(bind(listener, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(listen(listener, 1), 0);
	fork_server(lab, listener, -1, expected, reply, hold_ms);
}

/* Without a listener: the connection is there already, and holds little at a time. */
static void start_narrow_server(struct lab *lab, size_t expected, struct slice reply, int hold_ms)
{
	int ends[2];
	int size = 4096;
	struct redis_settings none = lab->settings;
	none.address_count = 0;
	status_redis_open(&lab->redis, &none);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	lab->redis.fd = ends[0];
	fork_server(lab, -1, ends[1], expected, reply, hold_ms);
}

static struct certid serial(const char *octets, size_t len)
{
	return (struct certid){.serial_number = {(const uint8_t *)octets, len}};
}

static void assert_heard(struct lab *lab, const char *expected)
{
	static char octets[65536];
	size_t got = 0;
	ssize_t more;
	while ((more = read(lab->heard, octets + got, sizeof octets - 1 - got)) > 0)
		got += (size_t)more;
	octets[got] = '\0';
	assert_string_equal(octets, expected);
}

static void assert_noted(const struct lab *lab, const char *expected)
{
	struct slice note = bytes_written(&lab->log.notes);
	if (!memmem(note.data, note.len, expected, strlen(expected)))
		fail_msg("noted \"%.*s\", not \"%s\"", (int)note.len, (const char *)note.data, expected);
}

/* ---- one question ---- */

struct question {
	const char *name;
	const char *password, *username;
	uint32_t database;
	bool cluster;
	const char *asked, *reply;
	enum response_status status;
	struct redis_record record;
	const char *note; /* NULL: none */
};

#define NO_GREETING NULL, NULL, 0, false, HMGET_1
#define OK          RESPONSE_SUCCESSFUL
#define LATER       RESPONSE_TRY_LATER
#define BROKEN      RESPONSE_INTERNAL_ERROR
#define RECORD(present, status, time, reason)                                                                \
	{                                                                                                    \
		present, status, time, reason                                                                \
	}
#define NOTHING RECORD(false, 0, 0, CRL_REASON_NONE)
#define A_KEY   "key " PREFIX "1: "

static const struct question questions[] = {
	{"good", NO_GREETING, GOOD, OK, RECORD(true, 0, 0, -1), NULL},
	{"no_hash", NO_GREETING, ABSENT, OK, NOTHING, NULL},
	{"unknown", NO_GREETING, "*3\r\n$1\r\n2\r\n$-1\r\n$-1\r\n", OK, RECORD(true, 2, 0, -1), NULL},
	{"revoked", NO_GREETING, "*3\r\n$1\r\n1\r\n$10\r\n1735689600\r\n$2\r\n10\r\n", OK,
		RECORD(true, 1, 1735689600, 10), NULL},
	{"revoked_without_time_and_reason", NO_GREETING, "*3\r\n$1\r\n1\r\n$-1\r\n$-1\r\n", OK,
		RECORD(true, 1, 0, -1), NULL},
	{"taken_back_with_its_old_reason", NO_GREETING, "*3\r\n$1\r\n0\r\n$1\r\n5\r\n$1\r\n8\r\n", OK,
		RECORD(true, 0, 5, 8), NULL},
	{"removed_from_crl", NO_GREETING, "*3\r\n$1\r\n1\r\n$1\r\n5\r\n$1\r\n8\r\n", BROKEN, NOTHING, A_KEY},
	{"reason_7", NO_GREETING, "*3\r\n$1\r\n1\r\n$1\r\n5\r\n$1\r\n7\r\n", BROKEN, NOTHING, A_KEY},
	{"reason_11", NO_GREETING, "*3\r\n$1\r\n0\r\n$-1\r\n$2\r\n11\r\n", BROKEN, NOTHING, A_KEY},
	{"status_3", NO_GREETING, "*3\r\n$1\r\n3\r\n$-1\r\n$-1\r\n", BROKEN, NOTHING, A_KEY},
	{"status_empty", NO_GREETING, "*3\r\n$0\r\n\r\n$-1\r\n$-1\r\n", BROKEN, NOTHING, A_KEY},
	{"status_abc", NO_GREETING, "*3\r\n$3\r\nabc\r\n$-1\r\n$-1\r\n", BROKEN, NOTHING, A_KEY},
	{"time_without_status", NO_GREETING, "*3\r\n$-1\r\n$1\r\n5\r\n$-1\r\n", BROKEN, NOTHING, A_KEY},
	{"reason_without_status", NO_GREETING, "*3\r\n$-1\r\n$-1\r\n$1\r\n1\r\n", BROKEN, NOTHING, A_KEY},
	{"time_of_year_10000", NO_GREETING, "*3\r\n$1\r\n1\r\n$12\r\n253402300800\r\n$-1\r\n", BROKEN,
		NOTHING, A_KEY},
	{"wrong_type", NO_GREETING, "-WRONGTYPE Operation\r\n", BROKEN, NOTHING,
		A_KEY "WRONGTYPE Operation: "},
	{"word_that_only_begins_so", NO_GREETING, "-WRONGTYPES\r\n", LATER, NOTHING, A_KEY "WRONGTYPES: "},
	{"noauth", NO_GREETING, "-NOAUTH\r\n", LATER, NOTHING, A_KEY "NOAUTH: give redis.password_file"},
	{"status_reply", NO_GREETING, "+OK\r\n", BROKEN, NOTHING, A_KEY},
	{"integer_reply", NO_GREETING, ":0\r\n", BROKEN, NOTHING, A_KEY},
	{"two_answers", NO_GREETING, GOOD GOOD, BROKEN, RECORD(true, 0, 0, -1), "not what Redis answers"},
	{"half_an_answer_too_much", NO_GREETING, GOOD "*", BROKEN, RECORD(true, 0, 0, -1),
		"not what Redis answers"},
	{"cut", NO_GREETING, "*3\r\n$1\r\n0\r\n$-1\r\n$-1\r", LATER, NOTHING,
		A_KEY "the connection was lost"},
	{"no_reply", NO_GREETING, "", LATER, NOTHING, A_KEY "the connection was lost"},
	{"password", "p ", NULL, 0, false, AUTH HMGET_1, "+OK\r\n" GOOD, OK, RECORD(true, 0, 0, -1), NULL},
	{"user_and_password", "p ", "u", 0, false, AUTH_USER HMGET_1, "+OK\r\n" GOOD, OK,
		RECORD(true, 0, 0, -1), NULL},
	{"user_without_password", NULL, "u", 0, false, HMGET_1, GOOD, OK, RECORD(true, 0, 0, -1), NULL},
	{"database", NULL, NULL, 12, false, SELECT HMGET_1, "+OK\r\n" GOOD, OK, RECORD(true, 0, 0, -1), NULL},
	{"cluster", NULL, NULL, 0, true, READONLY HMGET_1, "+OK\r\n" GOOD, OK, RECORD(true, 0, 0, -1), NULL},
	{"all_of_them", "p ", "u", 12, true, AUTH_USER SELECT READONLY HMGET_1, "+OK\r\n+OK\r\n+OK\r\n" GOOD,
		OK, RECORD(true, 0, 0, -1), NULL},
	{"auth_refused", "p ", NULL, 0, false, AUTH HMGET_1, "-WRONGPASS\r\n" GOOD, LATER, NOTHING,
		": AUTH: WRONGPASS: correct redis.username"},
	{"select_refused", "p ", NULL, 12, false, AUTH SELECT HMGET_1, "+OK\r\n-ERR DB index\r\n" GOOD, LATER,
		NOTHING, ": SELECT: ERR"},
	{"readonly_refused", NULL, NULL, 0, true, READONLY HMGET_1, "-ERR no cluster\r\n" GOOD, LATER,
		NOTHING, ": READONLY: ERR no cluster: "},
	{"auth_answered_by_a_record", "p ", NULL, 0, false, AUTH HMGET_1, GOOD GOOD, BROKEN, NOTHING,
		": AUTH: what came"},
	{"auth_answered_almost_well", "p ", NULL, 0, false, AUTH HMGET_1, "+OK \r\n" GOOD, BROKEN, NOTHING,
		": AUTH: "},
	{"answer_where_the_greeting_is_cut", "p ", NULL, 0, false, AUTH HMGET_1, "+OK", LATER, NOTHING,
		": AUTH: the connection was lost"},
};

static void one_question(void **state)
{
	void *made = NULL;
	const struct question *q = *state;
	const struct certid id = serial("\x01", 1);
	struct redis_record record;
	assert_int_equal(set_up(&made), 0);
	struct lab *lab = made;
	lab->settings.password = bytes_of(q->password);
	lab->settings.username = bytes_of(q->username);
	lab->settings.database = q->database;
	lab->settings.cluster = q->cluster;
	start_server(lab, strlen(q->asked), bytes_of(q->reply), 0);
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(
		status_redis_lookup(&lab->redis, SLICE(PREFIX), &id, 1, &record, &lab->log), q->status);
	assert_int_equal(record.present, q->record.present);
	assert_int_equal(record.status, q->record.status);
	assert_int_equal(record.revocation_time, q->record.revocation_time);
	assert_int_equal(record.reason, q->record.reason);
	if (q->note)
		assert_noted(lab, q->note);
	else
		assert_int_equal(lab->log.notes.len, 0);
	assert_heard(lab, q->asked);
	tear_down(&made);
}

/* ---- several ---- */

static void negative_serials_are_not_asked_for(void **state)
{
	struct lab *lab = *state;
	const struct certid ids[] = {
		serial("\x80", 1), serial("\x05", 1), serial("\xFF", 1), serial("\x06", 1)};
	struct redis_record out[4];
	const char *asked = HMGET("14", PREFIX "5") HMGET("14", PREFIX "6");
	start_server(lab, strlen(asked), SLICE("*3\r\n$1\r\n1\r\n$1\r\n9\r\n$-1\r\n" GOOD), 0);
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), ids, 4, out, &lab->log), OK);
	assert_false(out[0].present);
	assert_int_equal(out[1].revocation_time, 9);
	assert_false(out[2].present);
	assert_true(out[3].present && out[3].status == CERT_STATUS_GOOD);
	assert_heard(lab, asked);
}

static void only_negative_serials_need_no_server(void **state)
{
	struct lab *lab = *state;
	const struct certid ids[] = {serial("\x80", 1), serial("\xFF\x01", 2)};
	struct redis_record out[2];
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(lab->redis.fd, -1);
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), ids, 2, out, &lab->log), OK);
	assert_false(out[0].present || out[1].present);
	assert_int_equal(lab->log.notes.len, 0);
}

static void an_error_among_answers_names_its_key(void **state)
{
	struct lab *lab = *state;
	const struct certid ids[] = {serial("\x05", 1), serial("\x06", 1), serial("\x07", 1)};
	struct redis_record out[3];
	start_server(lab, 1, SLICE(GOOD "-LOADING\r\n" GOOD), 0);
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), ids, 3, out, &lab->log), LATER);
	assert_noted(lab, "key " PREFIX "6: LOADING");
}

/* As many and as long as there can be: what one send() does not take is sent later, in order. */
static void a_slow_reader_gets_every_octet(void **state)
{
	struct lab *lab = *state;
	static struct certid ids[REQUEST_CERTIDS_MAX];
	static struct redis_record out[REQUEST_CERTIDS_MAX];
	static char prefix[STATUS_REDIS_PREFIX_MAX + 1], asked[STATUS_REDIS_KEY_MAX + 128];
	static char replies[REQUEST_CERTIDS_MAX * (sizeof ABSENT - 1) + 1];
	memset(prefix, 'x', sizeof prefix - 1);
	size_t len = (size_t)snprintf(asked, sizeof asked, HMGET("%zu", "%s5"), sizeof prefix, prefix);
	for (size_t i = 0; i < REQUEST_CERTIDS_MAX; i++) {
		ids[i] = serial("\x05", 1);
		strcat(replies, ABSENT);
	}
	start_narrow_server(lab, REQUEST_CERTIDS_MAX * len, bytes_of(replies), 10000);
	assert_int_equal(
		status_redis_lookup(&lab->redis, bytes_of(prefix), ids, REQUEST_CERTIDS_MAX, out, &lab->log),
		OK);
	status_redis_close(&lab->redis);
	for (size_t i = 0; i < REQUEST_CERTIDS_MAX; i++) {
		static char heard[sizeof asked];
		for (size_t got = 0; got < len;) {
			ssize_t more = read(lab->heard, heard + got, len - got);
			assert_true(more > 0);
			got += (size_t)more;
		}
		assert_memory_equal(heard, asked, len);
	}
}

static void a_prefix_beyond_its_limit_is_not_sent(void **state)
{
	struct lab *lab = *state;
	static uint8_t prefix[STATUS_REDIS_KEY_MAX];
	const struct certid id = serial("\x01", 1);
	struct redis_record record;
	start_server(lab, 1, SLICE(GOOD), 0);
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(status_redis_lookup(&lab->redis, (struct slice){prefix, sizeof prefix}, &id, 1,
				 &record, &lab->log),
		BROKEN);
	assert_noted(lab, "too long");
	status_redis_close(&lab->redis);
	assert_heard(lab, "");
}

/* ---- a server that does not listen to the end ---- */

static enum response_status ask_a_server_that_hears_nothing(struct lab *lab, struct slice reply)
{
	static struct certid ids[REQUEST_CERTIDS_MAX];
	static struct redis_record out[REQUEST_CERTIDS_MAX];
	for (size_t i = 0; i < REQUEST_CERTIDS_MAX; i++)
		ids[i] = serial("\x01", 1);
	start_narrow_server(lab, 0, reply, 0);
	assert_int_equal(waitpid(lab->server, NULL, 0), lab->server);
	lab->server = 0;
	return status_redis_lookup(&lab->redis, SLICE(PREFIX), ids, REQUEST_CERTIDS_MAX, out, &lab->log);
}

static void last_words_are_heard(void **state)
{
	struct lab *lab = *state;
	assert_int_equal(
		ask_a_server_that_hears_nothing(lab, SLICE("-ERR max number of clients reached\r\n")), LATER);
	assert_noted(lab, "max number of clients reached");
}

static void answers_to_what_was_not_heard_are_not_believed(void **state)
{
	struct lab *lab = *state;
	assert_int_equal(ask_a_server_that_hears_nothing(lab, SLICE(GOOD)), LATER);
	assert_noted(lab, "the connection was lost before the reply was whole (");
}

static void http_to_what_was_not_heard_is_no_redis(void **state)
{
	struct lab *lab = *state;
	assert_int_equal(
		ask_a_server_that_hears_nothing(lab, SLICE("HTTP/1.1 400 Bad Request\r\n\r\n")), BROKEN);
}

/* ---- addresses and time ---- */

static void addresses_are_tried_in_order(void **state)
{
	struct lab *lab = *state;
	const struct certid id = serial("\x01", 1);
	struct redis_record record;
	char too_long[200];
	memset(too_long, 'x', sizeof too_long);
	lab->settings.address_count = 3;
	lab->settings.addresses[2] = lab->settings.addresses[0];
	lab->settings.addresses[0].path = SLICE("/no/such/socket");
	lab->settings.addresses[1].path = (struct slice){(const uint8_t *)too_long, sizeof too_long};
	start_server(lab, 1, SLICE(GOOD), 0);
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(lab->redis.address, 2);
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), &id, 1, &record, &lab->log), OK);
	assert_true(record.present);
}

static void no_address_can_be_reached(void **state)
{
	struct lab *lab = *state;
	const struct certid id = serial("\x01", 1);
	struct redis_record record;
	lab->settings.address_count = 2;
	lab->settings.addresses[1] = (struct redis_address){.family = REDIS_UNIX, .path = SLICE("/no/such")};
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(lab->log.notes.len, 0); /* nobody has asked yet */
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), &id, 1, &record, &lab->log), LATER);
	assert_noted(lab,
		"redis unix:/no/such: cannot connect (No such file or directory, the last of its addresses)");
}

static void silence_ends_at_the_deadline(void **state)
{
	struct lab *lab = *state;
	const struct certid id = serial("\x01", 1);
	struct redis_record record;
	lab->settings.timeout_ms = 60;
	start_server(lab, 1, SLICE("*3\r\n"), 20000);
	int64_t started_us = process_monotonic_us();
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), &id, 1, &record, &lab->log), LATER);
	assert_in_range(process_monotonic_us() - started_us, 60 * 1000, 5 * 1000 * 1000);
	assert_noted(lab, "no whole reply within redis.timeout_ms, 60");
}

/* The time counts from status_redis_open(): what the request takes in between is not added. */
static void a_deadline_that_has_passed_waits_for_nothing(void **state)
{
	struct lab *lab = *state;
	const struct certid id = serial("\x01", 1);
	struct redis_record record;
	start_server(lab, 1, SLICE(""), 20000);
	status_redis_open(&lab->redis, &lab->settings);
	lab->redis.deadline_us = process_monotonic_us() - 1;
	int64_t started_us = process_monotonic_us();
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), &id, 1, &record, &lab->log), LATER);
	assert_in_range(process_monotonic_us() - started_us, 0, 3 * 1000 * 1000);
}

static void the_secret_does_not_stay_in_memory(void **state)
{
	struct lab *lab = *state;
	const struct certid id = serial("\x01", 1);
	struct redis_record record;
	lab->settings.password = SLICE("a secret");
	start_server(lab, 1, SLICE("+OK\r\n" GOOD), 0);
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(status_redis_lookup(&lab->redis, SLICE(PREFIX), &id, 1, &record, &lab->log), OK);
	assert_null(memmem(lab->redis.command_octets, sizeof lab->redis.command_octets, "a secret", 8));
}

/* ---- PING ---- */

static void ping(void **state)
{
	static const struct {
		const char *reply;
		enum response_status status;
	} cases[] = {
		{"+PONG\r\n", OK},
		{"+OK\r\n", BROKEN},
		{"-NOAUTH\r\n", LATER},
		{"-WRONGTYPE\r\n", BROKEN},
		{"$4\r\nPONG\r\n", BROKEN},
		{"+PONG\r\n+PONG\r\n", BROKEN},
		{"", LATER},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		void *made = NULL;
		assert_int_equal(set_up(&made), 0);
		struct lab *lab = made;
		lab->settings.database = 12;
		const char *asked = SELECT "*1\r\n$4\r\nPING\r\n";
		char reply[64];
		snprintf(reply, sizeof reply, "+OK\r\n%s", cases[i].reply);
		start_server(lab, strlen(asked), bytes_of(reply), 0);
		status_redis_open(&lab->redis, &lab->settings);
		assert_int_equal(status_redis_ping(&lab->redis, &lab->log), cases[i].status);
		assert_heard(lab, asked);
		tear_down(&made);
	}
}

#define T(name)   cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define QUESTIONS (sizeof questions / sizeof questions[0])

int main(void)
{
	const struct CMUnitTest fixed[] = {
		T(negative_serials_are_not_asked_for),
		T(only_negative_serials_need_no_server),
		T(an_error_among_answers_names_its_key),
		T(a_slow_reader_gets_every_octet),
		T(a_prefix_beyond_its_limit_is_not_sent),
		T(last_words_are_heard),
		T(answers_to_what_was_not_heard_are_not_believed),
		T(http_to_what_was_not_heard_is_no_redis),
		T(addresses_are_tried_in_order),
		T(no_address_can_be_reached),
		T(silence_ends_at_the_deadline),
		T(a_deadline_that_has_passed_waits_for_nothing),
		T(the_secret_does_not_stay_in_memory),
		cmocka_unit_test(ping),
	};
	struct CMUnitTest tests[QUESTIONS + sizeof fixed / sizeof fixed[0]];
	memcpy(tests, fixed, sizeof fixed);
	for (size_t i = 0; i < QUESTIONS; i++)
		tests[sizeof fixed / sizeof fixed[0] + i] = (struct CMUnitTest){
			questions[i].name, one_question, NULL, NULL, (void *)(uintptr_t)&questions[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
