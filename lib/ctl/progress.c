#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define WIDTH 30

void progress_show(const char *what, uint64_t done, uint64_t total)
{
	static const char full[WIDTH + 1] = "##############################";
	if (!isatty(STDERR_FILENO))
		return;
	if (total == 0) {
		fprintf(stderr, "\r%s: %" PRIu64, what, done);
		return;
	}
	if (done > total)
		done = total;
	const int filled = (int)((double)done / (double)total * WIDTH);
	fprintf(stderr, "\r%s [%-*.*s] %3d%%  %" PRIu64 " of %" PRIu64, what, WIDTH, filled, full,
		(int)((double)done / (double)total * 100), done, total);
}

void progress_clear(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
