/*
 * spawn ROUNDS NAME INPUT [VARIABLE=VALUE...] COMMAND [ARGUMENT...] -- NAME INPUT ...
 * Runs the commands in turn, INPUT as their standard input and the variables as their whole environment, and prints a line
 * for each, fields separated by tabs: NAME, the median of its CPU time (user and system, microseconds), of its ratio to the
 * first command's in the same round (a machine that slows down slows them all), its page faults, its peak memory (KiB).
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define BATCH        8 /* runs of one command per round: the kernel counts CPU time in coarse steps */

struct command {
	const char *name, *input;
	char **environment, **argv;
	double *microseconds, *ratio; /* one for each round */
	long faults, kibibytes;       /* of the last run */
};

static double cpu_of(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* CPU microseconds of one run; below 0 where it failed. */
static double run_once(struct command *c)
{
	posix_spawn_file_actions_t files;
	struct rusage usage;
	pid_t child = 0;
	int status = 0;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, c->input, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int error = posix_spawnp(&child, c->argv[0], &files, NULL, c->argv, c->environment);
	posix_spawn_file_actions_destroy(&files);
	if (error != 0 || wait4(child, &status, 0, &usage) != child || status != 0) {
		fprintf(stderr, "spawn: %s failed (error %d, status %d)\n", c->name, error, status);
		return -1;
	}
	c->faults = usage.ru_minflt + usage.ru_majflt;
	c->kibibytes = usage.ru_maxrss;
	return cpu_of(&usage);
}

static double run_batch(struct command *c)
{
	double sum = 0;
	if (run_once(c) < 0) /* warms the caches, is not counted */
		return -1;
	for (int i = 0; i < BATCH; i++) {
		double one = run_once(c);
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

/* The variables at *words, as an environment; *words goes on to what follows them. NULL: no memory. */
static char **read_environment(char ***words)
{
	size_t count = 0;
	while ((*words)[count] && strchr((*words)[count], '='))
		count++;
	char **environment = calloc(count + 1, sizeof *environment);
	if (environment)
		memcpy(environment, *words, count * sizeof *environment);
	*words += count;
	return environment;
}

/* One command at *words, which goes on to behind its "--". */
static bool read_command(char ***words, struct command *c, size_t rounds)
{
	if (!(*words)[1])
		return false;
	*c = (struct command){.name = (*words)[0], .input = (*words)[1]};
	*words += 2;
	c->environment = read_environment(words);
	c->argv = *words;
	c->microseconds = calloc(rounds, sizeof(double));
	c->ratio = calloc(rounds, sizeof(double));
	while (**words && strcmp(**words, "--") != 0)
		++*words;
	if (**words)
		*(*words)++ = NULL;
	return c->environment && c->argv[0] && c->microseconds && c->ratio;
}

/* Their count; 0 where there are too many or one is incomplete. */
static size_t read_commands(char **words, struct command *commands, size_t rounds)
{
	size_t count = 0;
	while (*words)
		if (count == COMMANDS_MAX || !read_command(&words, &commands[count++], rounds))
			return 0;
	return count;
}

static int measure(struct command *commands, size_t count, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < count; i++) {
			struct command *c = &commands[i];
			c->microseconds[round] = run_batch(c);
			if (c->microseconds[round] < 0)
				return 1;
			c->ratio[round] = c->microseconds[round] / commands[0].microseconds[round];
		}
	return 0;
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX];
	size_t rounds = argc > 2 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
	size_t count = rounds > 0 ? read_commands(argv + 2, commands, rounds) : 0;
	if (count == 0) {
		fprintf(stderr,
			"usage: spawn ROUNDS NAME INPUT [VARIABLE=VALUE...] COMMAND [ARGUMENT...] -- ...\n");
		return 2;
	}
	if (measure(commands, count, rounds) != 0)
		return 1;
	for (size_t i = 0; i < count; i++)
		printf("%s\t%.1f\t%.3f\t%ld\t%ld\n", commands[i].name,
			median(commands[i].microseconds, rounds), median(commands[i].ratio, rounds),
			commands[i].faults, commands[i].kibibytes);
	return 0;
}
