/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork(2) first of all, while there is nothing to duplicate: the supervisor keeps no more than it
 * needs to wait, kill and tell, and is the process whose end the runtime waits for.
 */
#include "hook/worker/supervise.h"

#include "hook/journal/journal.h"
#include "hook/sys/deadline.h"
#include "hook/sys/process.h"
#include "hook/sys/program_name.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* The worker may change its deadline at any time. */
#define LOOK_USEC UINT64_C(1000000)

static int block_sigchld(sigset_t *ret_former)
{
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &children, ret_former) < 0 ? -errno : 0;
}

/*
 * runc reads what a hook says until nobody has the other end open any more, also behind the hook's
 * time-out: a worker that cannot be killed would hold the container's creation for ever. So a
 * stage's worker writes into a file in memory. Where there is none it says nothing to the runtime.
 */
static int supervise_redirect(int output, int fd)
{
	cleanup_close int null = -EBADF;
	int to = output;

	if (to < 0)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (to < 0)
		to = null;
	return to < 0 || dup2(to, fd) < 0 ? -errno : 0;
}

static int become_worker(const struct supervisor *supervisor, pid_t parent, const sigset_t *former)
{
	int r = process_die_with(parent);

	if (r == 0 && sigprocmask(SIG_SETMASK, former, NULL) < 0)
		r = -errno;
	if (r == 0 && !supervisor->command.for_people)
		r = supervise_redirect(supervisor->outputs[0], STDOUT_FILENO);
	if (r == 0 && !supervisor->command.for_people)
		r = supervise_redirect(supervisor->outputs[1], STDERR_FILENO);
	return r;
}

int supervise_begin(const struct supervised *command, struct supervisor *ret)
{
	cleanup_supervisor struct supervisor supervisor = {
		.command = *command, .progress = worker_status_new(), .outputs = {-EBADF, -EBADF}};
	pid_t parent = getpid();
	sigset_t former;
	int r;

	if (!supervisor.progress)
		return -ENOMEM;
	/* reconcile's own are begun by a worker that is confined, and has both. */
	supervisor.outermost = journal_hold();
	if (supervisor.outermost)
		refused_call_note_in(&supervisor.progress->refused);
	worker_status_begin(supervisor.progress, command->budget_usec);
	for (size_t i = 0; !command->for_people && i < ARRAY_SIZE(supervisor.outputs); i++)
		supervisor.outputs[i] = memfd_create("output", MFD_CLOEXEC);
	r = block_sigchld(&former);
	if (r < 0)
		return r;
	supervisor.worker = fork();
	if (supervisor.worker < 0)
		return -errno;
	r = supervisor.worker == 0 ? become_worker(&supervisor, parent, &former) : 0;
	*ret = supervisor;
	supervisor = SUPERVISOR_NONE;
	return r;
}

bool supervise_is_worker(const struct supervisor *supervisor)
{
	return supervisor->progress && supervisor->worker == 0;
}

/* 1: it has ended, 0: not yet, or a negative errno. */
static int supervise_reap(pid_t worker, struct worker_ending *ret)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)worker, &info, WEXITED | WNOHANG) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (info.si_pid == 0)
		return 0;
	*ret = (struct worker_ending){
		.how = info.si_code == CLD_EXITED ? WORKER_EXITED : WORKER_KILLED,
		.value = info.si_status,
		.gone = true,
	};
	return 1;
}

/* The same after the next SIGCHLD, or after that time. */
static int reap_within(pid_t worker, uint64_t usec, struct worker_ending *ret)
{
	const struct timespec time = {
		.tv_sec = (time_t)(usec / 1000000),
		.tv_nsec = (long)(usec % 1000000) * 1000,
	};
	sigset_t children;
	int r = supervise_reap(worker, ret);

	if (r != 0)
		return r;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	if (sigtimedwait(&children, NULL, &time) < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	return supervise_reap(worker, ret);
}

/* SIGKILL does not reach what waits for a FUSE daemon that has taken its request: it dies when the
 * daemon answers or ends. */
static int end_stuck(pid_t worker, struct worker_ending *ret)
{
	uint64_t until = deadline_now() + SUPERVISE_DEATH_USEC, now;
	struct worker_ending death = {0};
	int r = 0;

	if (kill(worker, SIGKILL) < 0)
		return -errno;
	while (r == 0 && (now = deadline_now()) < until)
		r = reap_within(worker, until - now, &death);
	if (r < 0)
		return r;
	/* It came to its end after all. */
	if (r > 0 && death.how == WORKER_EXITED)
		*ret = death;
	else
		*ret = (struct worker_ending){.how = WORKER_STUCK, .gone = r > 0};
	return 0;
}

int supervise_wait(struct supervisor *supervisor, struct worker_ending *ret)
{
	for (;;) {
		uint64_t until = supervisor->progress->until_usec, now = deadline_now();
		uint64_t left = LOOK_USEC;
		int r;

		if (until && until <= now) {
			r = supervise_reap(supervisor->worker, ret);
			if (r == 0)
				return end_stuck(supervisor->worker, ret);
			return r < 0 ? r : 0;
		}
		if (until && until - now < left)
			left = until - now;
		r = reap_within(supervisor->worker, left, ret);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

void supervise_abandon(struct supervisor *supervisor)
{
	struct worker_ending ending = {0};

	/* Where even this fails it dies with this process (become_worker()). */
	(void)end_stuck(supervisor->worker, &ending);
}

int supervise_end(struct supervisor *supervisor)
{
	struct worker_ending ending = {0};
	int r = supervise_wait(supervisor, &ending);

	if (r < 0) {
		fprintf(stderr, "%s: cannot wait for the worker: %s\n", program_name(),
			strerror(-r));
		return EXIT_INTERNAL;
	}
	return supervise_report(supervisor, &ending);
}

void supervise_clear(struct supervisor *supervisor)
{
	if (supervisor->outermost) {
		refused_call_note_in(NULL);
		journal_let_go();
	}
	worker_status_free(supervisor->progress);
	cleanup_close_fd(&supervisor->outputs[0]);
	cleanup_close_fd(&supervisor->outputs[1]);
	*supervisor = SUPERVISOR_NONE;
}
