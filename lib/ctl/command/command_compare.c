/* ocspctl compare: whether two responders say the same of the same certificates, before one takes the other's place. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "compare_options.h"
#include "compare_sample.h"
#include "ctl/config/config.h"
#include "ctl/credentials/credentials.h"
#include "ctl/client/verdict.h"

enum { EQUAL = 0, DIFFERENT = 1, USAGE = 2, NOT_ASKED = 3 };

#define FAILURES_MAX 3 /* so many in a row, and it is not worth going on */

enum { OLD, NEW, SIDES };

struct comparison {
	const struct compare_options *options;
	const char *urls[SIDES];
	struct http_client *clients[SIDES]; /* one each: both keep their connections */
	struct http_response replies[SIDES];
	struct messages m;
	uint64_t compared, different, failed;
	uint64_t kinds[VERDICT_KINDS]; /* of the new responder's verdicts */
	unsigned failures_in_a_row;
};

/* ---- one certificate ---- */

static bool ask(
	struct comparison *c, int side, const struct ocsp_question *q, X509 *issuer, struct verdict *out)
{
	char problem[HTTP_CLIENT_PROBLEM_MAX];
	struct http_response *reply = &c->replies[side];
	if (!ocsp_client_ask(c->clients[side], c->urls[side], c->options->method, q, reply, problem)) {
		message_error(&c->m, (struct place){0}, "%s: %s; is this the responder's URL?", c->urls[side],
			problem);
		return false;
	}
	verdict_read(reply, q, issuer, (int64_t)time(NULL), out);
	return true;
}

static bool is_same(const struct verdict *verdicts)
{
	return bytes_equal(bytes_of(verdicts[OLD].text), bytes_of(verdicts[NEW].text));
}

/* Both sides; where they differ, once more: in between somebody may have revoked it. */
static bool ask_both(
	struct comparison *c, const struct ocsp_question *q, X509 *issuer, struct verdict *verdicts)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		if (!ask(c, OLD, q, issuer, &verdicts[OLD]) || !ask(c, NEW, q, issuer, &verdicts[NEW]))
			return false;
		if (is_same(verdicts))
			break;
	}
	if (verdicts[OLD].kind != VERDICT_NONE || verdicts[NEW].kind != VERDICT_NONE)
		return true;
	message_error(&c->m, (struct place){0}, "%s: %s; %s: %s; are these the responders' URLs?",
		c->urls[OLD], verdicts[OLD].text, c->urls[NEW], verdicts[NEW].text);
	return false;
}

static void report(
	struct comparison *c, const char *ca, const struct serial *serial, const struct verdict *verdicts)
{
	char text[SERIAL_TEXT_SIZE];
	c->compared++;
	c->kinds[verdicts[NEW].kind]++;
	if (is_same(verdicts))
		return;
	c->different++;
	message_result("different: CA %s, serial %s: old: %s; new: %s", ca, serial_text(serial, text),
		verdicts[OLD].text, verdicts[NEW].text);
}

/* False: there is no sense in going on. */
static bool compare_one(struct comparison *c, const char *ca, X509 *issuer, const struct serial *serial)
{
	struct ocsp_question q = {0};
	struct verdict verdicts[SIDES];
	bool asked = ocsp_question_make(&q, issuer, serial) && ask_both(c, &q, issuer, verdicts);
	if (asked)
		report(c, ca, serial, verdicts);
	ocsp_question_free(&q);
	c->failed += asked ? 0 : 1;
	c->failures_in_a_row = asked ? 0 : c->failures_in_a_row + 1;
	return c->failures_in_a_row < FAILURES_MAX;
}

/* ---- one CA ---- */

static bool add_given(struct comparison *c, struct compare_sample *sample)
{
	for (size_t i = 0; i < c->options->serial_count; i++) {
		struct serial serial;
		const char *problem = serial_text_read(bytes_of(c->options->serials[i]), &serial);
		if (problem) {
			message_error(
				&c->m, (struct place){0}, "\"%s\": %s", c->options->serials[i], problem);
			return false;
		}
		compare_sample_add(sample, &serial);
	}
	return true;
}

static bool add_from_redis(struct comparison *c, struct redis_ca *ca, struct compare_sample *sample)
{
	if (!redis_ca_connect(ca, false, &c->m) ||
		!compare_sample_redis(sample, ca, (size_t)c->options->sample))
		return false;
	message_result("CA %s: %zu of %" PRIu64 " serials in Redis, and %" PRIu64 " that nobody has issued",
		ca->ca->name.value, sample->count, sample->in_redis, c->options->absent);
	if (sample->in_redis == 0)
		message_warning(&c->m, ca->client.at,
			"redis %s has no key that begins with %s; is it the Redis, the database and the CA "
			"that the old "
			"responder asks?",
			ca->client.name, ca->subject_key);
	compare_sample_absent(sample, (size_t)c->options->absent);
	return true;
}

/* A PKCS#12 has the certificate, too. The caller frees. */
static X509 *issuer_of(const struct redis_ca *ca, struct messages *m)
{
	struct credential found = {NULL, NULL};
	if (ca->certificate)
		return X509_dup(ca->certificate);
	return credentials_load(&ca->ca->ca_cert, false, &found, m) ? found.certificate : NULL;
}

static bool compare_ca(struct comparison *c, const char *name)
{
	bool going = true;
	X509 *issuer = NULL;
	struct redis_ca ca = {0};
	struct compare_sample sample = {0};
	bool ready = redis_ca_find(&ca, c->options->config, name, &c->m);
	if (ready)
		issuer = issuer_of(&ca, &c->m);
	ready = issuer != NULL && (!c->options->from_redis || add_from_redis(c, &ca, &sample)) &&
		add_given(c, &sample);
	for (size_t i = 0; ready && going && i < sample.count; i++)
		going = compare_one(c, name, issuer, &sample.serials[i]);
	X509_free(issuer);
	compare_sample_free(&sample);
	redis_ca_close(&ca);
	return ready && going;
}

/* ---- all ---- */

static bool compare_all(struct comparison *c)
{
	bool going = true;
	size_t found = 0;
	if (c->options->ca)
		return compare_ca(c, c->options->ca);
	c->m.quiet = true;
	struct config *config =
		config_load(c->options->config ? c->options->config : CONFIG_DEFAULT_PATH, &c->m);
	c->m.quiet = false;
	for (size_t i = 0; config && going && i < config->ca_count; i++) {
		if (config->cas[i].status != SNAPSHOT_STATUS_REDIS)
			continue;
		found++;
		going = compare_ca(c, config->cas[i].name.value);
	}
	if (config && found == 0)
		message_error(&c->m, (struct place){config->path, 0, 0},
			"no CA has its status in Redis; give --ca NAME and serials");
	config_free(config);
	return found > 0 && going;
}

static int conclude(const struct comparison *c, bool whole)
{
	const uint64_t *k = c->kinds;
	uint64_t answered = k[VERDICT_GOOD] + k[VERDICT_REVOKED] + k[VERDICT_UNKNOWN];
	printf("compared by %s: %" PRIu64 " verdicts, %" PRIu64 " different, %" PRIu64
	       " could not be asked\n",
		c->options->method == OCSP_BY_GET ? "GET" : "POST", c->compared, c->different, c->failed);
	printf("the new one says: good %" PRIu64 ", revoked %" PRIu64 ", unknown %" PRIu64
	       ", an OCSP error %" PRIu64 ", nothing of use %" PRIu64 "\n",
		k[VERDICT_GOOD], k[VERDICT_REVOKED], k[VERDICT_UNKNOWN], k[VERDICT_OCSP_ERROR],
		k[VERDICT_NONE]);
	if (c->different > 0)
		return DIFFERENT;
	if (!whole || c->failed > 0)
		return NOT_ASKED;
	if (answered > 0)
		return EQUAL;
	fputs("ocspctl: error: neither has answered good, revoked or unknown once: nothing is shown by "
	      "that\n",
		stderr);
	return NOT_ASKED;
}

static int compare(const struct compare_options *o)
{
	int status = NOT_ASKED;
	struct http_settings settings = {.timeout_ms = (long)o->timeout_ms};
	struct comparison c = {.options = o, .urls = {o->old_url, o->new_url}};
	for (int side = 0; side < SIDES; side++)
		c.clients[side] = http_client_open(&settings);
	if (c.clients[OLD] && c.clients[NEW])
		status = conclude(&c, compare_all(&c));
	else
		message_error(&c.m, (struct place){0}, "libcurl cannot start; is the machine out of memory?");
	for (int side = 0; side < SIDES; side++) {
		http_client_close(c.clients[side]);
		http_response_free(&c.replies[side]);
	}
	return status;
}

int command_compare(int argc, char **argv)
{
	struct compare_options o;
	const enum options_result result = compare_options_read(&o, argc, argv);
	if (result == OPTIONS_READ)
		return compare(&o);
	return result == OPTIONS_HELP ? EQUAL : USAGE;
}
