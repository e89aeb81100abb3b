#include "compare_options.h"

#include "compare_sample.h"

#define SAMPLE_DEFAULT 1000
#define ABSENT_DEFAULT 100
#define TIMEOUT_MAX    3600000

#define AT(field) offsetof(struct compare_options, field)

static const char *read_get(const struct option_row *row, const char *argument, void *field)
{
	(void)row;
	(void)argument;
	*(enum ocsp_method *)field = OCSP_BY_GET;
	return NULL;
}

/* clang-format off */
static const struct option_row rows[] = {
	{.name = "from-redis", .read = option_flag, .offset = AT(from_redis),
		.help = "a random sample of the serials that are in Redis, and some that\n"
			"are not; of every CA that has its status in Redis, or of --ca"},
	{.name = "sample", .argument = "N", .read = option_number, .offset = AT(sample),
		.high = COMPARE_SAMPLE_MAX, .no_number = "--sample is a number from 0 to 1000000",
		.help = "of each CA at most so many of those in Redis (1000)"},
	{.name = "absent", .argument = "N", .read = option_number, .offset = AT(absent),
		.high = COMPARE_SAMPLE_MAX, .no_number = "--absent is a number from 0 to 1000000",
		.help = "and so many random ones, which nobody has issued (100)"},
	OPTION_CA(struct compare_options),
	OPTION_CONFIG(struct compare_options),
	{.name = "get", .read = read_get, .offset = AT(method), .help = "ask by GET (default: POST)"},
	{.name = "timeout", .argument = "MS", .read = option_number, .offset = AT(timeout_ms),
		.low = 1, .high = TIMEOUT_MAX,
		.no_number = "--timeout is a number of milliseconds from 1 to 3600000",
		.help = "of one question (10000)"},
};

static const char head[] =
	"Usage: ocspctl compare OLD_URL NEW_URL --from-redis [--ca NAME]  OPTIONS\n"
	"       ocspctl compare OLD_URL NEW_URL --ca NAME SERIAL ...       OPTIONS\n"
	"Asks two responders about the same certificates and names every verdict that differs.\n"
	"Nothing is changed anywhere; no private key is read. A URL may be a Unix socket's:\n"
	"http://unix:/run/thin.sock:/\n"
	"SERIAL is decimal or 0x hexadecimal.\n"
	"\n";
static const char tail[] =
	"\n"
	"Compared are the OCSPResponseStatus, the certStatus, revocationTime and\n"
	"revocationReason; that no reason and unspecified(0) say the same is known. May differ:\n"
	"the signer, ResponderID, certificates, producedAt, thisUpdate, nextUpdate, headers. What\n"
	"no client believes is named with the verdict: a false signature, a signer whom the CA\n"
	"has not entrusted, an answer that is not valid now or is for another certificate.\n"
	"Requests have a SHA-1 CertID and no nonce. Where two verdicts differ, both are asked\n"
	"again before it counts: somebody may have revoked it.\n"
	"Proxies are taken from http_proxy and no_proxy.\n"
	"\n"
	"Exit status: 0 equal, 1 differences, 2 usage, 3 could not ask.\n"
	"Redis needs to allow SCAN, for --from-redis.\n";
/* clang-format on */

static const char *check(const void *read, const struct option_words *words)
{
	const struct compare_options *o = read;
	if (words->count < 2)
		return "two URLs are needed: the old responder's and the new one's";
	if (!o->from_redis && words->count == 2)
		return "--from-redis, or serials, say what to ask for";
	return words->count == 2 || o->ca ? NULL : "--ca NAME says whose serials these are";
}

enum options_result compare_options_read(struct compare_options *o, int argc, char **argv)
{
	static const struct options options = {
		.command = "compare",
		.head = head,
		.tail = tail,
		.rows = rows,
		.row_count = sizeof rows / sizeof *rows,
		.words_max = SIZE_MAX,
		.check = check,
	};
	struct option_words words = {NULL, 0};
	*o = (struct compare_options){
		.sample = SAMPLE_DEFAULT, .absent = ABSENT_DEFAULT, .timeout_ms = HTTP_CLIENT_TIMEOUT_MS};
	const enum options_result result = options_read(&options, argc, argv, o, &words);
	if (result == OPTIONS_READ) {
		o->old_url = words.items[0];
		o->new_url = words.items[1];
		o->serials = words.items + 2;
		o->serial_count = words.count - 2;
	}
	return result;
}
