/*
 * The whole program, main() and all, in process: environment and body in, reply and log line out (cgi_judge.h says what they
 * may be). The input is
 *     one octet    which site (cgi_site.h) is asked
 *     one octet    1 short reads and writes, 2 interrupted calls, 4 a full disk behind standard output
 *     lines        NAME=value of the environment, until an empty line
 *     the rest     standard input
 */
#include "cgi_judge.h"

#include <sys/mman.h>

/* The program under test: its main() and its end have other names here. */
int ocsp_cgi_main(void);
#define main  ocsp_cgi_main
#define _exit end
#include "../../ocsp-cgi.c"
#undef main
#undef _exit

#define ENTRIES_MAX 64
#define PAGE        ((uintptr_t)4096)

/* One process is one request: what this one has left behind is made zero, by whole pages where it can be. */
static void forget(void)
{
	struct exchange *x =
		(struct exchange *)(void *)((uint8_t *)around.log - offsetof(struct exchange, log));
	uint8_t *from = (uint8_t *)x, *until = from + sizeof *x;
	uint8_t *first = (uint8_t *)(((uintptr_t)from + PAGE - 1) & ~(PAGE - 1));
	uint8_t *last = (uint8_t *)((uintptr_t)until & ~(PAGE - 1));
	status_redis_close(&x->status.redis);
	must(first < last && madvise(first, (size_t)(last - first), MADV_DONTNEED) == 0);
	memset(from, 0, (size_t)(first - from));
	memset(last, 0, (size_t)(until - last));
}

/* Splits `text` in place at its line ends; *body is what follows the empty line. */
static void read_environment(char *text, char **entries, struct slice *body, size_t len)
{
	size_t count = 0;
	char *end = text + len;
	*body = (struct slice){(const uint8_t *)end, 0};
	while (text < end) {
		char *stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == text || !stop) {
			text += stop == text;
			*body = (struct slice){(const uint8_t *)text, (size_t)(end - text)};
			break;
		}
		*stop = 0;
		if (count < ENTRIES_MAX)
			entries[count++] = text;
		text = stop + 1;
	}
	entries[count] = NULL;
}

static bool asks_for_head(char *const *entries)
{
	for (; *entries; entries++)
		if (strncmp(*entries, "REQUEST_METHOD=", 15) == 0)
			return strcmp(*entries + 15, "HEAD") == 0;
	return false;
}

static void surround(uint8_t how, struct slice body)
{
	around.body = body;
	around.piece = how & 1 ? 7 : SIZE_MAX;
	around.is_interrupted = (how & 2) != 0;
	around.is_full = (how & 4) != 0;
	around.calls = 0;
	around.in_sandbox = false;
	around.logged = false;
	around.out = bytes_buffer(around.out_octets, sizeof around.out_octets);
	around.line = bytes_buffer(around.line_octets, sizeof around.line_octets - 1);
}

static void run(char **entries)
{
	char **before = environ;
	environ = entries;
	around.running = true;
	if (setjmp(around.end) == 0)
		(void)ocsp_cgi_main();
	environ = before;
	must(!around.running && around.in_sandbox);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *entries[ENTRIES_MAX + 1];
	struct slice input = {data, size}, body;
	if (!sites[0].snapshot)
		make_sites();
	site_now = (enum site_kind)(take(&input) % SITES);
	uint8_t how = take(&input);
	char *text = (char *)own_copy(input);
	read_environment(text, entries, &body, input.len);
	surround(how, body);
	run(entries);
	judge_log();
	if (around.exit_status == 0)
		judge_reply(asks_for_head(entries));
	else
		must(around.exit_status == 1 && around.is_full);
	forget();
	free(text);
	return 0;
}
