/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What execve(2) hands on and a program goes by: descriptors, signals, environment, umask,
 * directory. First of all, since each later step relies on it.
 */
#include "hook/sandbox/sanitize_process.h"

#include "hook/journal/journal_stream.h"
#include "hook/sys/close_fds.h"
#include "hook/sys/procfs.h"
#include "oci/base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static const char *const kept_variables[] = {
	"TERM",
	"NO_COLOR",
	"COLUMNS",
	"LANG",
	"LC_ALL",
	"LC_CTYPE",
	"KUBENSMNT",
	JOURNAL_STREAM_VARIABLE,
};

/*
 * A closed standard descriptor would be given to the next file that is opened, and what is meant
 * for people would be written into it. open(2) takes the lowest free number, so this comes before
 * anything else is opened.
 */
static int open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* Not O_CLOEXEC: it stands for a descriptor that never has it. */
		if (open("/dev/null", O_RDWR) < 0)
			return -errno;
	}
	return 0;
}

static int reset_signals(bool ignore_pipe)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	sigset_t none;

	/* Some cannot be set: SIGKILL, SIGSTOP, and those that libc keeps for itself. */
	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &by_default, NULL);
	if (ignore_pipe && sigaction(SIGPIPE, &ignored, NULL) < 0)
		return -errno;
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return -errno;
	return 0;
}

static void free_values(char *(*values)[ARRAY_SIZE(kept_variables)])
{
	for (size_t i = 0; i < ARRAY_SIZE(*values); i++)
		free((*values)[i]);
}

static int clear_environment(bool keep)
{
	__attribute__((cleanup(free_values))) char *values[ARRAY_SIZE(kept_variables)] = {NULL};

	for (size_t i = 0; keep && i < ARRAY_SIZE(kept_variables); i++) {
		const char *value = getenv(kept_variables[i]);

		if (value && !(values[i] = strdup(value)))
			return -ENOMEM;
	}
	if (clearenv())
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(kept_variables); i++) {
		if (values[i] && setenv(kept_variables[i], values[i], 1) < 0)
			return -errno;
	}
	return 0;
}

int sanitize_process(bool for_people)
{
	int r = open_standard();

	if (r < 0)
		return r;
	r = close_fds(STDERR_FILENO + 1, ~0U);
	if (r < 0)
		return r;
	r = reset_signals(!for_people);
	if (r < 0)
		return r;
	r = clear_environment(for_people);
	if (r == 0)
		r = journal_stream_check();
	if (r < 0)
		return r;
	umask(S_IWGRP | S_IWOTH);
	if (for_people)
		return 0;
	if (chdir("/") < 0)
		return -errno;
	/* Everything that a stage knows of processes and mounts, it has from there. */
	return procfs_check();
}
