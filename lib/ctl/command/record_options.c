#include "record_options.h"

#include <stdlib.h>

#include "ctl/iso_time.h"
#include "ctl/memory.h"
#include "ctl/reason.h"

#define SERIAL_HELP                                                                                          \
	"SERIAL is decimal (4097) or hexadecimal with 0x (0x1001); both are printed. `-` reads\n"            \
	"them from standard input, a line each, as does a command line without any.\n"

/* `field` is the whole struct record_options. */
static const char *read_time(const struct option_row *row, const char *argument, void *field)
{
	struct record_options *o = field;
	const int64_t now = o->time;
	(void)row;
	o->has_time = true;
	if (!iso_time_read(bytes_of(argument), &o->time))
		return "--time is neither Unix seconds nor YYYY-MM-DDTHH:MM:SSZ";
	return o->time > now ? "--time lies in the future; nothing is revoked before it is" : NULL;
}

static const char *read_reason(const struct option_row *row, const char *argument, void *field)
{
	struct record_options *o = field;
	int *reason = &o->reason;
	(void)row;
	o->has_reason = true;
	if (!reason_read(bytes_of(argument), reason))
		return "--reason is no name or number of RFC 5280 5.3.1";
	if (*reason == CRL_REASON_REMOVE_FROM_CRL)
		return "--reason removeFromCRL (8) is no reason to revoke; see ocspctl unrevoke";
	return reason_is_of_revoked(*reason) ? NULL : "--reason 7 is not used (RFC 5280 5.3.1)";
}

static const char *refuse(const struct option_row *row, const char *argument, void *field)
{
	(void)argument;
	(void)field;
	return row->name[0] == 't' ? "--time goes with revoke" : "--reason goes with revoke";
}

#define AT(field) offsetof(struct record_options, field)
#define COMMON                                                                                               \
	OPTION_REDIS_CA(struct record_options), OPTION_CONFIG(struct record_options),                        \
	{                                                                                                    \
		.name = "cert", .argument = "FILE", .read = option_texts, .offset = AT(certificates),        \
		.help = "the serial of this certificate (PEM or DER), which the CA must\n"                   \
			"have signed; may be repeated",                                                      \
		.repeated = true                                                                             \
	}

static const struct option_row rows[] = {
	COMMON,
	{.name = "time", .argument = "TIME", .read = refuse},
	{.name = "reason", .argument = "REASON", .read = refuse},
};

static const struct option_row rows_of_revoke[] = {
	COMMON,
	{.name = "time",
		.argument = "TIME",
		.read = read_time,
		.help = "when it was revoked (default: what is there, or now): Unix\n"
			"seconds, or 2026-01-31T23:59:59Z"},
	{.name = "reason",
		.argument = "REASON",
		.read = read_reason,
		.help = "a name or number of RFC 5280 (default: what is there, or\n"
			"unspecified): unspecified (0),\n"
			"keyCompromise (1), cACompromise (2), affiliationChanged (3),\n"
			"superseded (4), cessationOfOperation (5), certificateHold (6),\n"
			"privilegeWithdrawn (9), aACompromise (10)"},
};

static const char *check(const void *read, const struct option_words *words)
{
	const struct record_options *o = read;
	(void)words;
	return o->ca ? NULL : "--ca NAME is needed";
}

enum options_result record_options_read(
	struct record_options *o, const struct record_command *command, int64_t now, int argc, char **argv)
{
	char *head = memory_printf("Usage: ocspctl %s --ca NAME [-c FILE] %s[SERIAL ...] [--cert FILE ...]\n"
				   "%s\n\n" SERIAL_HELP "\n",
		command->name, command->revokes ? "[--time TIME] [--reason REASON] " : "", command->what);
	char *tail = memory_printf("\n%s", command->more);
	const struct options options = {
		.command = command->name,
		.head = head,
		.tail = tail,
		.rows = command->revokes ? rows_of_revoke : rows,
		.row_count = sizeof rows / sizeof *rows,
		.words_max = SIZE_MAX,
		.check = check,
	};
	o->time = now;
	const enum options_result result = options_read(&options, argc, argv, o, &o->words);
	free(head);
	free(tail);
	return result;
}
