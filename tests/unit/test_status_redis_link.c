/* status_redis_link: connections that are slow, cut, turned away, silent or not there at all. */
#include "status_redis_lab.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_slow_reader_gets_every_octet),
		LAB_TEST(last_words_are_heard),
		LAB_TEST(answers_to_what_was_not_heard_are_not_believed),
		LAB_TEST(http_to_what_was_not_heard_is_no_redis),
		LAB_TEST(addresses_are_tried_in_order),
		LAB_TEST(no_address_can_be_reached),
		LAB_TEST(silence_ends_at_the_deadline),
		LAB_TEST(a_deadline_that_has_passed_waits_for_nothing),
		LAB_TEST(the_secret_does_not_stay_in_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
