#include "doctor.h"

#include <string.h>

#define ANY          0
#define COUNT(table) (sizeof table / sizeof *table)

/* ---- which part of a form it is ---- */

static bool is_get(const struct doctor_form_result *r)
{
	return r->traits & DOCTOR_TRAIT_GET;
}

static bool is_guilty(unsigned trait, const struct doctor_form_result *results, size_t count)
{
	bool tried = false;
	bool works_without = false;
	for (size_t i = 0; i < count; i++) {
		const struct doctor_form_result *r = &results[i];
		bool has = r->traits & trait;
		if (has && r->passed)
			return false;
		tried = tried || has;
	}
	for (size_t i = 0; i < count; i++) {
		const struct doctor_form_result *r = &results[i];
		bool comparable = trait == DOCTOR_TRAIT_GET || is_get(r) == (trait < DOCTOR_CHUNKED);
		works_without = works_without || (r->passed && comparable && !(r->traits & trait));
	}
	return tried && works_without;
}

unsigned doctor_guilty(const struct doctor_form_result *results, size_t count)
{
	unsigned guilty = 0;
	for (unsigned trait = 1; trait <= DOCTOR_TYPE_UPPER; trait <<= 1)
		if (is_guilty(trait, results, count))
			guilty |= trait;
	return guilty;
}

/* ---- and whose ---- */

/* What came of a form: an HTTP status, or this. */
enum {
	REDIRECT = 1,
	NOTHING,
	NO_OCSP,
	CHANGED,
	UNAUTHORIZED,
	TRY_LATER,
	INTERNAL,
	SIG_REQUIRED,
	OTHER_ANSWER
};

static unsigned symptom_of(const struct doctor_answer *a)
{
	unsigned http = a->reply.status;
	switch (a->outcome) {
	case DOCTOR_NO_REPLY:
		return NOTHING;
	case DOCTOR_HTTP_ERROR:
		return http >= 300 && http < 400 ? REDIRECT : http;
	case DOCTOR_OTHER_TYPE:
	case DOCTOR_NO_OCSP:
		return NO_OCSP;
	case DOCTOR_OTHER_CERTID:
	case DOCTOR_OTHER_NONCE:
		return OTHER_ANSWER;
	default:
		break;
	}
	return a->ocsp_status == OCSP_RESPONSE_STATUS_UNAUTHORIZED    ? UNAUTHORIZED
	       : a->ocsp_status == OCSP_RESPONSE_STATUS_TRYLATER      ? TRY_LATER
	       : a->ocsp_status == OCSP_RESPONSE_STATUS_INTERNALERROR ? INTERNAL
	       : a->ocsp_status == OCSP_RESPONSE_STATUS_SIGREQUIRED   ? SIG_REQUIRED
								      : CHANGED;
}

/* The first row that fits counts: what is narrower stands above. ANY symptom, server NULL: whichever. */
static const struct blame {
	unsigned trait; /* guilty; ANY: none needs to be */
	unsigned symptom;
	const char *server; /* in the Server header */
	const char *advice;
} blames[] = {
	{DOCTOR_SLASH_ESCAPED, 404, "Apache",
		"%2F answered 404: Apache without \"AllowEncodedSlashes NoDecode\"; it has to stand in the "
		"<VirtualHost> itself, which does not inherit it from the main server"},
	{DOCTOR_SLASH_ESCAPED, 404, NULL,
		"%2F answered 404: Apache without \"AllowEncodedSlashes NoDecode\" in its <VirtualHost>, "
		"perhaps behind the server that names itself here"},
	{DOCTOR_SLASH_ESCAPED, 400, NULL,
		"%2F answered 400: Tomcat without encodedSolidusHandling=\"passthrough\" in its <Connector>, "
		"or a firewall's rule against escaped slashes"},
	{DOCTOR_SLASH_ESCAPED, ANY, NULL,
		"escaped slashes (%2F) do not arrive; Apache: AllowEncodedSlashes NoDecode, ProxyPass with "
		"nocanon; Envoy: path_with_escaped_slashes_action KEEP_UNCHANGED; others: pass the path on "
		"as it came"},
	{DOCTOR_TRAIT_DOUBLE, ANY, NULL,
		"\"//\" arrives as \"/\", escaped or not: a server on the way decodes the path and merges "
		"its "
		"slashes; nginx: \"merge_slashes off;\" in the server { } (and in the default one of that "
		"address), and proxy_pass without a path behind the address; Apache: MergeSlashes Off, "
		"ProxyPass with nocanon"},
	{DOCTOR_DOUBLE_RAW, REDIRECT, NULL,
		"\"//\" is answered by a redirect to \"/\", which no OCSP client follows: Go's ServeMux, or "
		"a "
		"rule that cleans paths; take the responder's path out of it"},
	{DOCTOR_DOUBLE_RAW, ANY, NULL,
		"raw \"//\" arrives as \"/\"; nginx: \"merge_slashes off;\" in the server { } (and in the "
		"default one of that address); Apache: MergeSlashes Off; Envoy: merge_slashes false; "
		"Cloudflare: URL normalization without \"normalize URLs to origin\""},
	{DOCTOR_DOUBLE_MIXED, ANY, NULL,
		"\"/%2F\" arrives as \"/\": a server on the way decodes the path and merges its slashes; "
		"nginx: merge_slashes off and proxy_pass without a path behind the address"},
	{DOCTOR_DOUBLE_ESCAPED, ANY, NULL,
		"\"%2F%2F\" arrives as \"/\": a server on the way decodes the path and merges its slashes; "
		"nginx: merge_slashes off and proxy_pass without a path behind the address"},
	{DOCTOR_PLUS_RAW, 404, "IIS",
		"a raw + answered 404: IIS without <requestFiltering allowDoubleEscaping=\"true\">"},
	{DOCTOR_PLUS_RAW, ANY, NULL,
		"a raw + does not arrive: a proxy or the responder decodes the path like a form's fields, "
		"where + is a space (Java's URLDecoder, PHP's urldecode, Python's unquote_plus, S3); have "
		"it pass the path on as it came"},
	{DOCTOR_PLUS_ESCAPED, ANY, NULL,
		"%2B does not arrive: it is decoded twice, first to + and then to a space; nginx: proxy_pass "
		"without a path behind the address; Apache: ProxyPass with nocanon"},
	{DOCTOR_SLASH_RAW, ANY, NULL,
		"a raw / does not arrive: the route takes one segment of the path; let it take all that is "
		"below the URL (nginx: \"location /ocsp\" and not \"location =\"; frameworks: a catch-all)"},
	{DOCTOR_PAD_RAW, ANY, NULL, "a raw = does not arrive; pass the path on as it came"},
	{DOCTOR_PAD_ESCAPED, ANY, NULL,
		"%3D does not arrive: the responder does not decode what is escaped in a path"},
	{DOCTOR_LOWER, ANY, NULL,
		"%2b, %2f, %3d in lower case are not understood as %2B, %2F, %3D are (RFC 3986 2.1 wants "
		"it)"},
	{DOCTOR_PAD_NONE, ANY, NULL,
		"some clients leave the = away; a responder that is strict about it does not serve them"},
	{DOCTOR_URL_ALPHABET, ANY, NULL, "no standard asks for it; a few clients send it"},
	{DOCTOR_LEADING, REDIRECT, NULL,
		"clients add a slash to a URL that ends in one, and follow no redirect: take the responder's "
		"path out of what cleans paths"},
	{DOCTOR_LEADING, ANY, NULL,
		"clients add a slash to a URL that ends in one: leading slashes should be skipped, or the "
		"URL "
		"in certificates should end without one"},
	{DOCTOR_QUERY, ANY, NULL, "whatever stands behind a ? should not matter"},
	{DOCTOR_ABSOLUTE, ANY, NULL,
		"every server has to understand http://host/path as a target (RFC 9112 3.2.2); some proxies "
		"send it"},
	{DOCTOR_TRAIT_GET, 403, NULL,
		"every GET is refused while POST works: fcgiwrap with a SCRIPT_FILENAME that has the URL's "
		"path in it, as Debian's example does (make it fixed), or an access rule"},
	{DOCTOR_TRAIT_GET, 404, NULL,
		"every GET is not found while POST works: the responder is mounted at this URL and not at "
		"all "
		"that is below it (nginx: \"location /ocsp\" and not \"location =\"; Apache: ScriptAlias)"},
	{DOCTOR_TRAIT_GET, 405, NULL,
		"GET is not allowed here; clients that speak RFC 9919 ask by GET, and only GET is cached"},
	{DOCTOR_TRAIT_GET, ANY, NULL,
		"no GET arrives as it was sent, while POST works; see the web server's log for the path that "
		"it passed on"},
	{DOCTOR_CHUNKED, 411, "lighttpd",
		"chunked bodies are refused: lighttpd with server.stream-request-body = 2; take that away"},
	{DOCTOR_CHUNKED, ANY, NULL,
		"bodies in chunks do not arrive; let the web server buffer them (nginx: "
		"proxy_request_buffering on, fastcgi_request_buffering on)"},
	{DOCTOR_NO_TYPE, ANY, NULL, "simple clients send no Content-Type; let the body be read without it"},
	{DOCTOR_TYPE_PARAMETER, ANY, NULL, "a Content-Type may have parameters (RFC 9110 8.3.1)"},
	{DOCTOR_TYPE_UPPER, ANY, NULL, "a Content-Type counts in any case (RFC 9110 8.3.1)"},
	{ANY, REDIRECT, NULL,
		"OCSP clients follow no redirect: serve this URL itself, over http:// too (a rule that sends "
		"everything to https:// has to leave it out)"},
	{ANY, 401, NULL, "OCSP clients have no password: take authentication away from this URL"},
	{ANY, 403, NULL, "an access rule or a firewall refuses it; Apache: Require all granted"},
	{ANY, 404, NULL, "the responder is not at this URL"},
	{ANY, 405, NULL, "the method is not allowed here; GET and POST have to be"},
	{ANY, 411, NULL, "a body without a Content-Length is refused by the web server"},
	{ANY, 413, NULL, "the web server's limit for a body is too low (nginx: client_max_body_size)"},
	{ANY, 414, NULL,
		"the web server's limit for a target is too low (Apache: LimitRequestLine; nginx: "
		"large_client_header_buffers)"},
	{ANY, 415, NULL, "application/ocsp-request is not known here as a Content-Type"},
	{ANY, 429, NULL, "a limit of requests has been reached; OCSP clients do not come back later"},
	{ANY, 500, NULL, "the program behind the web server has failed; see the web server's error log"},
	{ANY, 502, NULL, "the web server does not reach what is behind it; see its error log"},
	{ANY, 503, NULL, "the web server is overloaded or closed for maintenance"},
	{ANY, 504, NULL, "what is behind the web server is too slow; see its error log"},
	{ANY, NOTHING, NULL, "is the URL right, and does a firewall let it through?"},
	{ANY, NO_OCSP, NULL, "something else than an OCSP responder has answered here"},
	{ANY, UNAUTHORIZED, NULL,
		"the responder does not answer for this CA: is --issuer the right one, and configured "
		"there?"},
	{ANY, TRY_LATER, NULL, "the responder lacks its data, or a valid signer; see its log"},
	{ANY, INTERNAL, NULL, "the responder has a fault; see its log"},
	{ANY, SIG_REQUIRED, NULL, "the responder answers signed requests only"},
	{ANY, OTHER_ANSWER, NULL,
		"a cache answers one request with the answer to another: its key has to have the whole raw "
		"target in it, and for POST the body (nginx: proxy_cache_key $request_uri$request_body)"},
	{ANY, ANY, NULL, "the request does not arrive as it was sent"},
};

const char *doctor_blame(unsigned guilty, const struct doctor_answer *answer, const char *server)
{
	unsigned symptom = symptom_of(answer);
	for (size_t i = 0; i < COUNT(blames); i++) {
		const struct blame *b = &blames[i];
		if (b->trait != ANY && !(b->trait & guilty))
			continue;
		if (b->symptom != ANY && b->symptom != symptom)
			continue;
		if (!b->server || strstr(server, b->server))
			return b->advice;
	}
	return NULL;
}
