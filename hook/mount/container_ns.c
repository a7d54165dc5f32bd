/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child enters, for the hook itself has to stay where it is: what it does afterwards, and what
 * it has to take back, is on the host. The child tells by a pipe how it went, or dies.
 */
#include "hook/mount/container_ns.h"

#include "hook/sys/deadline.h"
#include "hook/sys/held_process.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

/* What the child tells: one write of less than PIPE_BUF, so whole or not at all. */
struct outcome {
	int result;
	enum finding_code code;
	char subject[1024], message[1536], fix[512];
};

/* `opened` is taken over: a descriptor, or a negative errno. */
static int container_ns_check(int opened, struct stat *ret_stat)
{
	cleanup_close int fd = opened;
	struct statfs fs;

	if (fd < 0)
		return fd;
	/* The descriptor that is used is the one that is checked: no file of anybody else's in its
	 * place. */
	if (fstatfs(fd, &fs) < 0 || fstat(fd, ret_stat) < 0)
		return -errno;
	if (fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	return move_fd(&fd);
}

/* Who is 0 in a map of user_namespaces(7), whose lines are "0 100000 65536": the first number and
 * where it begins on the host. 0 too where that cannot be told. */
static unsigned int mapped_root(int dir, const char *name)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	cleanup_file FILE *map = fd < 0 ? NULL : fdopen(fd, "r");
	cleanup_free char *line = NULL;
	size_t size = 0;

	if (!map)
		return 0;
	move_fd(&fd);
	while (getline(&line, &size, map) >= 0) {
		char *outside, *end;
		unsigned long inside = strtoul(line, &outside, 10);
		unsigned long id = strtoul(outside, &end, 10);

		if (inside == 0 && end != outside && id <= UINT_MAX)
			return (unsigned int)id;
	}
	return 0;
}

int container_ns_open(pid_t pid, uint64_t start_ticks, struct container_ns *ret, struct error *err)
{
	cleanup_process struct process process = PROCESS_NONE;
	cleanup_close int theirs = -EBADF, ours = -EBADF;
	struct stat their_stat = {0}, our_stat = {0};
	char path[64];
	int r;

	r = process_open(pid, start_ticks, &process);
	if (r == -ESRCH)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"the container's init, pid %d, is gone", (int)pid);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot pin the container's init, pid %d: %s", (int)pid, strerror(-r));
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	theirs = container_ns_check(held_process_mount_ns(pid), &their_stat);
	r = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	ours = container_ns_check(r < 0 ? -errno : r, &our_stat);
	if (theirs < 0 || ours < 0)
		return error_set(err, theirs < 0 ? theirs : ours, FINDING_HOST_IO, path, NULL,
			"cannot open the mount namespace of pid %d: %s", (int)pid,
			strerror(theirs < 0 ? -theirs : -ours));
	/* Nothing is to be mounted for a process that has ended meanwhile; and that it has not says
	 * that nobody else had its pid when the namespace was opened. */
	if (process_has_ended(&process))
		return error_set(err, -ESRCH, FINDING_HOST_IO, NULL, NULL,
			"the container's init, pid %d, has just ended", (int)pid);
	if (their_stat.st_dev == our_stat.st_dev && their_stat.st_ino == our_stat.st_ino)
		return error_set(err, -EINVAL, FINDING_STATE_INVALID, path,
			"run the container with a mount namespace of its own",
			"pid %d runs in the node's own mount namespace", (int)pid);
	ret->mount_ns = move_fd(&theirs);
	ret->pid = pid;
	ret->root_uid = mapped_root(process.dir, "uid_map");
	ret->root_gid = mapped_root(process.dir, "gid_map");
	return 0;
}

static void container_ns_copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static _Noreturn void container_ns_child(const struct container_ns *ns, container_ns_work work,
	void *data, int pipe_fd, pid_t parent)
{
	struct outcome outcome = {0};
	struct error err = {0};

	/* It has the hook's locks open: it must not outlive a hook that is killed. */
	outcome.result = process_die_with(parent);
	if (outcome.result == 0 && setns(ns->mount_ns, CLONE_NEWNS) < 0)
		outcome.result = -errno;
	if (outcome.result < 0)
		error_set(&err, outcome.result, FINDING_HOST_IO, NULL, NULL,
			"cannot enter the mount namespace of the container, pid %d: %s",
			(int)ns->pid, strerror(-outcome.result));
	else
		outcome.result = work(data, &err);
	outcome.code = err.code;
	container_ns_copy_text(outcome.subject, sizeof(outcome.subject), err.subject);
	container_ns_copy_text(outcome.message, sizeof(outcome.message), err.message);
	container_ns_copy_text(outcome.fix, sizeof(outcome.fix), err.fix);
	if (write(pipe_fd, &outcome, sizeof(outcome)) != (ssize_t)sizeof(outcome))
		_exit(1);
	_exit(0);
}

/* Wait for the child's answer, or for its end without one. */
static int read_outcome(int pipe_fd, struct outcome *ret)
{
	uint64_t deadline = deadline_now() + CONTAINER_NS_TIMEOUT_USEC;
	struct pollfd readable = {.fd = pipe_fd, .events = POLLIN};

	for (;;) {
		uint64_t now = deadline_now();
		int r;
		ssize_t n;

		r = poll(&readable, 1, now < deadline ? (int)((deadline - now) / 1000) + 1 : 0);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		n = read(pipe_fd, ret, sizeof(*ret));
		if (n < 0 && errno == EINTR)
			continue;
		return n == (ssize_t)sizeof(*ret) ? 0 : -EPIPE;
	}
}

static int container_ns_report(const struct outcome *outcome, struct error *err)
{
	if (outcome->result >= 0)
		return outcome->result;
	return error_set(err, outcome->result, outcome->code ? outcome->code : FINDING_INTERNAL,
		outcome->subject[0] ? outcome->subject : NULL,
		outcome->fix[0] ? outcome->fix : NULL, "%s", outcome->message);
}

/* No answer came within the time, or the child ended without one. */
static int end_silent(const struct container_ns *ns, pid_t pid, int r, struct error *err)
{
	int status = 0;

	if (r != -EPIPE)
		kill(pid, SIGKILL);
	/* A child that a file system holds in the kernel may not die: it is init's then. */
	waitpid(pid, &status, r == -ETIMEDOUT ? WNOHANG : 0);
	/* SIGSYS: it made a system call that is not allowed (hook/sandbox/filter.h). */
	if (r == -EPIPE && WIFSIGNALED(status))
		return error_set(err, r, FINDING_INTERNAL, NULL, "report it",
			"the worker in the container's mount namespace was killed by signal %d%s",
			WTERMSIG(status),
			WTERMSIG(status) == SIGSYS ? ": a system call that its filter does not "
						     "allow"
						   : "");
	return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
		"the worker in the mount namespace of the container, pid %d, did not answer: %s",
		(int)ns->pid, strerror(-r));
}

/* By errno. */
static int no_child(const struct container_ns *ns, const char *what, struct error *err)
{
	return error_set(err, -errno, FINDING_HOST_IO, NULL, NULL,
		"cannot fork a worker for the mount namespace of the container, pid %d: %s: %s",
		(int)ns->pid, what, strerror(errno));
}

int container_ns_run(
	const struct container_ns *ns, container_ns_work work, void *data, struct error *err)
{
	cleanup_close int from = -EBADF, to = -EBADF;
	struct outcome outcome = {0};
	pid_t pid, parent = getpid();
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return no_child(ns, "pipe", err);
	from = ends[0];
	to = ends[1];
	pid = fork();
	if (pid < 0)
		return no_child(ns, "fork", err);
	if (pid == 0)
		container_ns_child(ns, work, data, to, parent);
	cleanup_close_fd(&to);
	to = -EBADF;
	r = read_outcome(from, &outcome);
	if (r < 0)
		return end_silent(ns, pid, r, err);
	waitpid(pid, NULL, 0);
	return container_ns_report(&outcome, err);
}

void container_ns_close(struct container_ns *ns)
{
	if (!ns)
		return;
	cleanup_close_fd(&ns->mount_ns);
	ns->mount_ns = -EBADF;
}
