#include "http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/memory.h"

#define UNIX_SCHEME "http://unix:"

struct http_client {
	CURL *curl;
	struct http_settings settings;
	struct http_response *response; /* of the exchange that is going on */
	bool too_long;
	char error[CURL_ERROR_SIZE];
};

struct http_client *http_client_open(const struct http_settings *settings)
{
	struct http_client *client = NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	client = memory_zeroed(1, sizeof *client);
	client->settings = *settings;
	client->curl = curl_easy_init();
	if (!client->curl) {
		free(client);
		return NULL;
	}
	return client;
}

void http_client_close(struct http_client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	free(client);
}

/* Appends to one of the response's two texts, of which neither grows without end. */
static size_t keep(
	struct http_client *client, const char *octets, size_t len, uint8_t **text, size_t *text_len)
{
	if (len > HTTP_CLIENT_BODY_MAX - *text_len) {
		client->too_long = true;
		return 0;
	}
	*text = memory_resized(*text, *text_len + len + 1, 1);
	memcpy(*text + *text_len, octets, len);
	*text_len += len;
	(*text)[*text_len] = '\0';
	return len;
}

/* libcurl's prototype for both */
static size_t take_body(char *octets, size_t size, size_t count, void *context)
{
	struct http_client *client = context;
	struct http_response *r = client->response;
	return keep(client, octets, size * count, &r->body, &r->body_len);
}

/* A proxy's reply to CONNECT and 100 Continue have headers, too: the last ones count. */
static size_t take_header(char *octets, size_t size, size_t count, void *context)
{
	struct http_client *client = context;
	struct http_response *r = client->response;
	uint8_t *text = (uint8_t *)r->headers;
	if (size * count >= 5 && memcmp(octets, "HTTP/", 5) == 0)
		r->headers_len = 0;
	size_t kept = keep(client, octets, size * count, &text, &r->headers_len);
	r->headers = (char *)text;
	return kept;
}

/* "http://unix:/run/x.sock:/path": the socket's path, and the URL without it, both new. */
static bool split_unix_url(const char *url, char **path, char **rest)
{
	const char *begin = url + strlen(UNIX_SCHEME);
	const char *end = NULL;
	if (strncmp(url, UNIX_SCHEME, strlen(UNIX_SCHEME)) != 0)
		return false;
	end = strchr(begin, ':');
	*path = end ? memory_printf("%.*s", (int)(end - begin), begin) : memory_text(begin);
	*rest = memory_printf("http://localhost%s", end ? end + 1 : "/");
	return true;
}

static void set_server(CURL *curl, const struct http_settings *settings)
{
	long timeout_ms = settings->timeout_ms > 0 ? settings->timeout_ms : HTTP_CLIENT_TIMEOUT_MS;
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* what OCSP's clients speak, and what has chunks and request lines */
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (settings->proxy)
		curl_easy_setopt(curl, CURLOPT_PROXY, settings->proxy);
	if (settings->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
}

static void set_method(CURL *curl, const struct http_request *request)
{
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* the request of a GET is in it */
	if (strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
		curl_easy_setopt(
			curl, CURLOPT_POSTFIELDS, request->body.data ? (const char *)request->body.data : "");
	} else if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (strcmp(request->method, "GET") != 0) {
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	}
	if (request->target)
		curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, request->target);
}

static struct curl_slist *header_list(const char *const *lines)
{
	/* libcurl waits for "100 Continue" before larger bodies, which few CGI servers send */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	for (; lines && *lines; lines++)
		list = curl_slist_append(list, *lines);
	return list;
}

/* libcurl speaks of localhost's port 80 here. */
static void name_socket(struct http_client *client, const char *path)
{
	long error = 0;
	curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &error);
	snprintf(client->error, sizeof client->error, "cannot connect to the socket %s%s%s", path,
		error > 0 ? ": " : "", error > 0 ? strerror((int)error) : "");
}

static CURLcode perform(struct http_client *client, const struct http_request *request)
{
	CURL *curl = client->curl;
	char *path = NULL;
	char *rest = NULL;
	struct curl_slist *headers = header_list(request->headers);
	curl_easy_reset(curl); /* keeps the connection */
	set_server(curl, &client->settings);
	if (split_unix_url(request->url, &path, &rest))
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path);
	curl_easy_setopt(curl, CURLOPT_URL, rest ? rest : request->url);
	set_method(curl, request);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
	CURLcode result = curl_easy_perform(curl);
	if (path && result == CURLE_COULDNT_CONNECT)
		name_socket(client, path);
	curl_slist_free_all(headers);
	free(path);
	free(rest);
	return result;
}

static bool is_web_url(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

bool http_client_exchange(struct http_client *client, const struct http_request *request,
	struct http_response *out, char problem[HTTP_CLIENT_PROBLEM_MAX])
{
	long status = 0;
	CURLcode result = CURLE_OK;
	out->body_len = 0;
	out->headers_len = 0;
	out->status = 0;
	client->response = out;
	client->too_long = false;
	client->error[0] = '\0';
	if (!is_web_url(request->url)) {
		snprintf(problem, HTTP_CLIENT_PROBLEM_MAX, "no URL that begins with http:// or https://");
		return false;
	}
	result = perform(client, request);
	if (result != CURLE_OK) {
		const char *words = client->error[0] ? client->error : curl_easy_strerror(result);
		snprintf(problem, HTTP_CLIENT_PROBLEM_MAX, "%s",
			client->too_long ? "the reply is longer than any OCSP responder's" : words);
		return false;
	}
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	out->status = (unsigned)status;
	return true;
}

struct slice http_response_header(const struct http_response *response, const char *name)
{
	size_t len = strlen(name);
	const char *line = response->headers_len > 0 ? response->headers : NULL;
	while (line && (line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, " \t");
		return (struct slice){(const uint8_t *)line, strcspn(line, "\r\n")};
	}
	return (struct slice){NULL, 0};
}

void http_response_free(struct http_response *response)
{
	free(response->body);
	free(response->headers);
	*response = (struct http_response){0};
}
