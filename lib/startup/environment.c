#include "environment.h"

#include <stdbool.h>
#include <string.h>

#ifdef NO_SANDBOX
static const bool forgets = false;
#else
static const bool forgets = true;
#endif

void environment_forget(char **environment)
{
	char **kept = environment;
	for (; forgets && *environment; environment++)
		if (strncmp(*environment, "OPENSSL_", 8) != 0)
			*kept++ = *environment;
	if (forgets)
		*kept = NULL;
}

/* Before all constructors, libcrypto's too; start.c, which runs none of these, calls it by itself. */
static void before_constructors(int argc, char **argv, char **environment)
{
	(void)argc;
	(void)argv;
	environment_forget(environment);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(
	int, char **, char **) = before_constructors;
