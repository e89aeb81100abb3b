/*
 * OpenBSD's words for the same: the folders of tables can be read, nothing else can be seen; of system calls those of "stdio"
 * (memory, descriptors that are open, clocks, signals, sockets that are connected), and "rpath" where tables are opened.
 * unveil() wants paths and the folders are descriptors, so fchdir() leads to each. Never run: the rest of lib/ asks for Linux.
 */
#include "sandbox_parts.h"

#if defined(__OpenBSD__) && !defined(NO_SANDBOX)

#include <errno.h>
#include <unistd.h>

const char *sandbox_openbsd(const struct sandbox *keep)
{
	for (size_t i = 0; i < keep->folder_count; i++)
		if (keep->folders[i] >= 0 && (fchdir(keep->folders[i]) != 0 || unveil(".", "r") != 0))
			return "unveil is refused";
	if (pledge(sandbox_opens(keep) ? "stdio rpath" : "stdio", "") != 0)
		return "pledge is refused";
	return NULL;
}

#endif
