#include "doctor.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

static void remember_server(struct doctor *d, const struct http_response *reply)
{
	struct slice server = http_response_header(reply, "Server");
	size_t len = server.len < sizeof d->server - 1 ? server.len : sizeof d->server - 1;
	if (d->server[0] != '\0')
		return;
	for (size_t i = 0; i < len; i++) /* it goes to a terminal */
		d->server[i] = server.data[i] < 0x20 || server.data[i] > 0x7E ? '?' : (char)server.data[i];
}

void doctor_ask(struct doctor *d, const struct http_request *request, const struct doctor_question *q,
	struct doctor_answer *out)
{
	char problem[HTTP_CLIENT_PROBLEM_MAX];
	out->sent = (int64_t)time(NULL);
	bool done = http_client_exchange(d->client, request, &out->reply, problem);
	out->received = (int64_t)time(NULL);
	doctor_answer_read(out, q, done ? NULL : problem);
	if (done)
		remember_server(d, &out->reply);
}

void doctor_ask_post(struct doctor *d, const struct doctor_question *q, struct doctor_answer *out)
{
	static const char *const headers[] = {"Content-Type: application/ocsp-request", NULL};
	struct http_request request = {"POST", d->url, {q->der, q->der_len}, headers, NULL};
	doctor_ask(d, &request, q, out);
}

void doctor_ask_get(
	struct doctor *d, const struct doctor_question *q, const char *line, struct doctor_answer *out)
{
	const char *const headers[] = {line, NULL};
	char *target = doctor_target(q->base64, d->get_traits);
	char *url = doctor_url(d->url, target);
	struct http_request request = {"GET", url, {NULL, 0}, headers, NULL};
	doctor_ask(d, &request, q, out);
	free(target);
	free(url);
}

bool doctor_plain_question(const struct doctor *d, size_t i, struct doctor_question *q)
{
	return doctor_question_make(
		q, d->issuer, X509_get0_serialNumber(d->certs[i]), EVP_sha1(), (struct slice){NULL, 0});
}

bool doctor_nonce_question(const struct doctor *d, struct doctor_question *q)
{
	uint8_t nonce[16];
	return RAND_bytes(nonce, sizeof nonce) == 1 &&
	       doctor_question_make(q, d->issuer, X509_get0_serialNumber(d->certs[0]), EVP_sha1(),
		       (struct slice){nonce, sizeof nonce});
}
