/* A connection to the web server that epoll watches. */
#ifndef SOAK_WIRE_H
#define SOAK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	int fd, epoll; /* fd below 0: closed */
	void (*ready)(struct wire *wire, uint32_t events);
};

/*
 * From an address of 127.0.0.0/8 that is the client's own, so that ports do not run out. `receive`: the receive buffer, 0 for the
 * system's. False: errno says why.
 */
bool wire_open(struct wire *wire, uint16_t port, uint32_t client, int receive);

void wire_watch(struct wire *wire, uint32_t events);
void wire_close(struct wire *wire);

/* Closes so that the other side gets a reset. */
void wire_reset(struct wire *wire);

/* Sends up to `length` octets: how many; 0: not now; -1: the connection is broken. */
ptrdiff_t wire_send(struct wire *wire, const void *octets, size_t length);

/* Receives: how many; 0: the other side has closed; -1: broken; -2: not now. */
ptrdiff_t wire_receive(struct wire *wire, void *octets, size_t room);

#endif
