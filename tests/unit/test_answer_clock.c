/* answer: at the moments when clocks have failed before, and in the seconds when signers and tables begin and end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "calendar.h"
#include "site_sample.h"

#define SEED     "seed of exactly thirty-two octets"
#define YEAR     31556952
#define WEEK     (7 * 86400)
#define IN_1970  0
#define IN_2016  1483228799 /* 2016-12-31T23:59:59Z; the leap second 23:59:60 repeats it or what follows */
#define IN_2038  INT64_C(2147483647) /* 2^31 - 1 */
#define IN_2106  INT64_C(4294967295) /* 2^32 - 1 */
#define IN_9999  CALENDAR_MAX
#define UTC_2050 INT64_C(2524608000) /* UTCTime ends; a response has GeneralizedTime only */

static struct site_answer given;

static enum response_status ask(const struct site_times *times, int64_t now)
{
	struct site_octets site;
	site_make(times, SEED, true, &site);
	site_ask((struct slice){site.snapshot, site.snapshot_size},
		(struct slice){site.table, site.table_size}, SITE_REVOKED, now, &given);
	site_free(&site);
	return given.answer.status;
}

/* The revoked serial is revoked, in times that include now, to the second. */
static void assert_right(int64_t now)
{
	const struct answer *a = &given.answer;
	assert_int_equal(a->status, RESPONSE_SUCCESSFUL);
	assert_int_equal(given.decision.states[0].status, CERT_STATUS_REVOKED);
	assert_int_equal(given.decision.response.produced_at, now);
	assert_true(a->this_update <= now && now < a->next_update);
}

static void around_each_moment_the_revoked_stay_revoked(void **state)
{
	static const int64_t moments[] = {IN_1970, IN_2016, IN_2038, UTC_2050, IN_2106, IN_9999 - WEEK};
	(void)state;
	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
		for (int64_t now = moments[i] - 3; now <= moments[i] + 3; now++) {
			struct site_times times = {now - YEAR, now + YEAR, now - 1, now + 1};
			if (times.signer_until > CALENDAR_MAX)
				times.signer_until = CALENDAR_MAX;
			(void)ask(&times, now);
			assert_right(now);
		}
}

static void at_the_end_of_9999_there_is_no_later_to_promise(void **state)
{
	const struct site_times times = {0, CALENDAR_MAX, 0, CALENDAR_MAX};
	(void)state;
	assert_int_equal(ask(&times, IN_9999 - 1), RESPONSE_SUCCESSFUL);
	assert_right(IN_9999 - 1);
	assert_int_equal(ask(&times, IN_9999), RESPONSE_TRY_LATER);
	assert_int_equal(ask(&times, IN_9999 + 1), RESPONSE_INTERNAL_ERROR);
}

/* A machine that wakes up in 1970 has a table from the future: nothing is known, nothing is good. */
static void a_clock_that_was_reset_is_try_later(void **state)
{
	const struct site_times times = {0, CALENDAR_MAX, SITE_NOW, SITE_NOW + WEEK};
	(void)state;
	assert_int_equal(ask(&times, IN_1970), RESPONSE_TRY_LATER);
	assert_int_equal(ask(&times, IN_2106), RESPONSE_TRY_LATER);
	assert_int_equal(ask(&times, IN_9999), RESPONSE_TRY_LATER);
}

static void the_delegate_expires_in_this_second(void **state)
{
	struct site_times times = {SITE_NOW - 100, SITE_NOW, SITE_NOW - 10, SITE_NOW + WEEK};
	(void)state;
	/* notAfter is inclusive, but nextUpdate would be this very second: no answer that is over already */
	assert_int_not_equal(ask(&times, SITE_NOW), RESPONSE_SUCCESSFUL);
	assert_int_equal(ask(&times, SITE_NOW + 1), RESPONSE_TRY_LATER);
	assert_int_equal(ask(&times, SITE_NOW - 1), RESPONSE_SUCCESSFUL);
	assert_right(SITE_NOW - 1);
	assert_int_equal(given.answer.next_update, SITE_NOW);
}

static void the_delegate_begins_in_this_second(void **state)
{
	struct site_times times = {SITE_NOW, SITE_NOW + WEEK, SITE_NOW - 10, SITE_NOW + WEEK};
	(void)state;
	assert_int_equal(ask(&times, SITE_NOW - 1), RESPONSE_TRY_LATER);
	assert_int_equal(ask(&times, SITE_NOW), RESPONSE_SUCCESSFUL);
	assert_right(SITE_NOW);
}

static void the_table_begins_and_ends_in_this_second(void **state)
{
	struct site_times times = {0, SITE_NOW + YEAR, SITE_NOW, SITE_NOW + 1};
	(void)state;
	assert_int_equal(ask(&times, SITE_NOW - 1), RESPONSE_TRY_LATER);
	assert_int_equal(ask(&times, SITE_NOW), RESPONSE_SUCCESSFUL);
	assert_right(SITE_NOW);
	assert_int_equal(given.answer.next_update, SITE_NOW + 1);
	assert_int_equal(ask(&times, SITE_NOW + 1), RESPONSE_TRY_LATER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(around_each_moment_the_revoked_stay_revoked),
		cmocka_unit_test(at_the_end_of_9999_there_is_no_later_to_promise),
		cmocka_unit_test(a_clock_that_was_reset_is_try_later),
		cmocka_unit_test(the_delegate_expires_in_this_second),
		cmocka_unit_test(the_delegate_begins_in_this_second),
		cmocka_unit_test(the_table_begins_and_ends_in_this_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
