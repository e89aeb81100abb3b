/* A server of Redis' protocol for the tests of status_redis: a forked child, a socket in a folder of its own. */
#ifndef STATUS_REDIS_LAB_H
#define STATUS_REDIS_LAB_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "process.h"
#include "status_redis.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX "cert:/CN=a b:"
#define GOOD   "*3\r\n$1\r\n0\r\n$-1\r\n$-1\r\n"
#define ABSENT "*3\r\n$-1\r\n$-1\r\n$-1\r\n"
#define HMGET(n, key)                                                                                        \
	"*5\r\n$5\r\nHMGET\r\n$" n "\r\n" key                                                                \
	"\r\n$6\r\nstatus\r\n$15\r\nrevocation_time\r\n$17\r\nrevocation_reason\r\n"
#define HMGET_1 HMGET("14", PREFIX "1")
/* What status_redis may return, short enough for a table. */
#define OK     RESPONSE_SUCCESSFUL
#define LATER  RESPONSE_TRY_LATER
#define BROKEN RESPONSE_INTERNAL_ERROR

/* A lab of its own for each test: a folder, a socket in it, a server that is another process. */
struct lab {
	char folder[32], path[64];
	struct redis_settings settings;
	struct status_redis redis;
	struct log log;
	pid_t server;
	int heard; /* a pipe: what the server was told */
};

static inline int set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	if (!lab)
		return -1;
	strcpy(lab->folder, "/tmp/test_redis.XXXXXX");
	lab->redis.fd = -1;
	*state = lab;
	if (!mkdtemp(lab->folder))
		return -1;
	snprintf(lab->path, sizeof lab->path, "%s/socket", lab->folder);
	lab->settings = (struct redis_settings){.address_count = 1, .timeout_ms = 5000};
	lab->settings.addresses[0] =
		(struct redis_address){.family = REDIS_UNIX, .path = bytes_of(lab->path)};
	log_start(&lab->log, 0);
	return 0;
}

static inline int tear_down(void **state)
{
	struct lab *lab = *state;
	status_redis_close(&lab->redis);
	if (lab->heard > 0)
		close(lab->heard); /* it would wait for a reader of all that it heard */
	if (lab->server > 0)
		waitpid(lab->server, NULL, 0);
	unlink(lab->path);
	rmdir(lab->folder);
	free(lab);
	return 0;
}

/* In the child: hears `expected` octets or the client's end, says `reply`, waits `hold_ms` or for the client's end. */
static inline void serve(int client, size_t expected, struct slice reply, int hold_ms, int heard)
{
	static char octets[4 * 1024 * 1024];
	size_t got = 0;
	while (got < expected) {
		ssize_t more = read(client, octets + got, sizeof octets - got);
		if (more <= 0)
			break;
		got += (size_t)more;
	}
	bool said = write(client, reply.data, reply.len) == (ssize_t)reply.len;
	struct pollfd end = {.fd = client, .events = POLLIN};
	if (hold_ms > 0)
		(void)poll(&end, 1, hold_ms);
	shutdown(client, SHUT_RDWR);
	_exit(said && write(heard, octets, got) == (ssize_t)got ? 0 : 1);
}

static inline void fork_server(
	struct lab *lab, int listener, int client, size_t expected, struct slice reply, int hold_ms)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	lab->heard = ends[0];
	lab->server = fork();
	assert_true(lab->server >= 0);
	if (lab->server == 0) {
		alarm(20);
		status_redis_close(&lab->redis); /* the child's copy of the other end */
		serve(listener >= 0 ? accept(listener, NULL, NULL) : client, expected, reply, hold_ms,
			ends[1]);
	}
	close(ends[1]);
	close(listener >= 0 ? listener : client);
}

static inline void start_server(struct lab *lab, size_t expected, struct slice reply, int hold_ms)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(to.sun_path, lab->path, sizeof lab->path);
	assert_int_equal(bind(listener, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(listen(listener, 1), 0);
	fork_server(lab, listener, -1, expected, reply, hold_ms);
}

/* Without a listener: the connection is there already, and holds little at a time. */
static inline void start_narrow_server(struct lab *lab, size_t expected, struct slice reply, int hold_ms)
{
	int ends[2];
	int size = 4096;
	struct redis_settings none = lab->settings;
	none.address_count = 0;
	status_redis_open(&lab->redis, &none);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	lab->redis.fd = ends[0];
	fork_server(lab, -1, ends[1], expected, reply, hold_ms);
}

static inline struct certid serial(const char *octets, size_t len)
{
	return (struct certid){.serial_number = {(const uint8_t *)octets, len}};
}

static inline void assert_heard(struct lab *lab, const char *expected)
{
	static char octets[65536];
	size_t got = 0;
	ssize_t more;
	while ((more = read(lab->heard, octets + got, sizeof octets - 1 - got)) > 0)
		got += (size_t)more;
	octets[got] = '\0';
	assert_string_equal(octets, expected);
}

static inline void assert_noted(const struct lab *lab, const char *expected)
{
	struct slice note = bytes_written(&lab->log.notes);
	if (!memmem(note.data, note.len, expected, strlen(expected)))
		fail_msg("noted \"%.*s\", not \"%s\"", (int)note.len, (const char *)note.data, expected);
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
