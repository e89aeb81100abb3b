/* status_redis_reply: RESP, however it is cut into pieces; whatever answers no command of ours is told from what does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "status_redis_reply.h"

#include <stdlib.h>
#include <string.h>

enum verdict { PARTLY, NOT_REDIS, ODD, STATUS, ERROR, RECORD };

/* What one reply is once all of it has come. */
static const struct resp {
	const char *name;
	struct slice octets;
	enum verdict verdict;
	const char *text; /* of a status or error; of a record: its fields, joined by ',', nil as '-' */
} replies[] = {
#define R(octets)                                                                                            \
	{                                                                                                    \
		(const uint8_t *)(octets), sizeof(octets) - 1                                                \
	}
	{"record_of_three", R("*3\r\n$1\r\n1\r\n$10\r\n1735689600\r\n$2\r\n10\r\n"), RECORD,
		"1,1735689600,10"},
	{"record_of_nils", R("*3\r\n$-1\r\n$-1\r\n$-1\r\n"), RECORD, "-,-,-"},
	{"record_with_nils", R("*3\r\n$1\r\n0\r\n$-1\r\n$-1\r\n"), RECORD, "0,-,-"},
	{"record_of_empty_strings", R("*3\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n"), RECORD, ",,"},
	{"field_of_24_octets", R("*3\r\n$24\r\n000000000000000000000001\r\n$-1\r\n$-1\r\n"), RECORD,
		"000000000000000000000001,-,-"},
	{"field_of_25_octets_is_kept_empty", R("*3\r\n$25\r\n0000000000000000000000001\r\n$-1\r\n$-1\r\n"),
		RECORD, ",-,-"},
	{"field_with_lines", R("*3\r\n$4\r\n\r\n\r\n\r\n$-1\r\n$-1\r\n"), RECORD, "\r\n\r\n,-,-"},
	{"status", R("+OK\r\n"), STATUS, "OK"},
	{"empty_status", R("+\r\n"), STATUS, ""},
	{"error", R("-NOAUTH Authentication required.\r\n"), ERROR, "NOAUTH Authentication required."},
	{"nothing", R(""), PARTLY, NULL},
	{"type_alone", R("*"), PARTLY, NULL},
	{"line_without_its_end", R("+OK\r"), PARTLY, NULL},
	{"array_without_elements", R("*3\r\n"), PARTLY, NULL},
	{"record_less_an_octet", R("*3\r\n$1\r\n0\r\n$-1\r\n$-1\r"), PARTLY, NULL},
	{"string_of_512_octets_waited_for", R("*3\r\n$512\r\n"), PARTLY, NULL},
	{"integer", R(":0\r\n"), ODD, NULL},
	{"outer_string", R("$1\r\n0\r\n"), ODD, NULL},
	{"outer_nil", R("$-1\r\n"), ODD, NULL},
	{"nil_array", R("*-1\r\n"), ODD, NULL},
	{"integer_inside", R("*3\r\n:0\r\n$-1\r\n$-1\r\n"), ODD, NULL},
	{"status_inside", R("*3\r\n+0\r\n$-1\r\n$-1\r\n"), ODD, NULL},
	{"error_inside", R("*3\r\n$1\r\n0\r\n-ERR\r\n$-1\r\n"), ODD, NULL},
	{"nil_array_inside", R("*3\r\n*-1\r\n$-1\r\n$-1\r\n"), ODD, NULL},
	{"string_longer_than_it_says", R("*3\r\n$1\r\n00\n$-1\r\n$-1\r\n"), ODD, NULL},
	{"string_with_half_an_end", R("*3\r\n$1\r\n0\r0$-1\r\n$-1\r\n"), ODD, NULL},
	{"empty_array", R("*0\r\n"), NOT_REDIS, NULL},
	{"array_of_two", R("*2\r\n"), NOT_REDIS, NULL},
	{"array_of_four", R("*4\r\n"), NOT_REDIS, NULL},
	{"array_of_a_gigabyte", R("*1073741824\r\n"), NOT_REDIS, NULL},
	{"array_inside", R("*3\r\n*3\r\n"), NOT_REDIS, NULL},
	{"string_of_513_octets", R("*3\r\n$513\r\n"), NOT_REDIS, NULL},
	{"string_of_a_gigabyte", R("*3\r\n$1073741824\r\n"), NOT_REDIS, NULL},
	{"outer_string_of_a_gigabyte", R("$1073741824\r\n"), NOT_REDIS, NULL},
	{"second_string_of_a_gigabyte", R("*3\r\n$1\r\n0\r\n$1073741824\r\n"), NOT_REDIS, NULL},
	{"length_that_never_ends", R("$99999999999999999999999999"), NOT_REDIS, NULL},
	{"negative_length", R("$-2\r\n"), NOT_REDIS, NULL},
	{"length_that_is_none", R("$x\r\n"), NOT_REDIS, NULL},
	{"http", R("HTTP/1.1 400 Bad Request\r\n"), NOT_REDIS, NULL},
	{"tls", R("\x15\x03\x01\x00\x02\x02"), NOT_REDIS, NULL},
	{"nul", R("\0"), NOT_REDIS, NULL},
#undef R
};

static enum verdict verdict_of(enum redis_arrival arrival, const struct redis_reply *reply)
{
	static const enum verdict kinds[] = {ODD, STATUS, ERROR, RECORD};
	if (arrival == REDIS_WHOLE)
		return kinds[reply->kind];
	return arrival == REDIS_PARTLY ? PARTLY : NOT_REDIS;
}

static void assert_fields(const struct redis_reply *reply, const char *expected)
{
	char text[REDIS_FIELDS * (REDIS_FIELD_MAX + 1) + 1] = "";
	size_t len = 0;
	for (size_t i = 0; i < REDIS_FIELDS; i++) {
		const struct redis_field *field = &reply->field[i];
		if (i > 0)
			text[len++] = ',';
		if (!field->present)
			text[len++] = '-';
		memcpy(text + len, field->text, field->len);
		len += field->len;
	}
	text[len] = '\0';
	assert_string_equal(text, expected);
}

/* Feeds `octets` in pieces that end at `cut` and, beyond it, have `step` octets; no more once the verdict is there. */
static void assert_verdict(const struct resp *resp, size_t cut, size_t step)
{
	struct redisReader *reader = redis_reply_reader();
	struct redis_reply reply;
	memset(&reply, 0xA5, sizeof reply); /* "may be anything" */
	enum redis_arrival arrival = redis_reply_next(reader, &reply);
	assert_int_equal(arrival, REDIS_PARTLY);
	for (size_t at = 0; at < resp->octets.len && arrival == REDIS_PARTLY;) {
		size_t end = at < cut ? cut : at + step;
		end = end < resp->octets.len ? end : resp->octets.len;
		uint8_t *piece = malloc(end - at); /* a sanitizer sees what reads past its end */
		assert_non_null(piece);
		memcpy(piece, resp->octets.data + at, end - at);
		assert_true(redis_reply_feed(reader, (struct slice){piece, end - at}));
		free(piece);
		arrival = redis_reply_next(reader, &reply);
		at = end;
	}
	assert_int_equal(verdict_of(arrival, &reply), resp->verdict);
	if (resp->verdict == RECORD)
		assert_fields(&reply, resp->text);
	if (resp->verdict == STATUS || resp->verdict == ERROR)
		assert_true(bytes_equal(redis_reply_text(&reply), bytes_of(resp->text)));
	if (arrival == REDIS_WHOLE)
		assert_false(redis_reply_is_left_over(reader));
	redis_reply_reader_free(reader);
}

static void one_reply_however_it_is_cut(void **state)
{
	const struct resp *resp = *state;
	for (size_t cut = 0; cut <= resp->octets.len; cut++)
		assert_verdict(resp, cut, resp->octets.len);
	assert_verdict(resp, 0, 1);
	assert_verdict(resp, 0, 2);
}

static void replies_come_one_by_one_in_their_order(void **state)
{
	const struct slice octets =
		SLICE("+OK\r\n*3\r\n$1\r\n1\r\n$-1\r\n$-1\r\n-ERR x\r\n*3\r\n$-1\r\n$-1\r\n$1\r\n7\r\n");
	struct redisReader *reader = redis_reply_reader();
	struct redis_reply reply;
	(void)state;
	assert_true(redis_reply_feed(reader, octets));
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_WHOLE);
	assert_int_equal(reply.kind, REDIS_STATUS);
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_WHOLE);
	assert_fields(&reply, "1,-,-");
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_WHOLE);
	assert_true(bytes_equal(redis_reply_text(&reply), SLICE("ERR x")));
	assert_true(redis_reply_is_left_over(reader));
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_WHOLE);
	assert_fields(&reply, "-,-,7");
	assert_false(redis_reply_is_left_over(reader));
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_PARTLY);
	redis_reply_reader_free(reader);
}

static void a_reader_that_failed_stays_so(void **state)
{
	struct redisReader *reader = redis_reply_reader();
	struct redis_reply reply;
	(void)state;
	assert_true(redis_reply_feed(reader, SLICE("HTTP/1.1")));
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_NOT_REDIS);
	(void)redis_reply_feed(reader, SLICE("+OK\r\n"));
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_NOT_REDIS);
	redis_reply_reader_free(reader);
}

static void long_texts_are_cut_and_endless_ones_refused(void **state)
{
	static char line[2 * REDIS_LINE_MAX];
	const size_t lengths[] = {REDIS_TEXT_MAX - 1, REDIS_TEXT_MAX, REDIS_TEXT_MAX + 1, REDIS_LINE_MAX};
	struct redis_reply reply;
	(void)state;
	memset(line, 'a', sizeof line);
	line[0] = '-';
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct redisReader *reader = redis_reply_reader();
		size_t kept = lengths[i] < REDIS_TEXT_MAX ? lengths[i] : REDIS_TEXT_MAX;
		assert_true(redis_reply_feed(reader, (struct slice){(uint8_t *)line, lengths[i] + 1}));
		assert_int_equal(redis_reply_next(reader, &reply), REDIS_PARTLY);
		assert_true(redis_reply_feed(reader, SLICE("\r\n")));
		assert_int_equal(redis_reply_next(reader, &reply), REDIS_WHOLE);
		assert_int_equal(redis_reply_text(&reply).len, kept);
		redis_reply_reader_free(reader);
	}
	struct redisReader *reader = redis_reply_reader();
	assert_true(redis_reply_feed(reader, (struct slice){(uint8_t *)line, REDIS_LINE_MAX + 2}));
	assert_int_equal(redis_reply_next(reader, &reply), REDIS_NOT_REDIS);
	redis_reply_reader_free(reader);
}

#define REPLIES (sizeof replies / sizeof replies[0])

int main(void)
{
	struct CMUnitTest tests[REPLIES + 3] = {
		cmocka_unit_test(replies_come_one_by_one_in_their_order),
		cmocka_unit_test(a_reader_that_failed_stays_so),
		cmocka_unit_test(long_texts_are_cut_and_endless_ones_refused),
	};
	for (size_t i = 0; i < REPLIES; i++)
		tests[3 + i] = (struct CMUnitTest){replies[i].name, one_reply_however_it_is_cut, NULL, NULL,
			(void *)(uintptr_t)&replies[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
