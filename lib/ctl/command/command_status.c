/* ocspctl status: what Redis holds of a CA's serials, as the responder reads it. */
#include "commands.h"

#include <stdio.h>

#include "record_command.h"

static enum record_outcome print_status(
	struct redis_ca *ca, const struct serial *serial, const struct record_options *o, struct messages *m)
{
	char name[SERIAL_TEXT_SIZE];
	char text[CA_RECORD_TEXT_SIZE];
	struct redis_answer answer;
	struct ca_record record;
	(void)o;
	ca_record_ask(&ca->client, ca->prefix, serial);
	if (!redis_client_receive(&ca->client, &answer))
		return RECORD_LOST;
	ca_record_read(&answer, &record);
	printf("%s: %s\n", serial_text(serial, name), ca_record_text(&record, text));
	if (record.state == CA_RECORD_READ)
		return RECORD_DONE;
	m->errors++; /* its line says it */
	return RECORD_FAILED;
}

int command_status(int argc, char **argv)
{
	static const struct record_command command = {
		.name = "status",
		.what = "Prints what Redis holds of certificates: good, revoked (since when, why), not "
			"issued,\n"
			"or undecodable (ocsp-cgi answers such a record with internalError).",
		.more = "Exit status: 0 there is a readable record of every serial, 1 not of all, 2 usage.\n"
			"Redis needs to allow HMGET.\n",
		.run = print_status,
	};
	return record_command(&command, argc, argv);
}
