/* status_redis: what is sent to Redis, in one piece, and what becomes of its answers. */
#include "status_redis_lab.h"

#define AUTH      "*2\r\n$4\r\nAUTH\r\n$2\r\np \r\n"
#define AUTH_USER "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$2\r\np \r\n"
#define SELECT    "*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n"
#define READONLY  "*1\r\n$8\r\nREADONLY\r\n"

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
	{"status_with_a_zero_in_front", NO_GREETING, "*3\r\n$2\r\n00\r\n$-1\r\n$-1\r\n", BROKEN, NOTHING,
		A_KEY},
	{"status_1_with_a_zero_in_front", NO_GREETING, "*3\r\n$2\r\n01\r\n$-1\r\n$-1\r\n", BROKEN, NOTHING,
		A_KEY},
	{"time_with_a_zero_in_front", NO_GREETING, "*3\r\n$1\r\n1\r\n$2\r\n05\r\n$-1\r\n", BROKEN, NOTHING,
		A_KEY},
	{"reason_with_a_zero_in_front", NO_GREETING, "*3\r\n$1\r\n1\r\n$1\r\n5\r\n$2\r\n01\r\n", BROKEN,
		NOTHING, A_KEY},
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
	{"auth_refused_by_a_word_of_records", "p ", NULL, 0, false, AUTH HMGET_1, "-WRONGTYPE x\r\n" GOOD,
		LATER, NOTHING, ": AUTH: WRONGTYPE x: see the server"},
	{"select_refused_by_a_word_of_records", NULL, NULL, 12, false, SELECT HMGET_1,
		"-WRONGTYPE x\r\n" GOOD, LATER, NOTHING, ": SELECT: WRONGTYPE x: see the server"},
	{"readonly_refused_by_a_word_of_records", NULL, NULL, 0, true, READONLY HMGET_1,
		"-WRONGTYPE x\r\n" GOOD, LATER, NOTHING, ": READONLY: WRONGTYPE x: see the server"},
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

/* ---- PING ---- */

static void ping_does_not_excuse_a_refused_greeting(void **state)
{
	struct lab *lab = *state;
	const char *asked = SELECT "*1\r\n$4\r\nPING\r\n";
	lab->settings.database = 12;
	start_server(lab, strlen(asked), SLICE("-NOPERM x\r\n-NOPERM x\r\n"), 0);
	status_redis_open(&lab->redis, &lab->settings);
	assert_int_equal(status_redis_ping(&lab->redis, &lab->log), LATER);
	assert_noted(lab, "SELECT: NOPERM");
}

static void ping(void **state)
{
	static const struct {
		const char *reply;
		enum response_status status;
	} cases[] = {
		{"+PONG\r\n", OK},
		{"+OK\r\n", BROKEN},
		{"-NOAUTH\r\n", LATER},
		{"-WRONGTYPE\r\n", LATER},
		{"-NOPERM User ocsp has no permissions to run the 'ping' command\r\n", OK},
		{"-NOPERM this user has no permissions\r\n+PONG\r\n", BROKEN},
		{"+NOPERM this user has no permissions\r\n", BROKEN},
		{"-NOPERMS x\r\n", LATER},
		{"-ERR NOPERM x\r\n", LATER},
		{"-NOPERM", LATER},
		{"-LOADING Redis is loading\r\n", LATER},
		{"-WRONGPASS x\r\n", LATER},
		{"-MASTERDOWN x\r\n", LATER},
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
		char reply[128];
		snprintf(reply, sizeof reply, "+OK\r\n%s", cases[i].reply);
		start_server(lab, strlen(asked), bytes_of(reply), 0);
		status_redis_open(&lab->redis, &lab->settings);
		assert_int_equal(status_redis_ping(&lab->redis, &lab->log), cases[i].status);
		assert_heard(lab, asked);
		tear_down(&made);
	}
}

#define QUESTIONS (sizeof questions / sizeof questions[0])
#define FIXED     6

int main(void)
{
	struct CMUnitTest tests[FIXED + QUESTIONS] = {
		LAB_TEST(negative_serials_are_not_asked_for),
		LAB_TEST(only_negative_serials_need_no_server),
		LAB_TEST(an_error_among_answers_names_its_key),
		LAB_TEST(a_prefix_beyond_its_limit_is_not_sent),
		LAB_TEST(ping_does_not_excuse_a_refused_greeting),
		cmocka_unit_test(ping),
	};
	for (size_t i = 0; i < QUESTIONS; i++)
		tests[FIXED + i] = (struct CMUnitTest){
			questions[i].name, one_question, NULL, NULL, (void *)(uintptr_t)&questions[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
