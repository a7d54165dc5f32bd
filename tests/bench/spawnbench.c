/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wall time and peak memory of a short program, or of two in turn:
 *
 *	spawnbench [-n ROUNDS] [-w WARMUP] [-i STDIN_FILE] [-s SETUP] [-l LABEL [-l LABEL]]
 *		-- COMMAND [ARG]... [--vs COMMAND [ARG]...]
 *
 * Each round runs SETUP through the shell, not timed, and then each command once, the first one
 *first in even rounds and last in odd ones: what drifts (frequency, caches, a neighbour) meets both
 *alike. WARMUP rounds come before and are not counted. STDIN_FILE is opened anew for each run,
 *after SETUP, which may have changed it. Output of the commands is thrown away, as crun does with
 *that of a hook.
 *
 * Prints a line of JSON for each command: label, n, median_us, p99_us, min_us, median_cpu_us (of
 *the command and its children that it waited for; other programs disturb it less), max_rss_kib. A
 *command that fails ends the run, because the time of a failure is not what was asked for.
 *
 * Peak memory is ru_maxrss. Until exec the child shares this program's memory, so the figure is
 *never below what this program itself uses (about 1.5 MiB); keep it small.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 2
#define MAX_ROUNDS 1000000UL

struct command {
	const char *label;
	char **argv;
	unsigned long *micros, *cpu; /* one for each round */
	long max_rss_kib;
};

struct bench {
	struct command commands[MAX_COMMANDS];
	size_t n_commands;
	unsigned long rounds, warmup;
	const char *stdin_path, *setup;
};

static int usage(void)
{
	fputs("usage: spawnbench [-n ROUNDS] [-w WARMUP] [-i STDIN_FILE] [-s SETUP]\n"
	      "       [-l LABEL [-l LABEL]] -- COMMAND [ARG]... [--vs COMMAND [ARG]...]\n",
		stderr);
	return 2;
}

static int parse_rounds(const char *text, unsigned long *ret)
{
	char *end = NULL;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value > MAX_ROUNDS)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* Cuts the words after "--" at "--vs"; argv ends up in pieces that posix_spawn() can take. */
static int parse_commands(char **argv, struct bench *bench)
{
	bench->commands[0].argv = argv;
	bench->n_commands = 1;
	for (char **word = argv; *word; word++) {
		if (strcmp(*word, "--vs") != 0)
			continue;
		if (bench->n_commands == MAX_COMMANDS)
			return -EINVAL;
		*word = NULL;
		bench->commands[bench->n_commands++].argv = word + 1;
	}
	for (size_t i = 0; i < bench->n_commands; i++) {
		struct command *command = &bench->commands[i];

		if (!command->argv[0])
			return -EINVAL;
		if (!command->label)
			command->label = command->argv[0];
	}
	return 0;
}

static int parse_arguments(int argc, char **argv, struct bench *bench)
{
	size_t labels = 0;
	int option, r = 0;

	while (r == 0 && (option = getopt(argc, argv, "+n:w:i:s:l:")) != -1) {
		if (option == 'n')
			r = parse_rounds(optarg, &bench->rounds);
		else if (option == 'w')
			r = parse_rounds(optarg, &bench->warmup);
		else if (option == 'i')
			bench->stdin_path = optarg;
		else if (option == 's')
			bench->setup = optarg;
		else if (option == 'l' && labels < MAX_COMMANDS)
			bench->commands[labels++].label = optarg;
		else
			r = -EINVAL;
	}
	if (r < 0 || bench->rounds == 0)
		return -EINVAL;
	return parse_commands(argv + optind, bench);
}

static unsigned long micros_since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long)((now.tv_sec - start->tv_sec) * 1000000L +
			       (now.tv_nsec - start->tv_nsec) / 1000L);
}

/* 0 when the child exited with 0, or a negative errno; says itself what went wrong. */
static int wait_for(pid_t pid, const char *name, struct rusage *ret_usage)
{
	int status = 0;

	while (wait4(pid, &status, 0, ret_usage) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fprintf(stderr, "spawnbench: %s: %s %d\n", name,
		WIFEXITED(status) ? "exit status" : "killed by signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return -ECHILD;
}

static int run_setup(const char *setup)
{
	char shell[] = "/bin/sh", option[] = "-c", *copy = strdup(setup);
	char *argv[] = {shell, option, copy, NULL};
	struct rusage usage;
	pid_t pid;
	int r;

	if (!copy)
		return -ENOMEM;
	r = -posix_spawn(&pid, shell, NULL, NULL, argv, environ);
	if (r == 0)
		r = wait_for(pid, "setup", &usage);
	free(copy);
	return r;
}

static unsigned long cpu_micros(const struct rusage *usage)
{
	return (unsigned long)((usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000L +
			       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static int run_timed(struct command *command, const posix_spawn_file_actions_t *actions,
	unsigned long *ret_micros, unsigned long *ret_cpu)
{
	struct timespec start;
	struct rusage usage = {0};
	pid_t pid;
	int r;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	r = -posix_spawnp(&pid, command->argv[0], actions, NULL, command->argv, environ);
	if (r < 0) {
		fprintf(stderr, "spawnbench: %s: %s\n", command->argv[0], strerror(-r));
		return r;
	}
	r = wait_for(pid, command->label, &usage);
	if (r < 0)
		return r;
	*ret_micros = micros_since(&start);
	*ret_cpu = cpu_micros(&usage);
	if (usage.ru_maxrss > command->max_rss_kib)
		command->max_rss_kib = usage.ru_maxrss;
	return 0;
}

static int run_round(
	struct bench *bench, const posix_spawn_file_actions_t *actions, unsigned long round)
{
	int r = bench->setup ? run_setup(bench->setup) : 0;

	for (size_t i = 0; r == 0 && i < bench->n_commands; i++) {
		size_t which = round % 2 == 0 ? i : bench->n_commands - 1 - i;
		struct command *command = &bench->commands[which];
		unsigned long micros = 0, cpu = 0;

		r = run_timed(command, actions, &micros, &cpu);
		if (r < 0 || round < bench->warmup)
			continue;
		command->micros[round - bench->warmup] = micros;
		command->cpu[round - bench->warmup] = cpu;
	}
	return r;
}

static int run_rounds(struct bench *bench)
{
	const char *input = bench->stdin_path ? bench->stdin_path : "/dev/null";
	posix_spawn_file_actions_t actions;
	int r = -posix_spawn_file_actions_init(&actions);

	if (r < 0)
		return r;
	r = -posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0);
	if (r == 0)
		r = -posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = -posix_spawn_file_actions_adddup2(&actions, 1, 2);
	for (unsigned long i = 0; r == 0 && i < bench->warmup + bench->rounds; i++)
		r = run_round(bench, &actions, i);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

static int compare_micros(const void *a, const void *b)
{
	const unsigned long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_label(const char *label)
{
	putchar('"');
	for (; *label; label++) {
		if (*label == '"' || *label == '\\')
			putchar('\\');
		putchar((unsigned char)*label < ' ' ? ' ' : *label);
	}
	putchar('"');
}

/* The nearest-rank percentile: a time that was really measured. */
static unsigned long percentile(const unsigned long *sorted, unsigned long n, unsigned long percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}

static void print_result(const struct command *command, unsigned long n)
{
	qsort(command->micros, n, sizeof(*command->micros), compare_micros);
	qsort(command->cpu, n, sizeof(*command->cpu), compare_micros);
	fputs("{\"label\":", stdout);
	print_label(command->label);
	printf(",\"n\":%lu,\"median_us\":%lu,\"p99_us\":%lu,\"min_us\":%lu,"
	       "\"median_cpu_us\":%lu,\"max_rss_kib\":%ld}\n",
		n, percentile(command->micros, n, 50), percentile(command->micros, n, 99),
		command->micros[0], percentile(command->cpu, n, 50), command->max_rss_kib);
}

int main(int argc, char **argv)
{
	struct bench bench = {.rounds = 500, .warmup = 20};
	int r = 0;

	if (parse_arguments(argc, argv, &bench) < 0)
		return usage();
	for (size_t i = 0; i < bench.n_commands; i++) {
		bench.commands[i].micros = calloc(bench.rounds, sizeof(unsigned long));
		bench.commands[i].cpu = calloc(bench.rounds, sizeof(unsigned long));
		if (!bench.commands[i].micros || !bench.commands[i].cpu)
			r = -ENOMEM;
	}
	if (r == 0)
		r = run_rounds(&bench);
	for (size_t i = 0; i < bench.n_commands; i++) {
		if (r == 0)
			print_result(&bench.commands[i], bench.rounds);
		free(bench.commands[i].micros);
		free(bench.commands[i].cpu);
	}
	return r == 0 ? 0 : 1;
}
