/*
 * ocsp-cgi: an OCSP responder that lives for one request. main() is its stages, top to bottom; each is explained in the
 * header of the module that it calls. The command line is never read: RFC 3875 4.4 lets a query string become argv.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "arena.h"
#include "cgi.h"
#include "health.h"
#include "process.h"
#include "sandbox.h"

#define ANSWER_MEMORY ((size_t)2 << 20) /* octets; an answer takes less than a tenth */

/* All that one request needs. Static: untouched pages cost nothing. */
struct exchange {
	int64_t now;
	struct log log;
	struct cgi_environment environment;
	struct snapshot snapshot;
	bool has_snapshot;
	struct status status;
	enum cgi_outcome outcome;
	struct decision decision;
	struct answer answer;
	struct cgi_reply reply;
	uint8_t etag[2 * SIGN_SHA256_OCTETS + 4];
	uint8_t body[CGI_TARGET_MAX], request[CGI_TARGET_MAX], out[CGI_HEADERS_MAX + ANSWER_MAX];
};

static void stage(
	const struct exchange *x, struct slice on_deadline, struct slice on_fault, const char *doing)
{
	process_stage(cgi_ready(&x->environment, on_deadline), cgi_ready(&x->environment, on_fault), doing);
}

static void load_snapshot(struct exchange *x)
{
	struct snapshot_fault fault = {0};
	stage(x, cgi_ready_try_later, cgi_ready_internal_error, "opening the snapshot");
	x->has_snapshot = snapshot_open(&x->snapshot, x->environment.snapshot, &fault);
	if (!x->has_snapshot) {
		snapshot_fault_text(&fault, log_note(&x->log, LOG_ERROR));
		return;
	}
	x->log.format = (enum log_format)x->snapshot.header.log_format;
	x->log.threshold = (enum log_level)x->snapshot.header.log_level;
	process_deadline(x->snapshot.header.deadline_ms);
}

static size_t request_limit(const struct exchange *x)
{
	return x->has_snapshot ? x->snapshot.header.request_octets : REQUEST_DER_MAX;
}

/* Octets only; a broken snapshot still reads them, so that no web server loses the reply that says so. */
static struct slice receive(struct exchange *x)
{
	struct slice body = {0};
	stage(x, cgi_ready_timeout, cgi_ready_internal_error, "reading the request's body");
	x->outcome = cgi_read(&x->environment, STDIN_FILENO, request_limit(x), x->body, &body, &x->log);
	return body;
}

static void open_sources(struct exchange *x)
{
	if (!x->has_snapshot || x->outcome != CGI_REQUEST)
		return;
	stage(x, cgi_ready_try_later, cgi_ready_internal_error, "opening the sources of status");
	arena_reserve(ANSWER_MEMORY); /* who answers instead of Redis makes libssl take what they like */
	status_open(&x->status, &x->snapshot);
	arena_reserve(0);
	if (!sign_start()) {
		log_say(&x->log, LOG_ERROR, "the system gives no randomness (getrandom)");
		x->has_snapshot = false;
	}
}

/* Nothing of the request is decoded before, nothing is opened after, but tables that are too many to map beforehand. */
static void enter_sandbox(struct exchange *x)
{
	struct sandbox keep = {.connection = -1};
	stage(x, cgi_ready_try_later, cgi_ready_internal_error, "entering the sandbox");
	if (x->status.snapshot) {
		keep.connection = x->status.has_redis ? x->status.redis.fd : -1;
		keep.folders = x->status.folders;
		keep.folder_count = SNAPSHOT_FOLDERS_MAX;
	}
	sandbox_enter(&keep, &x->log);
}

/* Conformance H11. */
static void respond_status(struct exchange *x)
{
	stage(x, cgi_ready_down, cgi_ready_down, "finding out whether anything can be answered");
	bool ok = x->has_snapshot && health(&x->snapshot, &x->status, x->now, &x->log);
	log_say(&x->log, ok ? LOG_INFO : LOG_ERROR,
		ok ? "status: OK" : "status: Down, nothing can be answered");
	x->outcome = ok ? CGI_STATUS_OK : CGI_STATUS_DOWN;
}

/* Conformance H7, H8: what may be kept. */
static void set_caching(struct exchange *x)
{
	const struct answer *a = &x->answer;
	const struct snapshot_header *settings = &x->snapshot.header;
	int64_t cap = settings->max_cache_age;
	if (settings->max_cache_age == SNAPSHOT_NO_MAX_AGE)
		cap = CACHING_NO_MAX_AGE;
	x->reply.no_store =
		a->status != RESPONSE_SUCCESSFUL || a->has_nonce || a->has_unknown || a->is_private;
	x->reply.cacheable =
		!x->reply.no_store && settings->cache_headers && x->environment.method != CGI_POST;
	x->reply.caching = (struct caching){x->now, a->this_update, a->next_update, cap, {0}};
}

/* Strong where equal tags mean equal octets: of a whole reply, or of what a deterministic signature will be made of. */
static void set_etag(struct exchange *x)
{
	uint8_t digest[SIGN_SHA256_OCTETS];
	const struct answer *a = &x->answer;
	struct buffer etag = bytes_buffer(x->etag, sizeof x->etag);
	if (!a->has_validator && !sign_sha256(a->der, digest)) {
		x->reply.cacheable = false;
		return;
	}
	bytes_append_text(&etag, a->has_validator && !a->deterministic ? "W/\"" : "\"");
	bytes_append_hex(&etag, (struct slice){a->has_validator ? a->validator : digest, sizeof digest});
	bytes_append_char(&etag, '"');
	x->reply.caching.etag = bytes_written(&etag);
	x->reply.match = caching_match(x->environment.if_none_match, x->reply.caching.etag);
	if (x->reply.match != CACHING_DIFFERS)
		x->outcome = CGI_NOT_MODIFIED;
}

/* Conformance H9, H9a: with a cache window the client's copy is recognised without touching a private key. */
static void respond_ocsp(struct exchange *x, struct slice der)
{
	answer_decide(&x->snapshot, &x->status, der, x->now, &x->log, &x->decision, &x->answer);
	set_caching(x);
	if (x->reply.cacheable && x->answer.has_validator)
		set_etag(x);
	if (x->outcome == CGI_NOT_MODIFIED)
		return;
	answer_sign(&x->decision, &x->answer);
	if (x->answer.status != RESPONSE_SUCCESSFUL)
		set_caching(x);
	if (x->reply.cacheable && !x->answer.has_validator)
		set_etag(x);
}

static void respond(struct exchange *x, struct slice body)
{
	struct slice der = {0};
	stage(x, cgi_ready_try_later, cgi_ready_internal_error, "answering");
	x->reply.no_store = true;
	if (x->outcome == CGI_REQUEST)
		x->outcome = cgi_decode(&x->environment, body, request_limit(x), x->request, &der, &x->log);
	if (x->outcome == CGI_STATUS_PAGE)
		respond_status(x);
	else if (!x->has_snapshot)
		answer_error(RESPONSE_INTERNAL_ERROR, &x->answer);
	else if (x->outcome == CGI_REQUEST)
		respond_ocsp(x, der);
	else
		answer_error(RESPONSE_MALFORMED_REQUEST, &x->answer);
}

static int send_reply(struct exchange *x)
{
	x->reply.outcome = x->outcome;
	x->reply.body = x->outcome == CGI_NOT_MODIFIED ? (struct slice){0} : x->answer.der;
	struct slice reply = cgi_format(&x->environment, &x->reply, x->out, sizeof x->out);
	bool is_ocsp =
		x->outcome == CGI_REQUEST || x->outcome == CGI_MALFORMED || x->outcome == CGI_NOT_MODIFIED;
	process_stage((struct slice){0}, (struct slice){0}, "writing the reply");
	bool sent = reply.len > 0 && cgi_write(STDOUT_FILENO, reply);
	if (!sent) {
		struct buffer *note = log_note(&x->log, LOG_ERROR);
		bytes_append_text(note, "the reply could not be written to standard output: ");
		bytes_append_text(note, strerrordesc_np(errno));
	}
	x->log.ocsp = is_ocsp ? response_status_name(x->answer.status) : NULL;
	x->log.http = cgi_http_status(x->outcome);
	x->log.octets = is_ocsp ? x->reply.body.len : 0;
	process_log();
	return sent ? 0 : 1;
}

/* Typed into a shell: nobody would ever send the request that is waited for. */
static int explain(void)
{
	static const char text[] =
		"ocsp-cgi is an OCSP responder that a web server runs as a CGI program. By hand it reads an\n"
		"OCSPRequest in DER from standard input, and writes HTTP headers and an OCSPResponse:\n"
		"  openssl ocsp -issuer CA.pem -cert SOME.pem -no_nonce -reqout request.der\n"
		"  OCSP_CGI_SNAPSHOT=FILE ocsp-cgi <request.der | sed '1,/^\\r$/d' >response.der\n"
		"The snapshot (without that variable: " CGI_SNAPSHOT_DEFAULT
		") is made by ocspctl compile.\n";
	(void)!write(STDERR_FILENO, text, sizeof text - 1);
	return 2;
}

int main(void)
{
	static struct exchange x;
	log_start(&x.log, process_monotonic_us());
	if (!process_start(&x.log))
		return 1;
	cgi_environment(environ, &x.environment);
	if (!x.environment.method_name.data && isatty(STDIN_FILENO))
		return explain();
	x.log.method = x.environment.method_name.len > 0 ? x.environment.method_name : SLICE("POST");
	load_snapshot(&x);
	struct slice body = receive(&x);
	open_sources(&x);
	enter_sandbox(&x);
	x.now = process_now(); /* not before: what a slow client gets must not be over already */
	respond(&x, body);
	_exit(send_reply(&x));
}
