/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in memory in place of pipes: nothing has to be read while the program runs, so that one
 * that prints for ever, or never ends, is dealt with by its time alone.
 */
#include "hook/doctor/subprocess.h"

#include "hook/sys/write_whole.h"
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define OUTPUT_MAX (4UL * 1024 * 1024)

/* Its three standard descriptors, each a file in memory: no pipe can fill up. */
struct channels {
	int in, out, err;
};

static void close_channels(struct channels *channels)
{
	cleanup_close_fd(&channels->in);
	cleanup_close_fd(&channels->out);
	cleanup_close_fd(&channels->err);
}

#define cleanup_channels __attribute__((cleanup(close_channels)))

static int write_input(int fd, const char *input, size_t size)
{
	int r = write_whole_fd(fd, input, size);

	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int open_channels(const char *input, size_t size, struct channels *ret)
{
	ret->in = memfd_create("input", MFD_CLOEXEC);
	ret->out = memfd_create("output", MFD_CLOEXEC);
	ret->err = memfd_create("errors", MFD_CLOEXEC);
	if (ret->in < 0 || ret->out < 0 || ret->err < 0)
		return -errno;
	return write_input(ret->in, input, size);
}

/* In the child. alarm(2) outlives execve(2), and SIGALRM ends who does not expect it. */
_Noreturn static void subprocess_execute(
	char *const argv[], const struct channels *channels, unsigned int seconds, int error_fd)
{
	char *const environment[] = {
		(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, (char[]){"LC_ALL=C"}, NULL};
	const struct rlimit limit = {OUTPUT_MAX, OUTPUT_MAX};
	int error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (dup2(channels->in, STDIN_FILENO) >= 0 && dup2(channels->out, STDOUT_FILENO) >= 0 &&
		dup2(channels->err, STDERR_FILENO) >= 0) {
		alarm(seconds);
		execve(argv[0], argv, environment);
	}
	error = errno;
	if (write(error_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static int subprocess_wait(pid_t pid, int *ret_status)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

/* 0 where it could be executed, or the negative errno that execve(2) had. */
static int subprocess_start(
	char *const argv[], const struct channels *channels, unsigned int seconds, pid_t *ret_pid)
{
	cleanup_close int read_end = -EBADF, write_end = -EBADF;
	int ends[2], error = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	read_end = ends[0];
	write_end = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		subprocess_execute(argv, channels, seconds, write_end);
	*ret_pid = pid;
	close(move_fd(&write_end));
	/* Closed by execve(2): nothing comes where that has worked. */
	return read(read_end, &error, sizeof(error)) == sizeof(error) ? -error : 0;
}

static int read_back(int fd, char **ret, size_t *ret_size)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return input_read_fd(fd, OUTPUT_MAX, ret, ret_size);
}

int subprocess_run(char *const argv[], const char *input, size_t input_size, unsigned int seconds,
	struct subprocess_result *ret)
{
	cleanup_channels struct channels channels = {-EBADF, -EBADF, -EBADF};
	cleanup_subprocess_result struct subprocess_result result = {0};
	size_t size = 0;
	pid_t pid = 0;
	int r = open_channels(input, input_size, &channels), started;

	if (r < 0)
		return r;
	started = subprocess_start(argv, &channels, seconds, &pid);
	if (pid == 0)
		return started;
	r = subprocess_wait(pid, &result.status);
	if (started < 0 || r < 0)
		return started < 0 ? started : r;
	r = read_back(channels.out, &result.output, &result.output_size);
	if (r == 0)
		r = read_back(channels.err, &result.errors, &size);
	if (!result.errors)
		return r;
	result.errors[strcspn(result.errors, "\n")] = '\0';
	*ret = move_struct(result);
	return 0;
}

void subprocess_result_clear(struct subprocess_result *result)
{
	if (!result)
		return;
	free(result->output);
	free(result->errors);
	*result = (struct subprocess_result){0};
}
