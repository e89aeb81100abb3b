#include "record_report.h"

#include <stdio.h>

enum record_outcome record_done(const struct serial *serial, const char *what, const struct ca_record *before)
{
	char name[SERIAL_TEXT_SIZE];
	char text[CA_RECORD_TEXT_SIZE];
	if (before)
		printf("%s: %s (was: %s)\n", serial_text(serial, name), what, ca_record_text(before, text));
	else
		printf("%s: %s\n", serial_text(serial, name), what);
	return RECORD_DONE;
}

enum record_outcome record_failed(
	const struct serial *serial, const char *what, const char *detail, struct messages *m)
{
	char name[SERIAL_TEXT_SIZE];
	message_error(m, (struct place){0}, "%s: %s%s", serial_text(serial, name), what, detail);
	return RECORD_FAILED;
}

enum record_outcome record_refused(
	const struct serial *serial, const struct redis_answer *answer, struct messages *m)
{
	char name[SERIAL_TEXT_SIZE];
	const struct slice text =
		answer->type == REDIS_ANSWER_ERROR ? redis_client_shown(answer->text) : SLICE("an odd reply");
	message_error(m, (struct place){0}, "%s: refused by Redis: %.*s; %s", serial_text(serial, name),
		(int)text.len, (const char *)text.data, redis_client_advice(text));
	return RECORD_FAILED;
}

enum record_outcome record_lost(const struct serial *serial, struct messages *m)
{
	(void)record_failed(serial,
		"the connection was lost before the reply, so that nobody knows whether it was done; ",
		"ask with ocspctl status, and do it and those behind it again", m);
	return RECORD_LOST;
}
