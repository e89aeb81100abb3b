#include "crowd.h"
#include "verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static const char CLOSE[] = "Connection: close\r\n";

static void ready(struct wire *wire, uint32_t events);

static void append(struct honest *c, const void *octets, size_t length)
{
	if (length > 0 && length <= sizeof c->out - c->out_length) {
		memcpy(c->out + c->out_length, octets, length);
		c->out_length += length;
	}
}

static void write_question(struct honest *c)
{
	c->sent = c->out_length = c->reply.length = 0;
	append(c, c->question->head.data, c->question->head.length);
	if (c->left == 1)
		append(c, CLOSE, sizeof CLOSE - 1);
	append(c, "\r\n", 2);
	append(c, c->question->body.data, c->question->body.length);
	wire_watch(&c->wire, EPOLLIN | EPOLLOUT);
}

static void connect_anew(struct honest *c);

/* The next question, on the connection that is there if there is one. */
static void ask(struct honest *c)
{
	struct crowd *crowd = c->crowd;
	if (crowd->ending) {
		wire_close(&c->wire);
		c->done = true;
		crowd->busy--;
		return;
	}
	c->question = &crowd->script.questions[crowd->next_question++ % crowd->script.question_count];
	c->retried = false;
	c->begun = crowd->now;
	c->asked = time(NULL);
	if (c->wire.fd < 0)
		connect_anew(c);
	else
		write_question(c);
}

/* Counts what came to nothing; the next question follows on a new connection. */
static void refuse(struct honest *c, const char *why, int http_status)
{
	c->crowd->tally.refused++;
	tally_complain("refused", c->question->name, why, http_status);
	wire_close(&c->wire);
}

/* Each second connection has one question, the others 2 to 15. A failure is met again by the next tick. */
static void connect_anew(struct honest *c)
{
	struct tally *tally = &c->crowd->tally;
	size_t number = tally->connections++;
	c->left = number % 2 == 0 ? 1 : 2 + number / 2 % 14;
	c->reused = false;
	if (number % HOSTILE_EACH == HOSTILE_EACH - 1)
		hostile_start(c->crowd);
	if (wire_open(&c->wire, c->crowd->port, (uint32_t)c->number, 0))
		write_question(c);
	else
		refuse(c, strerror(errno), 0);
}

static void count_right(struct honest *c)
{
	struct tally *tally = &c->crowd->tally;
	tally->right++;
	tally_latency(tally, c->crowd->now - c->begun);
	for (const char *status = c->question->statuses; *status; status++)
		*(*status == 'g' ? &tally->good : *status == 'r' ? &tally->revoked : &tally->unknown) += 1;
}

static void judge(struct honest *c, const struct reply_parts *parts)
{
	const char *why = "not HTTP 200 with an application/ocsp-response";
	enum verdict verdict = VERDICT_ERROR;
	if (parts->status == 200 && parts->is_ocsp)
		verdict = verdict_of(c->question, parts->body, parts->body_length, c->crowd->trusted,
			c->asked, time(NULL), &why);
	if (verdict == VERDICT_RIGHT) {
		count_right(c);
	} else if (verdict == VERDICT_ERROR) {
		refuse(c, why, parts->status);
	} else {
		c->crowd->tally.wrong++;
		tally_complain("WRONG", c->question->name, why, parts->status);
		wire_close(&c->wire);
	}
}

/* A server may close a kept connection just when it is used again (RFC 9112 section 9.3.1): then one asks once more. */
static bool may_ask_again(const struct honest *c)
{
	return c->reused && !c->retried && c->reply.length == 0;
}

static void read_reply(struct honest *c, bool closed)
{
	struct reply_parts parts = {0};
	enum reply_state state = REPLY_BROKEN;
	if (closed && may_ask_again(c)) {
		c->crowd->tally.again++;
		c->retried = true;
		wire_close(&c->wire);
		connect_anew(c);
		return;
	}
	state = reply_read(&c->reply, closed, &parts);
	if (state == REPLY_PARTIAL)
		return;
	if (state == REPLY_WHOLE) {
		c->reused = true;
		c->left--;
		judge(c, &parts);
	} else {
		refuse(c, closed ? "closed without a whole reply" : "not a reply", parts.status);
	}
	if (c->wire.fd >= 0 && (parts.last || c->left == 0))
		wire_close(&c->wire);
	ask(c);
}

static void send_more(struct honest *c)
{
	ptrdiff_t sent = wire_send(&c->wire, c->out + c->sent, c->out_length - c->sent);
	c->sent += sent > 0 ? (size_t)sent : 0;
	if (sent < 0 || c->sent == c->out_length) /* broken: what the server has said of it can be read */
		wire_watch(&c->wire, EPOLLIN);
}

static void ready(struct wire *wire, uint32_t events)
{
	struct honest *c = (struct honest *)wire;
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
		ptrdiff_t got =
			wire_receive(wire, c->reply.octets + c->reply.length, REPLY_MAX - c->reply.length);
		if (got != -2) {
			c->reply.length += got > 0 ? (size_t)got : 0;
			read_reply(c, got <= 0);
			return;
		}
	}
	if (events & EPOLLOUT)
		send_more(c);
}

void honest_start(struct honest *c, struct crowd *crowd, size_t number)
{
	c->wire = (struct wire){.fd = -1, .epoll = crowd->epoll, .ready = ready};
	c->crowd = crowd;
	c->number = number;
	crowd->busy++;
	ask(c);
}

void honest_tick(struct honest *c)
{
	if (c->wire.fd >= 0 && c->crowd->now - c->begun > PATIENCE)
		refuse(c, "no reply in half a minute", 0);
	if (c->wire.fd < 0 && !c->done)
		ask(c);
}
