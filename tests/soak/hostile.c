#include "crowd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define PAUSE    0.5  /* seconds between the octets of a slow one */
#define LIFE     20.0 /* seconds that one stays at most */
#define SMALLEST 2048 /* its receive buffer where it does not read */

void hostile_end(struct hostile *h)
{
	struct tally *tally = &h->crowd->tally;
	if (h->wire.fd >= 0)
		wire_close(&h->wire);
	if (h->status == 500 || h->status == 502) {
		tally->broken++;
		tally_complain("hostile", h->nuisance->name, "the program did not answer", h->status);
	}
	tally->annoyed++;
	tally->annoying--;
	h->nuisance = NULL;
}

/* Everything is said. */
static void finish_sending(struct hostile *h)
{
	switch (h->nuisance->ending) {
	case ENDING_RESET:
		wire_reset(&h->wire);
		hostile_end(h);
		break;
	case ENDING_HOLD:
		wire_watch(&h->wire, 0);
		break;
	case ENDING_SHUT:
		shutdown(h->wire.fd, SHUT_WR);
		wire_watch(&h->wire, EPOLLIN);
		break;
	case ENDING_READ:
		wire_watch(&h->wire, EPOLLIN);
		break;
	}
}

static void send_more(struct hostile *h)
{
	const struct nuisance *n = h->nuisance;
	size_t length = n->octets.length - h->sent;
	if (n->pace > 0 && length > n->pace)
		length = n->pace;
	ptrdiff_t sent = wire_send(&h->wire, n->octets.data + h->sent, length);
	h->sent += sent > 0 ? (size_t)sent : 0;
	if (h->sent == n->octets.length || sent < 0) {
		finish_sending(h);
	} else if (n->pace > 0) {
		h->next = h->crowd->now + PAUSE;
		wire_watch(&h->wire, n->ending == ENDING_HOLD ? 0 : EPOLLIN);
	}
}

/* False: nothing more will come. */
static bool read_some(struct hostile *h)
{
	char octets[16384];
	ptrdiff_t got = wire_receive(&h->wire, octets, sizeof octets - 1);
	if (got >= 12 && h->status == 0 && memcmp(octets, "HTTP/1.", 7) == 0) {
		octets[got] = '\0';
		h->status = atoi(octets + 9);
	}
	return got > 0 || got == -2;
}

static void ready(struct wire *wire, uint32_t events)
{
	struct hostile *h = (struct hostile *)wire;
	if (((events & EPOLLIN) && !read_some(h)) || (events & (EPOLLERR | EPOLLHUP)))
		hostile_end(h);
	else if (events & EPOLLOUT)
		send_more(h);
}

static struct hostile *idle_one(struct crowd *crowd)
{
	for (size_t i = 0; i < HOSTILE_MAX; i++)
		if (!crowd->hostile[i].nuisance)
			return &crowd->hostile[i];
	return NULL;
}

void hostile_start(struct crowd *crowd)
{
	const struct nuisance *n =
		&crowd->script.nuisances[crowd->next_nuisance % crowd->script.nuisance_count];
	struct hostile *h = idle_one(crowd);
	if (!h) {
		crowd->tally.spared++;
		return;
	}
	*h = (struct hostile){
		.wire = {.fd = -1, .epoll = crowd->epoll, .ready = ready}, .crowd = crowd, .nuisance = n};
	h->end = crowd->now + LIFE;
	crowd->next_nuisance++;
	crowd->tally.annoying++;
	if (wire_open(&h->wire, crowd->port, 0x100, n->ending == ENDING_HOLD ? SMALLEST : 0))
		wire_watch(&h->wire, n->ending == ENDING_HOLD ? EPOLLOUT : EPOLLIN | EPOLLOUT);
	else
		hostile_end(h);
}

void hostile_tick(struct hostile *h)
{
	if (!h->nuisance)
		return;
	if (h->crowd->now > h->end)
		hostile_end(h);
	else if (h->nuisance->pace > 0 && h->sent < h->nuisance->octets.length && h->crowd->now >= h->next)
		wire_watch(&h->wire, h->nuisance->ending == ENDING_HOLD ? EPOLLOUT : EPOLLIN | EPOLLOUT);
}
