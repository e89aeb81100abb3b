/*
 * ocsp-cgi: an OCSP responder that lives for one request. main() is its stages, top to bottom; each is explained in the
 * header of the module that it calls. The command line is never read: RFC 3875 4.4 lets a query string become argv.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "cgi.h"
#include "health.h"
#include "process.h"

/* All that one request needs. Static: untouched pages cost nothing. */
struct exchange {
	int64_t now;
	struct log log;
	struct cgi_environment environment;
	struct snapshot snapshot;
	bool has_snapshot;
	struct status status;
	enum cgi_outcome outcome;
	struct answer answer;
	struct answer_storage storage;
	uint8_t body[CGI_TARGET_MAX], request[CGI_TARGET_MAX], reply[CGI_HEADERS_MAX + ANSWER_MAX];
};

static void load_snapshot(struct exchange *x)
{
	struct snapshot_fault fault = {0};
	process_stage(cgi_ready_try_later, cgi_ready_internal_error, "opening the snapshot");
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
	return x->has_snapshot ? x->snapshot.header.request_octets : CGI_REQUEST_MAX;
}

/* Octets only; a broken snapshot still reads them, so that no web server loses the reply that says so. */
static struct slice receive(struct exchange *x)
{
	struct slice body = {0};
	process_stage(cgi_ready_timeout, cgi_ready_internal_error, "reading the request's body");
	x->outcome = cgi_read(&x->environment, STDIN_FILENO, request_limit(x), x->body, &body, &x->log);
	return body;
}

static void open_sources(struct exchange *x)
{
	if (!x->has_snapshot || x->outcome != CGI_REQUEST)
		return;
	status_open(&x->status, &x->snapshot);
	if (!sign_start()) {
		log_say(&x->log, LOG_ERROR, "the system gives no randomness (getrandom)");
		x->has_snapshot = false;
	}
}

/* Conformance H11. */
static void respond_status(struct exchange *x)
{
	process_stage(cgi_ready_down, cgi_ready_down, "finding out whether anything can be answered");
	bool ok = x->has_snapshot && health(&x->snapshot, &x->status, x->now, &x->log);
	log_say(&x->log, ok ? LOG_INFO : LOG_ERROR,
		ok ? "status: OK" : "status: Down, nothing can be answered");
	x->outcome = ok ? CGI_STATUS_OK : CGI_STATUS_DOWN;
}

static void respond(struct exchange *x, struct slice body)
{
	struct slice der = {0};
	process_stage(cgi_ready_try_later, cgi_ready_internal_error, "answering");
	if (x->outcome == CGI_REQUEST)
		x->outcome = cgi_decode(&x->environment, body, request_limit(x), x->request, &der, &x->log);
	if (x->outcome == CGI_STATUS_PAGE)
		respond_status(x);
	else if (!x->has_snapshot)
		answer_error(RESPONSE_INTERNAL_ERROR, &x->answer);
	else if (x->outcome == CGI_REQUEST)
		answer(&x->snapshot, &x->status, der, x->now, &x->log, &x->storage, &x->answer);
	else
		answer_error(RESPONSE_MALFORMED_REQUEST, &x->answer);
}

/* Conformance H7, H8: what may be kept by whom. */
static struct slice format_reply(struct exchange *x)
{
	uint8_t digest[SIGN_SHA256_OCTETS];
	uint8_t etag[2 * SIGN_SHA256_OCTETS + 2];
	struct buffer quoted = bytes_buffer(etag, sizeof etag);
	const struct answer *a = &x->answer;
	const struct snapshot_header *settings = &x->snapshot.header;
	int64_t max_cache_age = settings->max_cache_age;
	bool successful = x->outcome == CGI_REQUEST && a->status == RESPONSE_SUCCESSFUL;
	struct cgi_reply reply = {.outcome = x->outcome, .body = a->der};
	reply.no_store = !successful || a->has_nonce || a->has_unknown;
	reply.cacheable = !reply.no_store && settings->cache_headers && x->environment.method != CGI_POST &&
			  sign_sha256(a->der, digest);
	if (reply.cacheable) {
		bytes_append_char(&quoted, '"');
		bytes_append_hex(&quoted, (struct slice){digest, sizeof digest});
		bytes_append_char(&quoted, '"');
		reply.caching = (struct caching){x->now, a->this_update, a->next_update,
			max_cache_age == SNAPSHOT_NO_MAX_AGE ? CACHING_NO_MAX_AGE : max_cache_age,
			bytes_written(&quoted)};
	}
	return cgi_format(&x->environment, &reply, x->reply, sizeof x->reply);
}

static int send_reply(struct exchange *x)
{
	struct slice reply = format_reply(x);
	bool is_ocsp = x->outcome == CGI_REQUEST || x->outcome == CGI_MALFORMED;
	process_stage((struct slice){0}, (struct slice){0}, "writing the reply");
	bool sent = reply.len > 0 && cgi_write(STDOUT_FILENO, reply);
	if (!sent) {
		struct buffer *note = log_note(&x->log, LOG_ERROR);
		bytes_append_text(note, "the reply could not be written to standard output: ");
		bytes_append_text(note, strerrordesc_np(errno));
	}
	x->log.ocsp = is_ocsp ? response_status_name(x->answer.status) : NULL;
	x->log.http = cgi_http_status(x->outcome);
	x->log.octets = is_ocsp ? x->answer.der.len : 0;
	process_log();
	return sent ? 0 : 1;
}

int main(void)
{
	static struct exchange x;
	log_start(&x.log, process_monotonic_us());
	if (!process_start(&x.log))
		return 1;
	x.now = process_now();
	cgi_environment(environ, &x.environment);
	x.log.method = x.environment.method_name.len > 0 ? x.environment.method_name : SLICE("POST");
	load_snapshot(&x);
	struct slice body = receive(&x);
	open_sources(&x);
	respond(&x, body);
	_exit(send_reply(&x));
}
