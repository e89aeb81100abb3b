#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define TICK_US 25000

struct stage {
	struct slice on_deadline, on_fault;
	const char *doing;
};

/* What the handlers need: there is no other way to hand it to them. */
static struct {
	struct log *log;
	int64_t started_us;
	uint32_t deadline_ms;
	struct stage
		stages[2]; /* the current one never changes: a signal sees the old or the new, never half */
	volatile sig_atomic_t current;
	volatile sig_atomic_t ending;  /* a handler has begun that does not return */
	volatile sig_atomic_t logged;  /* or is being logged */
	volatile sig_atomic_t replied; /* a handler's reply went out whole */
} own;

int64_t process_now(void)
{
	struct timespec t = {0};
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec;
}

int64_t process_monotonic_us(void)
{
	struct timespec t = {0};
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void process_stage(struct slice on_deadline, struct slice on_fault, const char *doing)
{
	int next = 1 - own.current;
	atomic_signal_fence(memory_order_seq_cst);
	own.stages[next] = (struct stage){on_deadline, on_fault, doing};
	atomic_signal_fence(memory_order_seq_cst);
	own.current = next;
}

void process_log(void)
{
	if (own.logged)
		return;
	own.logged = 1;
	log_write(own.log, STDERR_FILENO, process_now(), process_monotonic_us());
}

static void tick_after(int64_t us)
{
	struct itimerval timer = {
		.it_interval = {.tv_usec = TICK_US},
		.it_value = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)},
	};
	setitimer(ITIMER_REAL, &timer, NULL);
}

void process_deadline(uint32_t ms)
{
	if (ms == own.deadline_ms) /* armed already; saves a system call wherever the default is kept */
		return;
	int64_t left = own.started_us + (int64_t)ms * 1000 - process_monotonic_us();
	own.deadline_ms = ms;
	tick_after(left > 0 ? left : 1); /* 0 would disarm it */
}

static bool writable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	return poll(&wait, 1, 0) == 1 && (wait.revents & POLLOUT) != 0;
}

/* The tick that ends a write into a full pipe: whatever it does must not wait. */
static void give_up(void)
{
	if (writable(STDERR_FILENO))
		process_log();
	_exit(own.replied ? 0 : 1);
}

static bool write_reply(struct slice reply)
{
	while (reply.len > 0) {
		ssize_t put = write(STDOUT_FILENO, reply.data, reply.len);
		if (put <= 0)
			return false;
		reply = (struct slice){reply.data + put, reply.len - (size_t)put};
	}
	return true;
}

static void note_signal(int signal, const char *doing, unsigned http)
{
	bool slow_client = signal == SIGALRM && http == 408;
	struct buffer *note = log_note(own.log, slow_client ? LOG_WARNING : LOG_ERROR);
	if (signal == SIGBUS) {
		bytes_append_text(note, "a mapped file was cut (replace it by rename, never in place)");
	} else if (signal == SIGTERM) {
		bytes_append_text(note, "ended by SIGTERM");
	} else {
		bytes_append_text(note, "deadline of ");
		bytes_append_padded(note, own.deadline_ms, 1);
		bytes_append_text(note, " ms passed");
	}
	if (doing) {
		bytes_append_text(note, " while ");
		bytes_append_text(note, doing);
	}
}

/* "Status: NNN …", as every cgi_ready_* begins; 0: no reply. */
static unsigned http_of(struct slice reply)
{
	uint64_t code = 0;
	if (reply.len >= 11)
		bytes_decimal((struct slice){reply.data + 8, 3}, 999, &code);
	return (unsigned)code;
}

static size_t body_octets(struct slice reply)
{
	const uint8_t *end = memmem(reply.data, reply.len, "\r\n\r\n", 4);
	return end ? reply.len - (size_t)(end - reply.data) - 4 : 0;
}

static void describe(int signal, const char *doing, struct slice reply)
{
	unsigned http = http_of(reply);
	if (reply.len > 0) {
		own.log->http = http;
		own.log->ocsp = http != 200 ? NULL : signal == SIGBUS ? "internalError" : "tryLater";
		own.log->octets = body_octets(reply);
	}
	if (signal == SIGBUS)
		own.log->ca = (struct slice){NULL, 0}; /* may lie in the file that was cut */
	note_signal(signal, doing, http);
}

static bool reply_has_begun(const struct stage *stage)
{
	return stage->doing && stage->on_deadline.len == 0;
}

/* SA_NODEFER: when this waits for a full pipe, the next tick comes in here again, and ends it. */
static void on_signal(int signal)
{
	const struct stage *stage = &own.stages[own.current];
	if (own.ending)
		give_up();
	if (signal == SIGTERM && reply_has_begun(stage))
		return;
	own.ending = 1;
	if (signal != SIGALRM)
		tick_after(TICK_US);
	struct slice reply = signal == SIGBUS ? stage->on_fault : stage->on_deadline;
	describe(signal, stage->doing, reply);
	if (reply.len > 0 && write_reply(reply))
		own.replied = 1;
	process_log();
	_exit(own.replied ? 0 : 1);
}

/* One poll() asks for all. */
bool process_descriptors(void)
{
	static const int flags[3] = {O_RDONLY, O_RDONLY, O_WRONLY};
	struct pollfd asked[3] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};
	while (poll(asked, 3, 0) < 0)
		if (errno != EINTR)
			return false;
	for (int fd = 0; fd < 3; fd++)
		if ((asked[fd].revents & POLLNVAL) != 0 && open("/dev/null", flags[fd]) != fd)
			return false;
	return true;
}

/* uwsgi starts programs with nearly all signals blocked, Python with SIGPIPE ignored; neither is relied upon. */
static void own_signals(void)
{
	static const int handled[] = {SIGALRM, SIGBUS, SIGTERM};
	struct sigaction handle = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t none;
	sigemptyset(&none);
	for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++)
		sigaction(handled[i], &handle, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool process_start(struct log *log)
{
	own.log = log;
	own.started_us = process_monotonic_us();
	/* a crash while signing would leave key material in a core file */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!process_descriptors()) {
		log_say(log, LOG_ERROR,
			"a standard descriptor is closed, and /dev/null cannot take its place");
		process_log();
		return false;
	}
	process_deadline(
		PROCESS_DEADLINE_MS); /* first: it replaces a timer that exec may have left running */
	own_signals();
	return true;
}
