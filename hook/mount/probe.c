/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an answer comes back from a child: one pipe for each question, of which an int is the answer
 * and the end without one the child's death. Nothing here says what the answer means, or how long
 * it is waited for.
 */
#include "hook/mount/probe.h"

#include "hook/mount/probe_child.h"
#include "hook/mount/probe_parts.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

int probe_start(const struct probe_child *question, struct probe *ret)
{
	cleanup_close int from = -EBADF, to = -EBADF;
	struct probe_child child = *question;
	int ends[2];
	pid_t pid;

	child.parent = getpid();
	child.since_usec = deadline_now();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	to = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		probe_child_run(&child, to);
	*ret = (struct probe){.pid = pid, .fd = move_fd(&from)};
	return 0;
}

int probe_begin(const struct probe_mount *mount, struct probe *ret)
{
	const struct probe_child question = {.fd = mount->fd, .connection = mount->connection};

	return probe_start(&question, ret);
}

struct probe_batch {
	size_t left; /* probes that are not ended */
};

/* The child that asks for several: what it gets, with the ends of each probe's pipe. */
struct batch_setup {
	struct probe_child *children;
	int *to, *keep;
	size_t n;
};

static void batch_setup_clear(struct batch_setup *setup)
{
	for (size_t i = 0; setup->to && i < setup->n; i++)
		close(setup->to[i]);
	free(setup->children);
	free(setup->to);
	free(setup->keep);
}

/* A pipe for each; the ends to read from are the probes'. */
static int probe_open_pipes(
	const struct probe_mount *mounts, size_t n, struct batch_setup *setup, struct probe *probes)
{
	const struct probe_child child = {.parent = getpid(), .since_usec = deadline_now()};

	setup->children = calloc(n, sizeof(*setup->children));
	setup->to = calloc(n, sizeof(*setup->to));
	setup->keep = calloc(n, 2 * sizeof(*setup->keep));
	if (!setup->children || !setup->to || !setup->keep)
		return -ENOMEM;
	for (; setup->n < n; setup->n++) {
		struct probe_child *asked = &setup->children[setup->n];
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		probes[setup->n].fd = ends[0];
		setup->to[setup->n] = ends[1];
		*asked = child;
		asked->fd = mounts[setup->n].fd;
		asked->connection = mounts[setup->n].connection;
	}
	return 0;
}

static int probe_fork_batch(
	const struct probe_mount *mounts, size_t n, struct probe *probes, pid_t *ret_pid)
{
	__attribute__((cleanup(batch_setup_clear))) struct batch_setup setup = {0};
	int r = probe_open_pipes(mounts, n, &setup, probes);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		probe_child_run_batch(&(struct probe_child_batch){
			.children = setup.children,
			.to = setup.to,
			.keep = setup.keep,
			.n = setup.n,
		});
	*ret_pid = pid;
	return 0;
}

int probe_begin_together(const struct probe_mount *mounts, size_t n, struct probe *ret)
{
	cleanup_free struct probe_batch *batch = calloc(1, sizeof(*batch));
	pid_t pid = 0;
	int r;

	/* Nobody would be the last who lets go. */
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		ret[i] = PROBE_NONE;
	r = batch ? probe_fork_batch(mounts, n, ret, &pid) : -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (r < 0)
			cleanup_close_fd(&ret[i].fd);
		ret[i] = r < 0 ? PROBE_NONE
			       : (struct probe){.pid = pid, .fd = ret[i].fd, .batch = batch};
	}
	if (r < 0)
		return r;
	batch->left = n;
	(void)move_ptr(batch);
	return 0;
}

/* The child is waited for by whoever is its last. */
static void probe_let_go(struct probe *probe, int how)
{
	struct probe_batch *batch = probe->batch;

	cleanup_close_fd(&probe->fd);
	if (!batch || --batch->left == 0) {
		waitpid(probe->pid, NULL, how);
		free(batch);
	}
	*probe = PROBE_NONE;
}

int probe_end(struct probe *probe, enum path_state *ret_state)
{
	int answer = 0;
	ssize_t n;

	/* Of less than PIPE_BUF, so whole or not at all. */
	do
		n = read(probe->fd, &answer, sizeof(answer));
	while (n < 0 && errno == EINTR);
	/* It has written or died, so this does not block. */
	probe_let_go(probe, 0);
	if (n != (ssize_t)sizeof(answer))
		return -EPIPE;
	if (answer < 0)
		return answer;
	*ret_state = (enum path_state)answer;
	return 0;
}

void probe_cancel(struct probe *probe)
{
	if (!probe || probe->pid <= 0)
		return;
	/* A request that the daemon has read already cannot be interrupted: the child stays until
	 * the daemon answers or ends. */
	kill(probe->pid, SIGKILL);
	probe_let_go(probe, WNOHANG);
}
