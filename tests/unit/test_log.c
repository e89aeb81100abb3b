/*
 * log: exact lines, hostile octets, and that a line is one line of valid JSON below 4096 octets whatever it holds.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "log.h"

#include "json_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW     1795356000 /* 2026-11-22T14:00:00Z */
#define STARTED 1000

static const char *format(const struct log *log)
{
	static char line[LOG_LINE_MAX + 1];
	size_t length = log_format_line(log, NOW, STARTED + 345, (uint8_t *)line);
	assert_true(length < LOG_LINE_MAX);
	line[length] = '\0';
	assert_int_equal(strlen(line), length);
	assert_int_equal(strcspn(line, "\n"), length - 1);
	if (log->format == LOG_JSON)
		assert_true(is_json_line(line));
	return line;
}

static void start(struct log *log, enum log_format format)
{
	log_start(log, STARTED);
	log->format = format;
}

static void fill(struct log *log)
{
	log->method = SLICE("POST");
	log->ca = SLICE("NAME");
	log_serial(log, SLICE("\x1A"));
	log_serial(log, SLICE("\x2B"));
	log_status(log, "good");
	log_status(log, "revoked");
	log->ocsp = "successful";
	log->http = 200;
	log->octets = 1234;
}

static void whole_line_json(void **state)
{
	struct log log;
	(void)state;
	start(&log, LOG_JSON);
	fill(&log);
	log_say(&log, LOG_INFO, "hello");
	assert_string_equal(format(&log),
		"{\"time\":\"2026-11-22T14:00:00Z\",\"level\":\"info\",\"method\":\"POST\",\"ca\":\"NAME\","
		"\"serials\":\"0x1a,0x2b\",\"status\":\"good,revoked\",\"ocsp\":\"successful\",\"http\":200,"
		"\"bytes\":1234,\"us\":345,\"message\":\"hello\"}\n");
}

static void whole_line_text(void **state)
{
	struct log log;
	(void)state;
	start(&log, LOG_TEXT);
	fill(&log);
	log_say(&log, LOG_INFO, "hello there");
	assert_string_equal(format(&log), "2026-11-22T14:00:00Z info POST ca=\"NAME\" serials=0x1a,0x2b "
					  "status=good,revoked ocsp=successful "
					  "http=200 bytes=1234 us=345 message=\"hello there\"\n");
}

static void empty_fields_are_left_out(void **state)
{
	struct log log;
	(void)state;
	start(&log, LOG_JSON);
	assert_string_equal(
		format(&log), "{\"time\":\"2026-11-22T14:00:00Z\",\"level\":\"info\",\"us\":345}\n");
	log.format = LOG_TEXT;
	assert_string_equal(format(&log), "2026-11-22T14:00:00Z info - us=345\n");
}

static void a_log_not_started_takes_everything(void **state)
{
	static struct log log;
	(void)state;
	fill(&log);
	log_say(&log, LOG_ERROR, "lost");
	bytes_append_text(log_note(&log, LOG_ERROR), "lost");
	assert_string_equal(format(&log),
		"{\"time\":\"2026-11-22T14:00:00Z\",\"level\":\"error\",\"method\":\"POST\",\"ca\":\"NAME\","
		"\"serials_more\":2,\"ocsp\":\"successful\",\"http\":200,\"bytes\":1234}\n");
}

static void notes_are_joined_and_the_highest_level_counts(void **state)
{
	struct log log;
	(void)state;
	start(&log, LOG_TEXT);
	struct buffer *note = log_note(&log, LOG_ERROR);
	bytes_append_text(note, "table ");
	bytes_append_decimal(note, 7);
	log_say(&log, LOG_WARNING, "old");
	assert_string_equal(format(&log), "2026-11-22T14:00:00Z error - us=345 message=\"table 7; old\"\n");
}

static void notes_below_the_threshold_are_left_out(void **state)
{
	struct log log;
	(void)state;
	start(&log, LOG_TEXT);
	log.threshold = LOG_WARNING;
	log_say(&log, LOG_INFO, "small talk");
	bytes_append_text(log_note(&log, LOG_DEBUG), "smaller");
	log_say(&log, LOG_WARNING, "old");
	assert_string_equal(format(&log), "2026-11-22T14:00:00Z warning - us=345 message=\"old\"\n");
}

static void hostile_octets_are_escaped(void **state)
{
	struct log log;
	(void)state;
	start(&log, LOG_TEXT);
	log.method = SLICE("GET http=200\n\x7F");
	log.ca = SLICE("a\"b\\c d\xC3\xBC\x1B[2J\0");
	log_say(&log, LOG_INFO, "\r\n\"}{\\u0041");
	assert_string_equal(format(&log), "2026-11-22T14:00:00Z info GET\\x20http=200\\x0a\\x7f "
					  "ca=\"a\\x22b\\x5cc d\\xc3\\xbc\\x1b[2J\\x00\" us=345 "
					  "message=\"\\x0d\\x0a\\x22}{\\x5cu0041\"\n");
	log.format = LOG_JSON;
	assert_string_equal(format(&log),
		"{\"time\":\"2026-11-22T14:00:00Z\",\"level\":\"info\",\"method\":\"GET "
		"http=200\\u000a\\u007f\","
		"\"ca\":\"a\\u0022b\\u005cc d\\u00c3\\u00bc\\u001b[2J\\u0000\",\"us\":345,"
		"\"message\":\"\\u000d\\u000a\\u0022}{\\u005cu0041\"}\n");
}

static void serials_as_numbers(void **state)
{
	static const struct {
		struct slice octets;
		const char *text;
	} cases[] = {
		{{(const uint8_t *)"\x00", 1}, "0x00"},
		{{(const uint8_t *)"\x05", 1}, "0x05"},
		{{(const uint8_t *)"\x00\x80", 2}, "0x80"},
		{{(const uint8_t *)"\x12\x34\x00", 3}, "0x123400"},
		{{(const uint8_t *)"\xFF", 1}, "-0x01"},
		{{(const uint8_t *)"\x80", 1}, "-0x80"},
		{{(const uint8_t *)"\xFF\x00", 2}, "-0x0100"},
		{{(const uint8_t *)"\xFF\x01", 2}, "-0xff"},
		{{(const uint8_t *)"\x80\x00\x00", 3}, "-0x800000"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct log log;
		start(&log, LOG_TEXT);
		log_serial(&log, cases[i].octets);
		assert_true(bytes_equal(bytes_written(&log.serials), bytes_of(cases[i].text)));
	}
}

static void further_serials_are_counted(void **state)
{
	struct log log;
	uint8_t longest[64];
	(void)state;
	start(&log, LOG_TEXT);
	memset(longest, 0x7F, sizeof longest);
	for (int i = 0; i < 10; i++)
		log_serial(&log, (struct slice){longest, sizeof longest});
	assert_int_equal(log.serials.len, 130);
	assert_int_equal(log.serials_left_out, 9);
	log_serial(&log, SLICE("\x01")); /* would fit, but in the place of another */
	assert_int_equal(log.serials.len, 130);
	assert_non_null(strstr(format(&log), " serials_more=10 "));
	log.format = LOG_JSON;
	assert_non_null(strstr(format(&log), ",\"serials_more\":10,"));
	log_serial(&log, (struct slice){(const uint8_t[LOG_LINE_MAX]){0x80}, LOG_LINE_MAX});
	assert_int_equal(log.serials_left_out, 11);
}

static void values_are_cut_between_characters(void **state)
{
	uint8_t octets[300];
	struct log log;
	(void)state;
	memset(octets, 'a', sizeof octets);
	octets[254] = '\n';
	start(&log, LOG_TEXT);
	log.ca = (struct slice){octets, sizeof octets};
	assert_int_equal(strlen(format(&log)), strlen("2026-11-22T14:00:00Z info - ca=\"\" us=345\n") + 254);
	octets[254] = 'a';
	assert_int_equal(
		strlen(format(&log)), strlen("2026-11-22T14:00:00Z info - ca=\"\" us=345\n") + LOG_VALUE_MAX);
}

/* Everything full of one octet, in both formats: the length and the JSON are checked by format(). */
static void worst_case_stays_one_line_below_the_limit(void **state)
{
	static const enum log_format formats[] = {LOG_JSON, LOG_TEXT};
	static char value[2000];
	(void)state;
	for (size_t i = 0; i < 512; i++) {
		struct log log;
		int octet = (int)(i / 2);
		start(&log, formats[i % 2]);
		memset(value, octet, sizeof value - 1);
		log.method = (struct slice){(const uint8_t *)value, sizeof value};
		log.ca = log.method;
		for (int j = 0; j < 100; j++) {
			log_serial(&log, SLICE("\x7F\x12"));
			log_status(&log, value);
			log_status(&log, "revoked");
		}
		log.ocsp = value;
		log.http = UINT32_MAX;
		log.octets = SIZE_MAX;
		log.started_us = -INT64_MAX;
		log.serials_left_out = UINT32_MAX;
		log_say(&log, LOG_WARNING, value);
		log_say(&log, LOG_WARNING, value);
		const char *line = format(&log);
		if (octet != 0)
			assert_non_null(strstr(line, log.format == LOG_JSON ? "...\"}\n" : "...\"\n"));
	}
}

static void a_message_that_fits_is_whole(void **state)
{
	char text[LOG_NOTES_MAX + 1] = "";
	struct log log;
	(void)state;
	memset(text, 'm', LOG_NOTES_MAX);
	start(&log, LOG_TEXT);
	log_say(&log, LOG_INFO, text);
	assert_non_null(strstr(format(&log), "mm\"\n"));
	log_say(&log, LOG_INFO, "more");
	assert_non_null(strstr(format(&log), "mm...\"\n"));
}

static void times_beyond_the_calendar_are_numbers(void **state)
{
	uint8_t line[LOG_LINE_MAX];
	struct log log;
	(void)state;
	start(&log, LOG_TEXT);
	size_t length = log_format_line(&log, INT64_MIN, STARTED - 1, line);
	assert_true(bytes_equal((struct slice){line, length}, SLICE("-9223372036854775808 info -\n")));
}

static void lines_below_the_threshold_are_not_written(void **state)
{
	char got[LOG_LINE_MAX] = "";
	int ends[2];
	struct log log;
	(void)state;
	assert_int_equal(pipe(ends), 0);
	start(&log, LOG_TEXT);
	log.threshold = LOG_WARNING;
	log_write(&log, ends[1], NOW, STARTED);
	log_say(&log, LOG_ERROR, "this one");
	log_write(&log, ends[1], NOW, STARTED);
	log_write(&log, -1, NOW, STARTED); /* nobody left to tell */
	assert_int_equal(close(ends[1]), 0);
	assert_true(read(ends[0], got, sizeof got - 1) > 0);
	assert_string_equal(got, "2026-11-22T14:00:00Z error - us=0 message=\"this one\"\n");
	assert_int_equal(read(ends[0], got, sizeof got), 0);
	assert_int_equal(close(ends[0]), 0);
}

static void the_json_checker_can_fail(void **state)
{
	(void)state;
	assert_true(is_json_line("{\"a\":\"b\\u000a\",\"c\":0}\n"));
	assert_false(is_json_line("{\"a\":\"b\"b\"}\n"));
	assert_false(is_json_line("{\"a\":\"b\\x0a\"}\n"));
	assert_false(is_json_line("{\"a\":\"b\"}"));
	assert_false(is_json_line("{\"a\":01}\n"));
	assert_false(is_json_line("{\"a\":,\"b\":1}\n"));
	assert_false(is_json_line("{\"a\":1,}\n"));
	assert_false(is_json_line("{}{\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_line_json),
		cmocka_unit_test(whole_line_text),
		cmocka_unit_test(empty_fields_are_left_out),
		cmocka_unit_test(a_log_not_started_takes_everything),
		cmocka_unit_test(notes_are_joined_and_the_highest_level_counts),
		cmocka_unit_test(notes_below_the_threshold_are_left_out),
		cmocka_unit_test(hostile_octets_are_escaped),
		cmocka_unit_test(serials_as_numbers),
		cmocka_unit_test(further_serials_are_counted),
		cmocka_unit_test(values_are_cut_between_characters),
		cmocka_unit_test(worst_case_stays_one_line_below_the_limit),
		cmocka_unit_test(a_message_that_fits_is_whole),
		cmocka_unit_test(times_beyond_the_calendar_are_numbers),
		cmocka_unit_test(lines_below_the_threshold_are_not_written),
		cmocka_unit_test(the_json_checker_can_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
