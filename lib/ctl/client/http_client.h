/*
 * http_client: one HTTP exchange after another with a server, as the operator's command needs them to look at responders:
 * http:// and https://, over TCP or a Unix socket, through the proxy that the environment names. The one module that knows
 * libcurl. What comes back is told as it came: no redirect is followed, no body decoded, nothing repeated.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "bytes.h"

#define HTTP_CLIENT_BODY_MAX    (1024 * 1024) /* octets of a reply's body, and of all its headers */
#define HTTP_CLIENT_TIMEOUT_MS  10000
#define HTTP_CLIENT_PROBLEM_MAX 256

/* All zero is the usual: the system's trust, the environment's proxies. The texts are borrowed while it is open. */
struct http_settings {
	long timeout_ms;     /* of a whole exchange; 0: HTTP_CLIENT_TIMEOUT_MS */
	const char *proxy;   /* a URL; "": none; NULL: http_proxy, https_proxy, no_proxy of the environment */
	const char *ca_file; /* PEM, for https: whom to trust instead of the system's list */
};

/*
 * A server's URL, or nginx' way to say a Unix socket: "http://unix:/run/ocsp.sock:/path". Only POST has a body; with the
 * line "Transfer-Encoding: chunked" it is sent so. `headers` are whole lines ("Name: value") and end with NULL; "Name:"
 * leaves out one that libcurl would send, "Name;" sends it empty. `target` stands in the request line in place of the URL's
 * path, octet for octet; NULL: that path, as it is.
 */
struct http_request {
	const char *method, *url;
	struct slice body;
	const char *const *headers;
	const char *target;
};

/* Starts as {0} and may be used again; http_response_free() it in the end. */
struct http_response {
	unsigned status; /* 200, 404 … */
	uint8_t *body;
	size_t body_len;
	char *headers; /* the last response's, as they came: "HTTP/1.1 200 OK\r\nName: value\r\n…" */
	size_t headers_len;
};

struct http_client;

/* Keeps a server's connection between exchanges. NULL: libcurl cannot start. */
struct http_client *http_client_open(const struct http_settings *settings);
void http_client_close(struct http_client *client);

/* True where a whole reply came, whatever its status. Else `problem` says in words what stood in the way. */
bool http_client_exchange(struct http_client *client, const struct http_request *request,
	struct http_response *out, char problem[HTTP_CLIENT_PROBLEM_MAX]);

/* The value of the first header of that name, in any case; empty with data NULL where there is none. */
struct slice http_response_header(const struct http_response *response, const char *name);
void http_response_free(struct http_response *response);

#endif
