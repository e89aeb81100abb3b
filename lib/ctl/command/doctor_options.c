#include "doctor_options.h"

#include "ctl/client/http_client.h"

#define TIMEOUT_MAX 3600000

#define AT(field) offsetof(struct doctor_options, field)

/* clang-format off */
static const struct option_row rows[] = {
	{.name = "issuer", .argument = "FILE", .read = option_text, .offset = AT(issuer),
		.help = "the CA's certificate, PEM or DER"},
	{.name = "cert", .argument = "FILE", .read = option_texts, .offset = AT(certs), .repeated = true,
		.help = "a certificate that it has issued; may be repeated"},
	{.name = "timeout", .argument = "MS", .read = option_number, .offset = AT(timeout_ms),
		.low = 1, .high = TIMEOUT_MAX,
		.no_number = "--timeout is a number of milliseconds from 1 to 3600000",
		.help = "of one question (10000)"},
	{.name = "json", .read = option_flag, .offset = AT(json), .help = "one JSON object"},
};

static const char head[] =
	"Usage: ocspctl doctor URL --issuer ca.pem --cert ee.pem [--cert ...] [OPTIONS]\n"
	"Asks a deployed responder in every form in which clients ask, looks at what comes back,\n"
	"and says which directive of which server is at fault.\n"
	"\n";
static const char tail[] =
	"\n"
	"Nothing is changed anywhere; some forty questions are asked. The URL is that of the\n"
	"certificates' Authority Information Access, so that every proxy on the way is tested;\n"
	"http_proxy and no_proxy are followed.\n"
	"\n"
	"Exit status: 0 all passes, 1 warnings, 2 failures, 3 usage or cannot tell.\n";
/* clang-format on */

static const char *check(const void *read, const struct option_words *words)
{
	const struct doctor_options *o = read;
	if (words->count != 1)
		return "one URL is needed: the responder's";
	return o->issuer && o->certs.count > 0 ? NULL : "--issuer and --cert say what to ask for";
}

enum options_result doctor_options_read(struct doctor_options *o, int argc, char **argv)
{
	static const struct options options = {
		.command = "doctor",
		.head = head,
		.tail = tail,
		.rows = rows,
		.row_count = sizeof rows / sizeof *rows,
		.words_max = SIZE_MAX,
		.check = check,
	};
	struct option_words words = {NULL, 0};
	*o = (struct doctor_options){.timeout_ms = HTTP_CLIENT_TIMEOUT_MS};
	const enum options_result result = options_read(&options, argc, argv, o, &words);
	if (result == OPTIONS_READ)
		o->url = words.items[0];
	return result;
}
