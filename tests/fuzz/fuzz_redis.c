/*
 * What a Redis server, or whatever listens in its place, sends: status_redis over a socket pair that holds all of it. A
 * look-up succeeds for exactly the octets that a plain reading of RESP takes for whole answers to what was asked, and with
 * the values that stand there. Input: one octet of what is configured, one of how many serials, then the server's octets.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "process.h"
#include "status_redis.h"
#include "status_redis_reply.h"

#define SERIALS_MAX 4

static const struct certid certids[SERIALS_MAX] = {
	{.serial_number = {(const uint8_t *)"\x01", 1}},
	{.serial_number = {(const uint8_t *)"\x00\xFF", 2}},
	{.serial_number = {(const uint8_t *)"\x80", 1}}, /* negative: not asked for */
	{.serial_number = {(const uint8_t *)"\x12\x34\x56\x78\x9A\xBC\xDE\xF0\x12", 9}},
};

/* ---- RESP, read plainly ---- */

static bool skip_text(struct slice *from, struct slice text)
{
	if (from->len < text.len || memcmp(from->data, text.data, text.len) != 0)
		return false;
	*from = (struct slice){from->data + text.len, from->len - text.len};
	return true;
}

/* "$<length>\r\n<octets>\r\n", or "$-1\r\n": absent. */
static bool read_string(struct slice *from, bool *present, struct slice *text)
{
	uint64_t length = 0;
	size_t digits = 0;
	*present = false;
	*text = (struct slice){NULL, 0};
	if (skip_text(from, SLICE("$-1\r\n")))
		return true;
	if (!skip_text(from, SLICE("$")))
		return false;
	while (digits < from->len && from->data[digits] != '\r')
		digits++;
	if (!bytes_decimal((struct slice){from->data, digits}, REDIS_BULK_MAX, &length) ||
		(digits > 1 && from->data[0] == '0'))
		return false;
	*from = (struct slice){from->data + digits, from->len - digits};
	if (!skip_text(from, SLICE("\r\n")) || from->len < length)
		return false;
	*text = (struct slice){from->data, (size_t)length};
	*from = (struct slice){from->data + length, from->len - (size_t)length};
	*present = true;
	return skip_text(from, SLICE("\r\n"));
}

static bool read_number(struct slice *from, uint64_t max, bool *present, uint64_t *number)
{
	struct slice text;
	*number = 0;
	return read_string(from, present, &text) &&
	       (!*present || (text.len <= REDIS_FIELD_MAX && (text.len == 1 || text.data[0] != '0') &&
				     bytes_decimal(text, max, number)));
}

static bool read_record(struct slice *from, struct redis_record *out)
{
	bool has_status = false, has_time = false, has_reason = false;
	uint64_t status = 0, time = 0, reason = 0;
	*out = (struct redis_record){.reason = CRL_REASON_NONE};
	if (!skip_text(from, SLICE("*3\r\n")) || !read_number(from, 2, &has_status, &status) ||
		!read_number(from, 253402300799, &has_time, &time) ||
		!read_number(from, 10, &has_reason, &reason))
		return false;
	if (!has_status)
		return !has_time && !has_reason;
	if (status == 1 && (reason == 7 || reason == 8))
		return false;
	*out = (struct redis_record){true, (uint32_t)status, (int64_t)time, has_reason ? (int)reason : -1};
	return true;
}

static bool read_answers(struct slice from, size_t greetings, size_t count, struct redis_record *out)
{
	for (size_t i = 0; i < greetings; i++)
		if (!skip_text(&from, SLICE("+OK\r\n")))
			return false;
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct redis_record){.reason = CRL_REASON_NONE};
		if ((certids[i].serial_number.data[0] & 0x80) == 0 && !read_record(&from, &out[i]))
			return false;
	}
	return from.len == 0;
}

/* ---- the responder ---- */

static void open_redis(struct status_redis *r, const struct redis_settings *settings, int fd)
{
	r->settings = *settings;
	r->fd = fd;
	r->address = 0;
	r->deadline_us = process_monotonic_us() + 10 * 1000000;
	r->error = 0;
	r->connecting = r->written = false;
	r->reader = NULL;
	r->commands = bytes_buffer(r->command_octets, sizeof r->command_octets);
}

static enum response_status look_up(
	const struct redis_settings *settings, struct slice server, size_t count, struct redis_record *out)
{
	static struct status_redis redis;
	struct log log;
	int pair[2];
	log_start(&log, 1);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	must(send(pair[1], server.data, server.len, MSG_NOSIGNAL) == (ssize_t)server.len);
	must(shutdown(pair[1], SHUT_WR) == 0);
	open_redis(&redis, settings, pair[0]);
	enum response_status result =
		status_redis_lookup(&redis, SLICE("cert:/CN=x:"), certids, count, out, &log);
	status_redis_close(&redis);
	close(pair[1]);
	must(result == RESPONSE_SUCCESSFUL || (log.level == LOG_ERROR && log.notes.len > 0));
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = {data, size};
	struct redis_record ours[SERIALS_MAX], theirs[SERIALS_MAX];
	uint8_t how = take(&input);
	size_t count = take(&input) % SERIALS_MAX + 1;
	struct redis_settings settings = {
		.address_count = 1,
		.addresses = {{.family = REDIS_UNIX, .path = SLICE("/run/redis.sock")}},
		.password = how & 1 ? SLICE("secret") : (struct slice){NULL, 0},
		.username = how & 2 ? SLICE("ocsp") : (struct slice){NULL, 0},
		.database = how & 4 ? 3 : 0,
		.cluster = (how & 8) != 0,
		.timeout_ms = 250,
	};
	size_t greetings = (size_t)(how & 1) + (how >> 2 & 1) + (how >> 3 & 1);
	if (input.len == 0 || input.len > 60000)
		return 0;
	enum response_status result = look_up(&settings, input, count, ours);
	bool whole = read_answers(input, greetings, count, theirs);
	must(whole == (result == RESPONSE_SUCCESSFUL));
	for (size_t i = 0; i < count && whole; i++) {
		must(ours[i].present == theirs[i].present);
		if (!ours[i].present)
			continue;
		must(ours[i].status == theirs[i].status && ours[i].reason == theirs[i].reason);
		must(ours[i].revocation_time == theirs[i].revocation_time);
	}
	return 0;
}
