/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mount/probe.h"

#include "hook/mount/probe_child.h"
#include "hook/record/probe_turn.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static int begin(const struct probe_child *question, struct probe *ret)
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

	return begin(&question, ret);
}

struct probe_crew {
	size_t left; /* probes that are not ended */
};

/* The child that asks for several: what it gets, with the ends of each probe's pipe. */
struct errand {
	struct probe_child *children;
	int *to, *keep;
	size_t n;
};

static void errand_clear(struct errand *errand)
{
	for (size_t i = 0; errand->to && i < errand->n; i++)
		close(errand->to[i]);
	free(errand->children);
	free(errand->to);
	free(errand->keep);
}

/* A pipe for each; the ends to read from are the probes'. */
static int open_pipes(
	const struct probe_mount *mounts, size_t n, struct errand *errand, struct probe *probes)
{
	const struct probe_child child = {.parent = getpid(), .since_usec = deadline_now()};

	errand->children = calloc(n, sizeof(*errand->children));
	errand->to = calloc(n, sizeof(*errand->to));
	errand->keep = calloc(n, 2 * sizeof(*errand->keep));
	if (!errand->children || !errand->to || !errand->keep)
		return -ENOMEM;
	for (; errand->n < n; errand->n++) {
		struct probe_child *asked = &errand->children[errand->n];
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		probes[errand->n].fd = ends[0];
		errand->to[errand->n] = ends[1];
		*asked = child;
		asked->fd = mounts[errand->n].fd;
		asked->connection = mounts[errand->n].connection;
	}
	return 0;
}

static int send_child(
	const struct probe_mount *mounts, size_t n, struct probe *probes, pid_t *ret_pid)
{
	__attribute__((cleanup(errand_clear))) struct errand errand = {0};
	int r = open_pipes(mounts, n, &errand, probes);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		probe_child_run_errand(&(struct probe_errand){
			.children = errand.children,
			.to = errand.to,
			.keep = errand.keep,
			.n = errand.n,
		});
	*ret_pid = pid;
	return 0;
}

int probe_begin_together(const struct probe_mount *mounts, size_t n, struct probe *ret)
{
	cleanup_free struct probe_crew *crew = calloc(1, sizeof(*crew));
	pid_t pid = 0;
	int r;

	/* Nobody would be the last who lets go. */
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		ret[i] = PROBE_NONE;
	r = crew ? send_child(mounts, n, ret, &pid) : -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (r < 0)
			cleanup_close_fd(&ret[i].fd);
		ret[i] = r < 0 ? PROBE_NONE
			       : (struct probe){.pid = pid, .fd = ret[i].fd, .crew = crew};
	}
	if (r < 0)
		return r;
	crew->left = n;
	(void)move_ptr(crew);
	return 0;
}

/* The child is waited for by whoever is its last. */
static void let_go(struct probe *probe, int how)
{
	struct probe_crew *crew = probe->crew;

	cleanup_close_fd(&probe->fd);
	if (!crew || --crew->left == 0) {
		waitpid(probe->pid, NULL, how);
		free(crew);
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
	let_go(probe, 0);
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
	let_go(probe, WNOHANG);
}

/* 1: readable, 0: the time is over, or a negative errno. */
static int wait_readable(int fd, uint64_t timeout_usec)
{
	uint64_t deadline = deadline_now() + timeout_usec;
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	for (;;) {
		uint64_t now = deadline_now();
		uint64_t left = now < deadline ? deadline - now : 0;
		struct timespec time = {
			.tv_sec = (time_t)(left / 1000000),
			.tv_nsec = (long)(left % 1000000) * 1000,
		};
		int r = ppoll(&readable, 1, &time, NULL);

		if (r >= 0)
			return r > 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* Another process has waited for its answer for as long as this one would: no further one comes to
 * wait there. */
static bool is_known_to_hang(const struct fuse_connection *connection, uint64_t timeout_usec)
{
	struct probe_waiter waiter;

	return probe_turn_waiter(connection, &waiter) && waiter.since_usec > 0 &&
	       deadline_now() >= waiter.since_usec + timeout_usec;
}

static int probe_write(
	const struct probe_child *question, uint64_t timeout_usec, enum path_state *ret_state)
{
	cleanup_probe struct probe probe = PROBE_NONE;
	int r;

	if (is_known_to_hang(&question->connection, timeout_usec)) {
		*ret_state = PATH_HUNG;
		return 0;
	}
	r = begin(question, &probe);
	if (r < 0)
		return r;
	r = wait_readable(probe.fd, timeout_usec);
	if (r < 0)
		return r;
	if (r == 0) {
		*ret_state = PATH_HUNG;
		return 0;
	}
	return probe_end(&probe, ret_state);
}

int probe_fd(const struct probe_mount *mount, uint64_t timeout_usec, enum path_state *ret_state)
{
	const struct probe_child question = {.fd = mount->fd, .connection = mount->connection};

	return probe_write(&question, timeout_usec, ret_state);
}

int probe_path(const struct mount_table *host, const char *host_path, uint64_t timeout_usec,
	enum path_state *ret_state, const struct mount_entry **ret_mount)
{
	const struct mount_entry *mount = mounts_at(host, host_path);

	if (ret_mount)
		*ret_mount = mount && mount_entry_is_fuse(mount) ? mount : NULL;
	if (!mount || !mount_entry_is_fuse(mount)) {
		*ret_state = PATH_ABSENT;
		return 0;
	}
	return probe_write(&(const struct probe_child){.fd = -EBADF,
				   .path = host_path,
				   .mount_id = mount->id,
				   .connection = probe_connection(mount)},
		timeout_usec, ret_state);
}

/* Probes under way, one for each question. */
struct round {
	struct probe *probes;
	size_t n;
};

static void probe_round_clear(struct round *round)
{
	for (size_t i = 0; i < round->n; i++)
		probe_cancel(&round->probes[i]);
	free(round->probes);
}

#define cleanup_round __attribute__((cleanup(probe_round_clear)))

static int begin_question(const struct mount_table *host, struct probe_question *question,
	uint64_t timeout_usec, struct probe *ret)
{
	const struct mount_entry *mount;
	struct probe_child asked = {.fd = -EBADF, .path = question->host_path};

	question->state = PATH_UNKNOWN;
	question->mount = NULL;
	if (!question->host_path)
		return 0;
	mount = mounts_at(host, question->host_path);
	if (!mount || !mount_entry_is_fuse(mount)) {
		question->state = PATH_ABSENT;
		return 0;
	}
	question->mount = mount;
	asked.mount_id = mount->id;
	asked.connection = probe_connection(mount);
	if (!is_known_to_hang(&asked.connection, timeout_usec))
		return begin(&asked, ret);
	question->state = PATH_HUNG;
	return 0;
}

/* One after the other, but with one deadline: whoever has answered meanwhile is not waited for. */
static int take_answers(struct round *round, struct probe_question *questions, uint64_t until_usec)
{
	for (size_t i = 0; i < round->n; i++) {
		struct probe *probe = &round->probes[i];
		uint64_t now = deadline_now();
		int r;

		if (probe->pid <= 0)
			continue;
		r = wait_readable(probe->fd, now < until_usec ? until_usec - now : 0);
		if (r < 0)
			return r;
		questions[i].state = PATH_HUNG;
		if (r > 0 && probe_end(probe, &questions[i].state) < 0)
			questions[i].state = PATH_UNKNOWN;
	}
	return 0;
}

int probe_paths(const struct mount_table *host, struct probe_question *questions, size_t n,
	uint64_t timeout_usec)
{
	cleanup_round struct round round = {0};
	uint64_t until_usec = deadline_now() + timeout_usec;
	int r = 0;

	round.probes = calloc(n ? n : 1, sizeof(*round.probes));
	if (!round.probes)
		return -ENOMEM;
	for (; r == 0 && round.n < n; round.n++) {
		round.probes[round.n] = PROBE_NONE;
		r = begin_question(host, &questions[round.n], timeout_usec, &round.probes[round.n]);
	}
	return r < 0 ? r : take_answers(&round, questions, until_usec);
}
