/* All clients of one run, and what they share. */
#ifndef SOAK_CROWD_H
#define SOAK_CROWD_H

#include "reply.h"
#include "script.h"
#include "tally.h"
#include "wire.h"

#include <openssl/x509.h>
#include <time.h>

#define HOSTILE_MAX  256   /* connections at a time */
#define HOSTILE_EACH 99    /* honest connections to a hostile one */
#define PATIENCE     30.0  /* seconds that an honest client waits for a reply */
#define QUESTION_MAX 32768 /* octets of an honest request */

struct honest {
	struct wire wire; /* first: what epoll hands back */
	struct crowd *crowd;
	const struct question *question;
	size_t number, left;  /* which client; questions to come on this connection, this one included */
	bool reused, retried; /* this connection has answered before; this question is asked once more */
	bool done;            /* asks no more */
	double begun;         /* the question, by crowd->now */
	time_t asked;
	uint8_t out[QUESTION_MAX];
	size_t out_length, sent;
	struct reply reply;
};

struct hostile {
	struct wire wire;
	struct crowd *crowd;
	const struct nuisance *nuisance;
	size_t sent;
	double next, end; /* the next octets, the end of everything; by crowd->now */
	int status;       /* of the first reply; 0: none */
};

struct crowd {
	uint16_t port;
	bool ending; /* no new questions */
	double now;  /* seconds, monotonic */
	int epoll;
	X509_STORE *trusted;
	struct script script;
	struct tally tally;
	size_t next_question, next_nuisance, busy; /* busy: honest clients at work */
	struct hostile hostile[HOSTILE_MAX];
};

/* A client that asks, one question after the other, until crowd->ending. */
void honest_start(struct honest *client, struct crowd *crowd, size_t number);

/* Gives up what has taken too long. Called some times a second. */
void honest_tick(struct honest *client);

/* Another nuisance, if there is room. */
void hostile_start(struct crowd *crowd);
void hostile_tick(struct hostile *client);
void hostile_end(struct hostile *client);

#endif
