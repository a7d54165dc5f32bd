/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast gated hooks are let go, and what their waiting costs:
 *
 *	gatebench [-n ROUNDS] [-s SETUP] [-m PATH]... [-k PID_FILE] [-x EXIT] [-w SECONDS]
 *		[-c CHANGES] [-l LABEL] STATE_FILE...
 *
 * Each round runs SETUP through the shell, starts `$HOOK_BINARY prestart` for each STATE_FILE,
 *waits until all of them wait at the gate, and then gives them their event: FUSE mounts appear on
 *every PATH (by $BUILD_DIR/tests/fuse_holder), or the process of PID_FILE is killed. Measured is,
 *for each hook, the time from the event to its end, which must be with status EXIT (0). The event
 *is the start of the last mount(2), or the kill(2).
 *
 * Before the event the hooks wait for SECONDS (0) in which nothing happens, and for CHANGES (0) of
 *the mount table that are not theirs; the CPU time that they took is told for both.
 *
 * Prints a line of JSON: label, n, hooks, median_us, p99_us, min_us, max_us, quiet_s, quiet_cpu_us,
 * changes, changes_cpu_us (of all hooks together, in the last round).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_HOOKS 1000
#define MAX_MOUNTS 8
#define MAX_ROUNDS 10000
#define CHANGED_DIR "/run/fuse-sidecar-bench/changed"

/* A fuse_holder that waits for the end of its input. */
struct holder {
	const char *path;
	pid_t pid;
	int input, output;
};

struct bench {
	const char *setup, *pid_file, *label;
	char **states;
	size_t n_hooks, n_mounts;
	unsigned long rounds, quiet_seconds, changes;
	int expected;
	struct holder holders[MAX_MOUNTS];
	pid_t hooks[MAX_HOOKS];
	long long *micros; /* one for each round and hook */
	size_t n_micros;
	unsigned long long quiet_cpu_ns, changes_cpu_ns;
};

_Noreturn static void die(const char *what, int error)
{
	fprintf(stderr, "gatebench: %s%s%s\n", what, error ? ": " : "",
		error ? strerror(error) : "");
	exit(1);
}

static long long now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_usec(long usec)
{
	const struct timespec time = {usec / 1000000, usec % 1000000 * 1000};

	nanosleep(&time, NULL);
}

/* ---- the hooks ---------------------------------------------------------------------------------
 */

static pid_t start_hook(const char *state)
{
	const char *hook = getenv("HOOK_BINARY");
	pid_t pid = fork();

	if (pid < 0)
		die("fork", errno);
	if (pid > 0)
		return pid;
	if (!hook || !freopen(state, "r", stdin) || !freopen("/dev/null", "w", stdout))
		_exit(127);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	execl(hook, hook, "prestart", (char *)NULL);
	_exit(127);
}

/* The gate has a timerfd, and nothing before it does. */
static bool has_timer(pid_t pid)
{
	char path[64], target[64];
	struct dirent *entry;
	bool found = false;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	while (directory && !found && (entry = readdir(directory))) {
		ssize_t n = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		target[n < 0 ? 0 : n] = '\0';
		found = strcmp(target, "anon_inode:[timerfd]") == 0;
	}
	if (directory)
		closedir(directory);
	return found;
}

/* The process that does the hook's work: the child of its supervisor, proc(5). */
static pid_t worker_of(pid_t hook)
{
	char path[64], text[64] = "";
	long worker = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)hook, (int)hook);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		worker = strtol(text, NULL, 10);
	if (fd >= 0)
		close(fd);
	return worker > 0 ? (pid_t)worker : hook;
}

/* /proc/PID/schedstat: nanoseconds on a CPU come first. */
static unsigned long long cpu_ns(const struct bench *bench)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < bench->n_hooks; i++) {
		unsigned long long ns = 0;
		char path[64], text[64] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)worker_of(bench->hooks[i]));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
			ns = strtoull(text, NULL, 10);
		if (fd >= 0)
			close(fd);
		sum += ns;
	}
	return sum;
}

static void wait_until_gated(const struct bench *bench)
{
	long long until = now_usec() + 60 * 1000000LL;

	for (size_t i = 0; i < bench->n_hooks; i++) {
		while (!has_timer(worker_of(bench->hooks[i]))) {
			if (waitpid(bench->hooks[i], NULL, WNOHANG) != 0)
				die("a hook ended before it was gated", 0);
			if (now_usec() > until)
				die("a hook does not come to the gate", 0);
			sleep_usec(1000);
		}
	}
	/* From the timer to poll(2). */
	sleep_usec(20000);
}

/* ---- the event ---------------------------------------------------------------------------------
 */

static void start_holder(struct holder *holder)
{
	int input[2], output[2];
	char program[4096];

	snprintf(program, sizeof(program), "%s/tests/fuse_holder", getenv("BUILD_DIR"));
	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		die("pipe", errno);
	holder->pid = fork();
	if (holder->pid < 0)
		die("fork", errno);
	if (holder->pid == 0) {
		dup2(input[0], STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		execl(program, program, "--on-input", holder->path, (char *)NULL);
		_exit(127);
	}
	close(input[0]);
	close(output[1]);
	holder->input = input[1];
	holder->output = output[0];
}

static void stop_holder(struct holder *holder)
{
	kill(holder->pid, SIGKILL);
	waitpid(holder->pid, NULL, 0);
	umount2(holder->path, MNT_DETACH);
	close(holder->output);
}

/* "mounting USEC", once it is mounted. */
static long long mounting_time(const struct holder *holder)
{
	static const char word[] = "mounting ";
	char text[64] = "", *end = text;
	ssize_t n = read(holder->output, text, sizeof(text) - 1);
	long long time = 0;

	if (n > 0 && strncmp(text, word, sizeof(word) - 1) == 0)
		time = strtoll(text + sizeof(word) - 1, &end, 10);
	if (end == text || time <= 0)
		die("a holder cannot mount", 0);
	return time;
}

static long long kill_provider(const char *pid_file)
{
	FILE *file = fopen(pid_file, "re");
	char text[32] = "";
	long long began;
	long pid;

	if (!file || !fgets(text, sizeof(text), file))
		die(pid_file, errno);
	fclose(file);
	pid = strtol(text, NULL, 10);
	if (pid <= 1)
		die(pid_file, EINVAL);
	began = now_usec();
	kill((pid_t)pid, SIGKILL);
	return began;
}

/* The time is 0 where it is known only afterwards: last_mount(). */
static long long set_off(struct bench *bench)
{
	for (size_t i = 0; i < bench->n_mounts; i++) {
		/* Daemons of different clouds are not ready at once: the last one counts. */
		if (i > 0)
			sleep_usec(20000);
		close(bench->holders[i].input);
	}
	return bench->pid_file ? kill_provider(bench->pid_file) : 0;
}

static long long last_mount(const struct bench *bench)
{
	long long last = 0;

	for (size_t i = 0; i < bench->n_mounts; i++) {
		long long time = mounting_time(&bench->holders[i]);

		last = time > last ? time : last;
	}
	return last;
}

/* ---- a round -----------------------------------------------------------------------------------
 */

static void change_mounts(unsigned long changes)
{
	for (unsigned long i = 0; i < changes; i++) {
		if (i % 2 == 0 ? mount("changed", CHANGED_DIR, "tmpfs", 0, NULL)
			       : umount2(CHANGED_DIR, MNT_DETACH))
			die("cannot change the mount table", errno);
		/* So that each is seen, and not many at once. */
		sleep_usec(20000);
	}
}

static void measure_waiting(struct bench *bench)
{
	unsigned long long before = cpu_ns(bench);

	sleep_usec((long)bench->quiet_seconds * 1000000);
	bench->quiet_cpu_ns = cpu_ns(bench) - before;
	before = cpu_ns(bench);
	change_mounts(bench->changes);
	bench->changes_cpu_ns = cpu_ns(bench) - before;
}

/* When each of the hooks ended. */
static void reap(struct bench *bench, long long *ended)
{
	for (size_t left = bench->n_hooks; left > 0;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);
		long long now = now_usec();

		if (pid < 0)
			die("waitpid", errno);
		for (size_t i = 0; i < bench->n_hooks; i++) {
			if (bench->hooks[i] != pid)
				continue;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != bench->expected) {
				fprintf(stderr, "gatebench: a hook ended with status %#x\n",
					(unsigned int)status);
				exit(1);
			}
			ended[i] = now;
			left--;
		}
	}
}

static void run_round(struct bench *bench)
{
	long long ended[MAX_HOOKS], event;

	/* NOLINTNEXTLINE(cert-env33-c): a line of shell that gate.sh itself has written */
	if (bench->setup && system(bench->setup) != 0)
		die("the setup failed", 0);
	for (size_t i = 0; i < bench->n_mounts; i++)
		start_holder(&bench->holders[i]);
	for (size_t i = 0; i < bench->n_hooks; i++)
		bench->hooks[i] = start_hook(bench->states[i]);
	wait_until_gated(bench);
	measure_waiting(bench);
	event = set_off(bench);
	reap(bench, ended);
	if (bench->n_mounts > 0)
		event = last_mount(bench);
	for (size_t i = 0; i < bench->n_hooks; i++)
		bench->micros[bench->n_micros++] = ended[i] - event;
	for (size_t i = 0; i < bench->n_mounts; i++)
		stop_holder(&bench->holders[i]);
}

/* ---- the result --------------------------------------------------------------------------------
 */

static int compare_micros(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The nearest rank: a time that was really measured. */
static long long percentile(const struct bench *bench, size_t percent)
{
	return bench->micros[(bench->n_micros * percent + 99) / 100 - 1];
}

static void print_result(struct bench *bench)
{
	qsort(bench->micros, bench->n_micros, sizeof(*bench->micros), compare_micros);
	printf("{\"label\":\"%s\",\"n\":%zu,\"hooks\":%zu,\"median_us\":%lld,\"p99_us\":%lld,"
	       "\"min_us\":%lld,\"max_us\":%lld,\"quiet_s\":%lu,\"quiet_cpu_us\":%llu,"
	       "\"changes\":%lu,\"changes_cpu_us\":%llu}\n",
		bench->label, bench->n_micros, bench->n_hooks, percentile(bench, 50),
		percentile(bench, 99), bench->micros[0], bench->micros[bench->n_micros - 1],
		bench->quiet_seconds, bench->quiet_cpu_ns / 1000, bench->changes,
		bench->changes_cpu_ns / 1000);
}

static unsigned long number(const char *text)
{
	char *end = NULL;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value > MAX_ROUNDS)
		die(text, EINVAL);
	return value;
}

_Noreturn static void usage(void)
{
	die("usage: gatebench [-n ROUNDS] [-s SETUP] [-m PATH]... [-k PID_FILE] [-x EXIT] "
	    "[-w SECONDS] [-c CHANGES] [-l LABEL] STATE_FILE...",
		0);
}

static void take_option(struct bench *bench, int option)
{
	if (option == 'n')
		bench->rounds = number(optarg);
	else if (option == 's')
		bench->setup = optarg;
	else if (option == 'm' && bench->n_mounts < MAX_MOUNTS)
		bench->holders[bench->n_mounts++].path = optarg;
	else if (option == 'k')
		bench->pid_file = optarg;
	else if (option == 'x')
		bench->expected = (int)number(optarg);
	else if (option == 'w')
		bench->quiet_seconds = number(optarg);
	else if (option == 'c')
		bench->changes = number(optarg);
	else if (option == 'l')
		bench->label = optarg;
	else
		usage();
}

int main(int argc, char **argv)
{
	static struct bench bench = {.rounds = 1, .label = "gate"};
	int option;

	while ((option = getopt(argc, argv, "+n:s:m:k:x:w:c:l:")) != -1)
		take_option(&bench, option);
	bench.states = argv + optind;
	bench.n_hooks = (size_t)(argc - optind);
	if (bench.n_hooks == 0 || bench.n_hooks > MAX_HOOKS || bench.rounds == 0)
		usage();
	bench.micros = calloc(bench.rounds * bench.n_hooks, sizeof(*bench.micros));
	if (!bench.micros)
		die("out of memory", 0);
	for (unsigned long i = 0; i < bench.rounds; i++)
		run_round(&bench);
	print_result(&bench);
	free(bench.micros);
	return 0;
}
