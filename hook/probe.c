/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/probe.h"

#include "hook/close_fds.h"
#include "hook/deadline.h"
#include "hook/liveness.h"
#include "hook/mount_id.h"
#include "hook/process.h"
#include "hook/search.h"
#include "hook/syscalls.h"
#include "hook/whole_table.h"
#include "oci/base/cleanup.h"
#include "policy/mounts.h"
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/*
 * A mount without allow_other refuses everybody but its user, root too, and before the kernel looks
 * whether there still is a daemon. So the child, which has nothing else to do, becomes that user:
 * user_id and group_id of the mount (fs/fuse/dir.c, fuse_allow_current_process()). Ids of another
 * user namespace do not fit; then it stays at EACCES.
 */
static int become_owner(int fd, pid_t parent)
{
	cleanup_mount_table struct mount_table table = {0};
	const struct mount_entry *mount;
	long user, group;
	int id;

	if (mount_id_of(fd, &id, NULL) < 0 || whole_table_read(0, &table, NULL) < 0)
		return -EACCES;
	mount = mounts_by_id(&table, id);
	user = mount ? mount->fuse_user : -1;
	group = mount ? mount->fuse_group : -1;
	if (user < 0 || group < 0 || setgroups(0, NULL) < 0 ||
		setresgid((gid_t)group, (gid_t)group, (gid_t)group) < 0 ||
		setresuid((uid_t)user, (uid_t)user, (uid_t)user) < 0)
		return -EACCES;
	/* The change of user has taken this away (prctl(2)). */
	return process_die_with(parent) < 0 ? -EACCES : 0;
}

static enum path_state judge_mount(int fd, pid_t parent)
{
	enum path_state state = PATH_LIVE;
	int r = liveness_ask(fd, &state);

	if (r == -EACCES && become_owner(fd, parent) == 0)
		liveness_ask(fd, &state);
	return state;
}

/*
 * The child may live on after the hook, for as long as the daemon does not answer. It must hold
 * nothing of the hook's then: no lock, which belongs to the open file, and no standard output, for
 * whose end a runtime waits.
 */
static int compare_fds(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* `keep` is sorted. */
static int close_all_but(int *keep, size_t n)
{
	unsigned int next = 0;

	qsort(keep, n, sizeof(*keep), compare_fds);
	for (size_t i = 0; i < n; i++) {
		unsigned int kept = (unsigned int)keep[i];
		int r = kept > next ? close_fds(next, kept - 1) : 0;

		if (r < 0)
			return r;
		next = kept + 1;
	}
	return close_fds(next, ~0U);
}

/* What the child is asked about: a descriptor, or the mount that is expected at a path. */
struct question {
	int fd;		  /* -EBADF with a path */
	const char *path; /* NULL with a descriptor */
	int mount_id;
	pid_t parent; /* who asks */
};

/* To open it is the child's too: what has been mounted on the way meanwhile may be hung itself. A
 * state, or a negative errno. */
static int judge_path(const struct question *question)
{
	cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = search_path(
		root, question->path + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS);
	int id = 0, r = fd < 0 ? fd : mount_id_of(fd, &id, NULL);

	if (r == -ENOENT || (r == 0 && id != question->mount_id))
		return PATH_UNKNOWN;
	return r < 0 ? r : (int)judge_mount(fd, question->parent);
}

_Noreturn static void run_child(const struct question *question, int to)
{
	int keep[] = {to, question->path ? to : question->fd};
	int answer;

	answer = process_die_with(question->parent);
	if (answer == 0)
		answer = close_all_but(keep, ARRAY_SIZE(keep));
	if (answer == 0)
		answer = question->path ? judge_path(question)
					: (int)judge_mount(question->fd, question->parent);
	_exit(write(to, &answer, sizeof(answer)) == (ssize_t)sizeof(answer) ? 0 : 1);
}

static int begin(const struct question *question, struct probe *ret)
{
	cleanup_close int from = -EBADF, to = -EBADF;
	struct question asked = *question;
	int ends[2];
	pid_t pid;

	asked.parent = getpid();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	to = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(&asked, to);
	*ret = (struct probe){.pid = pid, .fd = move_fd(&from)};
	return 0;
}

int probe_begin(int fd, struct probe *ret)
{
	const struct question question = {.fd = fd};

	return begin(&question, ret);
}

struct probe_crew {
	size_t left; /* probes that are not ended */
};

/* What the child that asks for several has: the ends of each probe's pipe, and what to ask. */
struct errand {
	int *fds, *to;
	int *keep; /* room for both, twice `n` */
	size_t n;
	pid_t parent;
};

/* Whose end it is tells the gate, pipe by pipe: an answer is there as soon as it is known. */
_Noreturn static void run_errand(const struct errand *errand)
{
	int r = process_die_with(errand->parent);

	for (size_t i = 0; i < errand->n; i++) {
		errand->keep[2 * i] = errand->fds[i];
		errand->keep[2 * i + 1] = errand->to[i];
	}
	if (r == 0)
		r = close_all_but(errand->keep, 2 * errand->n);
	for (size_t i = 0; r == 0 && i < errand->n; i++) {
		enum path_state state = PATH_LIVE;
		int answer = liveness_ask(errand->fds[i], &state) < 0 ? -EAGAIN : (int)state;

		if (write(errand->to[i], &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			r = -EPIPE;
	}
	_exit(r < 0 ? 1 : 0);
}

static void errand_clear(struct errand *errand)
{
	for (size_t i = 0; errand->to && i < errand->n; i++)
		close(errand->to[i]);
	free(errand->to);
	free(errand->fds);
	free(errand->keep);
}

/* A pipe for each; the ends to read from are the probes'. */
static int open_pipes(const int *fds, size_t n, struct errand *errand, struct probe *probes)
{
	errand->fds = calloc(n, sizeof(*errand->fds));
	errand->to = calloc(n, sizeof(*errand->to));
	errand->keep = calloc(n, 2 * sizeof(*errand->keep));
	if (!errand->fds || !errand->to || !errand->keep)
		return -ENOMEM;
	for (; errand->n < n; errand->n++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		probes[errand->n].fd = ends[0];
		errand->to[errand->n] = ends[1];
		errand->fds[errand->n] = fds[errand->n];
	}
	return 0;
}

static int send_child(const int *fds, size_t n, struct probe *probes, pid_t *ret_pid)
{
	__attribute__((cleanup(errand_clear))) struct errand errand = {.parent = getpid()};
	int r = open_pipes(fds, n, &errand, probes);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_errand(&errand);
	*ret_pid = pid;
	return 0;
}

int probe_begin_together(const int *fds, size_t n, struct probe *ret)
{
	cleanup_free struct probe_crew *crew = calloc(1, sizeof(*crew));
	pid_t pid = 0;
	int r;

	/* Nobody would be the last who lets go. */
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		ret[i] = PROBE_NONE;
	r = crew ? send_child(fds, n, ret, &pid) : -ENOMEM;
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

static int put(const struct question *question, uint64_t timeout_usec, enum path_state *ret_state)
{
	cleanup_probe struct probe probe = PROBE_NONE;
	int r;

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

int probe_fd(int fd, uint64_t timeout_usec, enum path_state *ret_state)
{
	const struct question question = {.fd = fd};

	return put(&question, timeout_usec, ret_state);
}

int probe_path(const struct mount_table *host, const char *host_path, uint64_t timeout_usec,
	enum path_state *ret_state, const struct mount_entry **ret_mount)
{
	const struct mount_entry *mount = mounts_at(host, host_path);
	struct question question = {.fd = -EBADF, .path = host_path};

	if (ret_mount)
		*ret_mount = mount && mount_entry_is_fuse(mount) ? mount : NULL;
	if (!mount || !mount_entry_is_fuse(mount)) {
		*ret_state = PATH_ABSENT;
		return 0;
	}
	question.mount_id = mount->id;
	return put(&question, timeout_usec, ret_state);
}

/* Probes under way, one for each question. */
struct round {
	struct probe *probes;
	size_t n;
};

static void round_clear(struct round *round)
{
	for (size_t i = 0; i < round->n; i++)
		probe_cancel(&round->probes[i]);
	free(round->probes);
}

#define cleanup_round __attribute__((cleanup(round_clear)))

static int begin_question(
	const struct mount_table *host, struct probe_question *question, struct probe *ret)
{
	const struct mount_entry *mount;
	struct question asked = {.fd = -EBADF, .path = question->host_path};

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
	return begin(&asked, ret);
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
		r = begin_question(host, &questions[round.n], &round.probes[round.n]);
	}
	return r < 0 ? r : take_answers(&round, questions, until_usec);
}
