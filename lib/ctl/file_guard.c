#include "file_guard.h"

#include <stddef.h>
#include <unistd.h>

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};

static const char *volatile guarded;

/* SA_RESETHAND: the signal raised here ends the process on return, and whoever started it sees by which. */
static void remove_and_end(int signal)
{
	if (guarded)
		unlink(guarded);
	raise(signal);
}

/* What whoever started it has had ignored (nohup) stays ignored. */
static void handle(int signal)
{
	struct sigaction action = {.sa_handler = remove_and_end, .sa_flags = (int)SA_RESETHAND}, old;
	sigfillset(&action.sa_mask);
	if (sigaction(signal, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(signal, &action, NULL);
}

void file_guard_begin(sigset_t *before)
{
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		sigaddset(&set, ending[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

void file_guard_end(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

void file_guard_set(const char *temporary)
{
	if (guarded)
		return;
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		handle(ending[i]);
	signal(SIGXFSZ, SIG_IGN);
	guarded = temporary;
}

void file_guard_clear(const char *temporary)
{
	if (guarded == temporary)
		guarded = NULL;
}
