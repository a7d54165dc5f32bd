/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/syscall_kill.h"

#include "tests/support/child.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct traced {
	int (*work)(void *data);
	void *data;
};

/* ptrace(2) takes numbers for what its C library calls pointers. */
static int trace(int request, pid_t pid, long data)
{
	return syscall(SYS_ptrace, request, pid, 0L, data) < 0 ? -errno : 0;
}

static int be_traced(void *data)
{
	const struct traced *traced = data;

	if (trace(PTRACE_TRACEME, 0, 0) < 0)
		return 125;
	/* The parent sets its options here. */
	raise(SIGSTOP);
	return traced->work(traced->data);
}

/* Let it run to its next stop. 1: that is a system call's beginning or end, 0: it has ended, or a
 * negative errno. */
static int next_stop(pid_t pid, int *ret_status)
{
	for (int signal = 0;;) {
		int status, r = trace(PTRACE_SYSCALL, pid, signal);

		if (r < 0)
			return r;
		if (waitpid(pid, &status, 0) < 0)
			return -errno;
		if (!WIFSTOPPED(status)) {
			*ret_status =
				WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			return 0;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			return 1;
		/* A signal of its own, but for the stop that tells of exec. */
		signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
	}
}

/* What comes before the exec are the test's own system calls. */
static int run_to_exec(pid_t pid)
{
	int status, r;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFSTOPPED(status))
		return -ECHILD;
	r = trace(PTRACE_SETOPTIONS, pid,
		PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC);
	while (r == 0) {
		r = trace(PTRACE_CONT, pid, 0);
		if (r < 0)
			return r;
		if (waitpid(pid, &status, 0) < 0)
			return -errno;
		if (!WIFSTOPPED(status))
			return -ECHILD;
		if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXEC << 8)))
			return 0;
	}
	return r;
}

int syscall_kill(int (*work)(void *data), void *data, unsigned int nth, int *ret_status)
{
	struct traced traced = {.work = work, .data = data};
	pid_t pid = child_start(be_traced, &traced);
	unsigned int seen = 0;
	/* The stop after exec lies within execve(2): its end comes first. */
	bool entered = true;
	int r;

	if (pid < 0)
		return -errno;
	r = run_to_exec(pid);
	while (r == 0) {
		r = next_stop(pid, ret_status);
		if (r <= 0)
			return r;
		entered = !entered;
		r = entered && ++seen == nth;
	}
	kill(pid, SIGKILL);
	*ret_status = child_wait(pid);
	return r;
}
