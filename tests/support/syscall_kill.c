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

#define OPTIONS (PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD)

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

	/* A group of its own, in which it and what it forks can be waited for. */
	if (setpgid(0, 0) < 0 || trace(PTRACE_TRACEME, 0, 0) < 0)
		return 125;
	/* The parent sets its options here. */
	raise(SIGSTOP);
	return traced->work(traced->data);
}

/* What comes before the exec are the test's own system calls. */
static int run_to_exec(pid_t pid)
{
	int status, r;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFSTOPPED(status))
		return -ECHILD;
	r = trace(PTRACE_SETOPTIONS, pid, OPTIONS | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK);
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

/* The program and the first process that it forks. */
struct pair {
	pid_t program;
	struct {
		pid_t pid;
		bool entered; /* it is within a system call */
	} members[2];
	unsigned int seen, nth;
	bool killed;
};

/* The two that are followed: the stop after exec lies within execve(2), and the one of a new
 * process is its first. */
static int member_of(struct pair *pair, pid_t pid)
{
	for (int i = 0; i < 2; i++) {
		if (pair->members[i].pid == pid)
			return i;
	}
	if (pair->members[1].pid > 0)
		return -ESRCH;
	pair->members[1].pid = pid;
	/* What this one forks is not traced. */
	return trace(PTRACE_SETOPTIONS, pid, OPTIONS) < 0 ? -errno : 1;
}

/* Which signal a stopped process is to go on with. */
static int signal_of(int status)
{
	int number = WSTOPSIG(status);

	/* The first stop of a new process, and those that tell of a fork. */
	return number == SIGTRAP || number == SIGSTOP ? 0 : number;
}

static void take_stop(struct pair *pair, pid_t pid, int status)
{
	int member = member_of(pair, pid);
	bool at_syscall = WSTOPSIG(status) == (SIGTRAP | 0x80);

	if (member >= 0 && at_syscall) {
		pair->members[member].entered = !pair->members[member].entered;
		if (pair->members[member].entered && ++pair->seen == pair->nth) {
			pair->killed = true;
			kill(pid, SIGKILL);
			return;
		}
	}
	trace(pair->killed ? PTRACE_CONT : PTRACE_SYSCALL, pid, at_syscall ? 0 : signal_of(status));
}

int syscall_kill(int (*work)(void *data), void *data, unsigned int nth, int *ret_status)
{
	struct traced traced = {.work = work, .data = data};
	struct pair pair = {.program = child_start(be_traced, &traced), .nth = nth};
	int status, r;
	pid_t pid;

	if (pair.program < 0)
		return -errno;
	pair.members[0].pid = pair.program;
	pair.members[0].entered = true;
	r = run_to_exec(pair.program);
	if (r < 0 || trace(PTRACE_SYSCALL, pair.program, 0) < 0) {
		kill(pair.program, SIGKILL);
		return r < 0 ? r : -ESRCH;
	}
	while ((pid = waitpid(-pair.program, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			take_stop(&pair, pid, status);
		else if (pid == pair.program)
			*ret_status =
				WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return errno == ECHILD ? pair.killed : -errno;
}
