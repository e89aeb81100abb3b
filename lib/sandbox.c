#include "sandbox_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#ifdef SANDBOX_HEAP
#define DATA_MAX (64u * 1024 * 1024) /* octets: more than any answer was seen to need */
#else
#define DATA_MAX 0 /* the arena is there already */
#endif

bool sandbox_opens(const struct sandbox *keep)
{
	for (size_t i = 0; i < keep->folder_count; i++)
		if (keep->folders[i] >= 0)
			return true;
	return false;
}

#ifdef NO_SANDBOX

void sandbox_enter(const struct sandbox *keep, struct log *log)
{
	(void)keep;
	(void)log;
}

#else

static void note_refusal(struct log *log, const char *what)
{
	int error = errno;
	if (!what)
		return;
	struct buffer *note = log_note(log, LOG_WARNING);
	bytes_append_text(note, what);
	if (error != 0) {
		bytes_append_text(note, ": ");
		bytes_append_text(note, strerrordesc_np(error));
	}
}

/*
 * Lowered for good; refused where they are lower still. Not RLIMIT_AS: tables are mapped, whatever their size, and a stack that
 * cannot grow is a crash.
 */
static void set_limits(const struct sandbox *keep)
{
	static const struct rlimit none = {0, 0};
	static const struct rlimit data = {DATA_MAX, DATA_MAX};
	static const struct rlimit descriptors = {1, 1}; /* 0 would be too few for poll() */
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_NPROC, &none);
	setrlimit(RLIMIT_DATA, &data);
	if (!sandbox_opens(keep))
		setrlimit(RLIMIT_NOFILE, &descriptors);
}

#ifdef __linux__

void sandbox_enter(const struct sandbox *keep, struct log *log)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* what follows needs it, and says so where it is missing */
	note_refusal(log, sandbox_landlock(keep));
	set_limits(keep); /* not before: Landlock needs a descriptor for a moment */
	note_refusal(log, sandbox_filter(keep));
}

#else

void sandbox_enter(const struct sandbox *keep, struct log *log)
{
	set_limits(keep);
	note_refusal(log, sandbox_openbsd(keep));
}

#endif
#endif
