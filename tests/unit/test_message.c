/* message, memory: what the operator reads, and nothing else, on standard error. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/memory.h"
#include "ctl/message.h"

typedef void (*message_function)(struct messages *m, struct place at, const char *format, ...);

/* What one message prints; the caller's until the next call. */
__attribute__((format(printf, 4, 0))) static const char *printed(
	message_function say, struct messages *m, struct place at, const char *format, const char *argument)
{
	static char text[512];
	FILE *file = tmpfile();
	int stderr_fd = dup(2);
	assert_true(file && stderr_fd >= 0);
	fflush(stderr);
	dup2(fileno(file), 2);
	say(m, at, format, argument);
	fflush(stderr);
	dup2(stderr_fd, 2);
	close(stderr_fd);
	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = 0;
	fclose(file);
	return text;
}

static void places_are_named_as_far_as_known(void **state)
{
	static const struct {
		struct place at;
		const char *text;
	} cases[] = {
		{{"config.yaml", 3, 7}, "config.yaml:3:7: error: no such key: x\n"},
		{{"config.yaml", 3, 0}, "config.yaml:3: error: no such key: x\n"},
		{{"config.yaml", 0, 7}, "config.yaml: error: no such key: x\n"},
		{{NULL, 3, 7}, "ocspctl: error: no such key: x\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct messages m = {0, 0, false};
		assert_string_equal(
			printed(message_error, &m, cases[i].at, "no such key: %s", "x"), cases[i].text);
		assert_int_equal(m.errors, 1);
	}
}

static void warnings_are_counted_and_notices_can_be_quiet(void **state)
{
	struct messages m = {0, 0, false};
	const struct place at = {"f", 1, 2};
	(void)state;
	assert_string_equal(printed(message_warning, &m, at, "%s", "old"), "f:1:2: warning: old\n");
	assert_string_equal(printed(message_notice, &m, at, "%s", "fyi"), "f:1:2: fyi\n");
	m.quiet = true;
	assert_string_equal(printed(message_warning, &m, at, "%s", "old"), "f:1:2: warning: old\n");
	assert_string_equal(printed(message_notice, &m, at, "%s", "fyi"), "");
	assert_int_equal(m.warnings, 2);
	assert_int_equal(m.errors, 0);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct messages m = {0, 0, false};
	(void)state;
	assert_string_equal(printed(message_error, &m, (struct place){"f\x1b[2J", 0, 0}, "CN=%s",
				    "a\n\x1b]0;x\x07\xC3\xA4"),
		"f?[2J: error: CN=a??]0;x?\xC3\xA4\n");
}

static void nearest_word(void **state)
{
	static const char *const keys[] = {
		"copy_nonce", "cache_headers", "max_cache_age", "key", "cert", "log"};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"copy_nonce", "copy_nonce"},
		{"copynonce", "copy_nonce"},
		{"copy_nonces", "copy_nonce"},
		{"cpoy_nonce", "copy_nonce"}, /* a transposition is one step */
		{"Cache-Headers", "cache_headers"},
		{"max_age_cache", NULL},
		{"kye", "key"},
		{"cret", "cert"},
		{"lgo", "log"},
		{"x", NULL},
		{"", NULL},
		{"certificate_authorities", NULL},
	};
	char longest[200];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *got = message_nearest(cases[i].word, keys, sizeof keys / sizeof keys[0]);
		if (cases[i].nearest ? !got || strcmp(got, cases[i].nearest) != 0 : got != NULL)
			fail_msg("%s: %s", cases[i].word, got ? got : "(none)");
	}
	memset(longest, 'k', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	assert_null(message_nearest(longest, keys, 6));
	assert_null(message_nearest("key", keys, 0));
}

static void memory_is_zeroed_resized_and_wiped(void **state)
{
	static const uint8_t zeros[64];
	(void)state;
	uint8_t *p = memory_zeroed(8, 8);
	assert_memory_equal(p, zeros, 64);
	memset(p, 'x', 64);
	p = memory_resized(p, 128, 1);
	assert_int_equal(p[63], 'x');
	memory_wipe(p, 64);
	assert_memory_equal(p, zeros, 64);
	memory_wipe(NULL, 0);
	free(p);
	assert_null(memory_text(NULL));
	char *text = memory_printf("%s:%d", "a", 7);
	assert_string_equal(text, "a:7");
	free(text);
	void *nothing = memory_zeroed(0, 8);
	assert_non_null(nothing);
	nothing = memory_resized(nothing, 0, 8);
	assert_non_null(nothing);
	free(nothing);
}

static void what_a_terminal_would_obey_is_not_printed(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{"plain ~ text", "plain ~ text"},
		{"O = Tr\xC3\xA4ger \xE2\x82\xAC \xF0\x9F\x94\x91",
			"O = Tr\xC3\xA4ger \xE2\x82\xAC \xF0\x9F\x94\x91"},
		{"\x1B[2J\x07\t\r\n\x7F", "?[2J?????"},
		{"CSI \xC2\x9B"
		 "2J",
			"CSI ??2J"}, /* C1 as UTF-8 */
		{"CSI \x9B"
		 "2J",
			"CSI ?2J"}, /* and as it is in an 8-bit terminal */
		{"\xE2\x80\xAE"
		 "gpj",
			"???gpj"},         /* right-to-left override */
		{"\xE2\x81\xA6x", "???x"}, /* isolate */
		{"\xC0\x9B", "??"},        /* not the shortest form */
		{"\xE0\x82\x9B", "???"},
		{"\xED\xA0\x80", "???"},      /* a surrogate */
		{"\xF4\x90\x80\x80", "????"}, /* beyond Unicode */
		{"cut \xE2\x82", "cut ??"},
		{"\xFF\xFE", "??"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "%s", cases[i].text);
		message_printable(text, strlen(text));
		assert_string_equal(text, cases[i].printed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_terminal_would_obey_is_not_printed),
		cmocka_unit_test(places_are_named_as_far_as_known),
		cmocka_unit_test(warnings_are_counted_and_notices_can_be_quiet),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(nearest_word),
		cmocka_unit_test(memory_is_zeroed_resized_and_wiped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
