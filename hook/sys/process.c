/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pid alone names whoever has it now. The start time is compared after the descriptors are
 * opened, and that order is the whole of the proof.
 */
#include "hook/sys/process.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>

/* Field 2 of /proc/PID/stat is the command in parentheses, and may hold anything, ')' too. */
static const char *after_command(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end + 2 : NULL;
}

/* A number of /proc/PID/stat; `fields` starts with field 3, the state. */
static int parse_field(const char *fields, int number, uint64_t *ret)
{
	char *end;
	unsigned long long value;

	for (int field = 3; field < number; field++) {
		fields = strchr(fields, ' ');
		if (!fields)
			return -EBADMSG;
		fields++;
	}
	errno = 0;
	value = strtoull(fields, &end, 10);
	if (errno || end == fields)
		return -EBADMSG;
	*ret = value;
	return 0;
}

/*
 * The state is that of the first thread. Where that one alone has ended, the process is a zombie by
 * its looks and goes on: field 20 counts its threads.
 */
static int parse_start(const char *fields, uint64_t *ret_ticks)
{
	uint64_t threads = 0;
	int r = 0;

	if (*fields == 'X')
		return -ESRCH;
	if (*fields == 'Z')
		r = parse_field(fields, 20, &threads);
	if (r == 0 && *fields == 'Z' && threads < 2)
		return -ESRCH;
	return r < 0 ? r : parse_field(fields, 22, ret_ticks);
}

/* From the file `path` of proc, below `dir`. */
static int read_start(int dir, const char *path, uint64_t *ret_ticks)
{
	char stat[1024];
	cleanup_close int fd = -EBADF;
	const char *fields;
	ssize_t n;

	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, stat, sizeof(stat) - 1);
	if (n < 0)
		return -errno;
	stat[n] = '\0';
	fields = after_command(stat);
	return fields ? parse_start(fields, ret_ticks) : -EBADMSG;
}

bool process_is_traced(void)
{
	static const char name[] = "\nTracerPid:\t";
	char status[4096];
	cleanup_close int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	const char *tracer;
	ssize_t n = fd < 0 ? -1 : read(fd, status, sizeof(status) - 1);

	if (n < 0)
		return false;
	status[n] = '\0';
	tracer = strstr(status, name);
	return tracer && tracer[strlen(name)] != '0';
}

int process_start(pid_t pid, uint64_t *ret_ticks)
{
	char path[64];

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return read_start(AT_FDCWD, path, ret_ticks);
}

bool process_is_alive(pid_t pid, uint64_t start_ticks)
{
	uint64_t ticks = 0;
	int r = process_start(pid, &ticks);

	/* Callers clean up behind processes that are gone: an error that says nothing about this
	 * one, such as EMFILE, must not look like its end. */
	return r == 0 ? ticks == start_ticks : r != -ESRCH;
}

int process_die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (getppid() == parent)
		return 0;
	/* It has ended before that, so its signal does not come: somebody else is the parent. There
	 * is nobody left to tell either. */
	return kill(getpid(), SIGKILL) < 0 ? -errno : -ESRCH;
}

pid_t process_dies_with(void)
{
	int number = 0;

	return prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGKILL ? getppid() : 0;
}

/* The directory of a process in proc. Nothing is found in it any more once the process has been
 * waited for, whoever has the pid then. */
static int process_open_directory(pid_t pid)
{
	cleanup_close int fd = -EBADF;
	char path[64];
	struct statfs fs;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == PROC_SUPER_MAGIC ? move_fd(&fd) : -EINVAL;
}

int process_open(pid_t pid, uint64_t start_ticks, struct process *ret)
{
	cleanup_process struct process process = PROCESS_NONE;
	uint64_t ticks = 0;
	int r;

	process.dir = process_open_directory(pid);
	if (process.dir < 0)
		return process.dir;
	r = sys_pidfd_open(pid);
	if (r >= 0)
		process.pidfd = r;
	else if (!kernel_lacks(KERNEL_PIDFD_OPEN, r))
		return r == -EINVAL ? -ESRCH : r;
	/* Looked at last: where the process of the directory still runs, no other one has had its
	 * pid, and the pidfd is that process's too. */
	r = read_start(process.dir, "stat", &ticks);
	if (r < 0)
		return r;
	if (ticks != start_ticks)
		return -ESRCH;
	ret->dir = move_fd(&process.dir);
	ret->pidfd = move_fd(&process.pidfd);
	return 0;
}

bool process_has_ended(const struct process *process)
{
	struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
	uint64_t ticks;

	if (process->pidfd >= 0)
		return poll(&ended, 1, 0) > 0;
	return process->dir >= 0 && read_start(process->dir, "stat", &ticks) == -ESRCH;
}

void process_close(struct process *process)
{
	if (!process)
		return;
	cleanup_close_fd(&process->dir);
	cleanup_close_fd(&process->pidfd);
	*process = PROCESS_NONE;
}
