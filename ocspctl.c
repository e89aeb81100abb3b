/*
 * ocspctl: the operator's command. Everything that is slow, large or may fail is done here, before the first request.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "ctl/command/commands.h"
#include "ctl/message.h"
#include "process.h"
#include "sign.h"

enum { DONE = 0, FAILED = 1, USAGE = 2, CANNOT_TELL = 3 };

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	int lost; /* the exit status where all went well, but the output was lost */
	const char *what;
} commands[] = {
	{"compile", command_compile, FAILED,
		"config.yaml, certificates and keys -> the snapshot that ocsp-cgi answers from"},
	{"table", command_table, FAILED, "a CRL or an OpenSSL index.txt -> a CA's status table"},
	{"show", command_show, FAILED, "print what a snapshot holds, without its secrets"},
	{"check", command_check, CANNOT_TELL,
		"self-test a snapshot and say what expires: a monitoring plugin"},
	{"issue", command_issue, FAILED, "make certificates known to Redis as good"},
	{"revoke", command_revoke, FAILED, "mark certificates as revoked in Redis"},
	{"unrevoke", command_unrevoke, FAILED, "make revoked certificates good again in Redis"},
	{"status", command_status, FAILED, "print what Redis holds of certificates"},
	{"import", command_import, FAILED,
		"bring a whole CA into Redis, from an index.txt, a CRL or an export"},
	{"export", command_export, FAILED, "write a CA's statuses in Redis as TSV"},
	{"compare", command_compare, CANNOT_TELL, "ask two responders and name every verdict that differs"},
	{"doctor", command_doctor, CANNOT_TELL,
		"ask a deployed URL in every awkward form and say what is at fault"},
};

#define COUNT (sizeof commands / sizeof *commands)

static void print_usage(FILE *to)
{
	fputs("usage: ocspctl COMMAND [OPTIONS]    (ocspctl COMMAND --help says more)\n", to);
	for (size_t i = 0; i < COUNT; i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].what);
	fputs("  --help, --version\n", to);
}

static int unknown_command(const char *word)
{
	const char *names[COUNT];
	const char *nearest = NULL;

	for (size_t i = 0; i < COUNT; i++)
		names[i] = commands[i].name;
	nearest = message_nearest(word, names, COUNT);
	if (nearest != NULL)
		fprintf(stderr, "ocspctl: there is no command \"%s\"; did you mean \"%s\"?\n", word, nearest);
	else
		fprintf(stderr, "ocspctl: there is no command \"%s\"\n", word);
	print_usage(stderr);
	return USAGE;
}

/* Keys and passwords: not into a core file, not before the eyes of this user's other processes. */
static void keep_secrets(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* a core_pattern that is a pipe heeds no limit */
}

/* What could not be printed was not done for whoever would have read it. */
static int finish(int status, int lost)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fputs("ocspctl: standard output could not be written to its end; is its disk full?\n", stderr);
	return status == DONE ? lost : status;
}

int main(int argc, char **argv)
{
	if (!process_descriptors())
		return FAILED; /* there is nobody to tell */
	keep_secrets();
	if (argc < 2) {
		print_usage(stderr);
		return USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return finish(DONE, FAILED);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("ocspctl " VERSION " (signatures: %s)\n",
			sign_implementation()); /* VERSION: the Makefile's */
		return finish(DONE, FAILED);
	}
	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return finish(commands[i].run(argc - 1, argv + 1), commands[i].lost);
	}
	return unknown_command(argv[1]);
}
