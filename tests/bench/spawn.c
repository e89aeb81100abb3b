/*
 * spawn ROUNDS INPUT NAME COMMAND [ARGUMENT...] -- NAME COMMAND ...
 * Runs the commands in turn, INPUT as their standard input, and prints for each the median of its CPU time (user and system)
 * and of its ratio to the first command's in the same round, so that a machine that slows down slows them all.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define BATCH        8 /* runs of one command per round: the kernel counts CPU time in coarse steps */

struct command {
	const char *name;
	char **argv;
	double *microseconds, *ratio; /* one for each round */
};

static double cpu_of(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* CPU microseconds of one run; below 0 where it failed. */
static double run_once(const struct command *c, const char *input)
{
	posix_spawn_file_actions_t files;
	struct rusage usage;
	pid_t child = 0;
	int status = 0;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, input, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int error = posix_spawnp(&child, c->argv[0], &files, NULL, c->argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (error != 0 || wait4(child, &status, 0, &usage) != child || status != 0) {
		fprintf(stderr, "spawn: %s failed (error %d, status %d)\n", c->name, error, status);
		return -1;
	}
	return cpu_of(&usage);
}

static double run_batch(const struct command *c, const char *input)
{
	double sum = 0;
	if (run_once(c, input) < 0) /* warms the caches, is not counted */
		return -1;
	for (int i = 0; i < BATCH; i++) {
		double one = run_once(c, input);
		if (one < 0)
			return -1;
		sum += one;
	}
	return sum / BATCH;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

/* The commands behind argv[0], each up to "--"; their count, 0 where there are too many or an empty one. */
static size_t read_commands(char **argv, struct command *commands, size_t rounds)
{
	size_t count = 0;
	while (*argv) {
		if (count == COMMANDS_MAX || !argv[1])
			return 0;
		commands[count] = (struct command){
			argv[0], argv + 1, calloc(rounds, sizeof(double)), calloc(rounds, sizeof(double))};
		if (!commands[count].microseconds || !commands[count].ratio)
			return 0;
		count++;
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return count;
}

static int measure(struct command *commands, size_t count, size_t rounds, const char *input)
{
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++) {
			struct command *c = &commands[i];
			c->microseconds[round] = run_batch(c, input);
			if (c->microseconds[round] < 0)
				return 1;
			c->ratio[round] = c->microseconds[round] / commands[0].microseconds[round];
		}
	return 0;
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX];
	size_t rounds = argc > 3 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
	size_t count = rounds > 0 ? read_commands(argv + 3, commands, rounds) : 0;
	if (count == 0) {
		fprintf(stderr, "usage: spawn ROUNDS INPUT NAME COMMAND [ARGUMENT...] -- NAME COMMAND ...\n");
		return 2;
	}
	if (measure(commands, count, rounds, argv[2]) != 0)
		return 1;
	printf("%-28s %12s %10s\n", "", "CPU us", "multiple");
	for (size_t i = 0; i < count; i++)
		printf("%-28s %12.1f %10.2f\n", commands[i].name, median(commands[i].microseconds, rounds),
			median(commands[i].ratio, rounds));
	return 0;
}
