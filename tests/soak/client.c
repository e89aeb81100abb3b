/*
 * client PORT SECONDS CLIENTS SCRIPT CA.pem...: so many honest clients at once, all in this process, ask a web server on 127.0.0.1
 * what SCRIPT has (script.h), each one question after the other; to 99 of their connections there is a hostile one. Every
 * reply is read whole and verified by OpenSSL. A line of JSON a second (tally.h); the last one is the sum.
 * Exit status 0: it ran, whatever it saw. 2: usage, or a file cannot be read.
 */
#include "crowd.h"

#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define EVENTS_MAX 64
#define TICK       0.05 /* seconds */

static struct crowd crowd;

static double seconds(void)
{
	struct timespec now = {0};
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static X509_STORE *read_authorities(char *const *files)
{
	X509_STORE *store = X509_STORE_new();
	for (; store && *files; files++) {
		FILE *stream = fopen(*files, "r");
		X509 *ca = stream ? PEM_read_X509(stream, NULL, NULL, NULL) : NULL;
		if (!ca || X509_STORE_add_cert(store, ca) != 1) {
			fprintf(stderr, "client: %s is no certificate\n", *files);
			X509_STORE_free(store);
			store = NULL;
		}
		X509_free(ca);
		if (stream)
			fclose(stream);
	}
	return store;
}

static void handle_events(void)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(crowd.epoll, events, EVENTS_MAX, (int)(TICK * 1000));
	for (int i = 0; i < count; i++) {
		struct wire *wire = events[i].data.ptr;
		crowd.now = seconds();
		if (wire->fd >= 0)
			wire->ready(wire, events[i].events);
	}
	crowd.now = seconds();
}

static void tick(struct honest *honest, size_t count)
{
	for (size_t i = 0; i < count; i++)
		honest_tick(&honest[i]);
	for (size_t i = 0; i < HOSTILE_MAX; i++)
		hostile_tick(&crowd.hostile[i]);
}

static void run(struct honest *honest, size_t count, double length)
{
	double start = seconds(), ticked = start, told = start;
	crowd.now = start;
	for (size_t i = 0; i < count; i++)
		honest_start(&honest[i], &crowd, i);
	while (crowd.busy > 0) {
		handle_events();
		crowd.ending = crowd.now - start >= length;
		if (crowd.now - ticked >= TICK) {
			tick(honest, count);
			ticked = crowd.now;
		}
		if (crowd.now - told >= 1) {
			tally_print(&crowd.tally, crowd.now - start);
			told = crowd.now;
		}
	}
	for (size_t i = 0; i < HOSTILE_MAX; i++)
		if (crowd.hostile[i].nuisance)
			hostile_end(&crowd.hostile[i]);
	tally_print(&crowd.tally, crowd.now - start);
}

int main(int argc, char **argv)
{
	size_t count = argc > 5 ? strtoul(argv[3], NULL, 10) : 0;
	struct honest *honest = count > 0 ? calloc(count, sizeof *honest) : NULL;
	if (!honest) {
		fprintf(stderr, "usage: client PORT SECONDS CLIENTS SCRIPT CA.pem...\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	crowd.port = (uint16_t)atoi(argv[1]);
	crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
	crowd.trusted = read_authorities(argv + 5);
	if (crowd.epoll < 0 || !crowd.trusted || !script_read(argv[4], &crowd.script))
		return 2;
	run(honest, count, strtod(argv[2], NULL));
	return 0;
}
