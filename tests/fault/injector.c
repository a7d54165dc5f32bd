/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/injector.h"

#include "oci/base/cleanup.h"
#include "tests/fault/call_text.h"
#include "tests/support/child.h"

#include "oci/base/strv.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NUMBERS 1024	 /* system call numbers are below that */
#define HANG_SECONDS 45	 /* above what the hook itself waits for, a lock */
#define AFTER_MSEC 10000 /* in which children end behind their parent */
#define OPTIONS                                                                                    \
	(PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |     \
		PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD)
#define CALL_ENDS (SIGTRAP | 0x80) /* the signal of a stop there: PTRACE_O_TRACESYSGOOD */

struct tracee {
	pid_t pid;
	char role[INJECTOR_ROLE_MAX]; /* "" until its parent's stop tells it */
	bool stopped;		      /* at its start, waiting for its role */
	bool fails_late;	      /* the call that it is at is made, and fails for all that */
	unsigned int children;
	unsigned int made[NUMBERS];
};

struct tracer {
	const struct injector_fault *fault; /* NULL: list */
	struct injector_outcome outcome;
	struct tracee **tracees;
	size_t n;
	pid_t program;
	bool executed;
	int report; /* the list goes there */
};

struct traced {
	int (*work)(void *data);
	void *data;
	int number; /* -1: every call */
};

/* ptrace(2) takes numbers for what its C library calls pointers. */
static long trace(int request, pid_t pid, unsigned long address, unsigned long data)
{
	return syscall(SYS_ptrace, request, pid, address, data);
}

static int install_filter(int number)
{
	struct sock_filter one[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)};
	struct sock_fprog program = {.len = 4, .filter = one};

	if (number < 0)
		program = (struct sock_fprog){.len = 1, .filter = all};
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

static int be_traced(void *data)
{
	const struct traced *traced = data;

	if (trace(PTRACE_TRACEME, 0, 0, 0) < 0)
		return 125;
	/* The tracer sets its options here; before that the filter would make calls fail. */
	raise(SIGSTOP);
	if (install_filter(traced->number) < 0)
		return 125;
	return traced->work(traced->data);
}

static struct tracee *find(struct tracer *tracer, pid_t pid)
{
	for (size_t i = 0; i < tracer->n; i++) {
		if (tracer->tracees[i]->pid == pid)
			return tracer->tracees[i];
	}
	return NULL;
}

static struct tracee *add(struct tracer *tracer, pid_t pid)
{
	struct tracee *tracee = calloc(1, sizeof(*tracee));

	if (!tracee || array_grow(&tracer->tracees, tracer->n, sizeof(*tracer->tracees)) < 0)
		abort();
	tracee->pid = pid;
	tracer->tracees[tracer->n++] = tracee;
	return tracee;
}

static void drop(struct tracer *tracer, pid_t pid)
{
	for (size_t i = 0; i < tracer->n; i++) {
		if (tracer->tracees[i]->pid != pid)
			continue;
		free(tracer->tracees[i]);
		tracer->tracees[i] = tracer->tracees[--tracer->n];
		return;
	}
}

static void resume(pid_t pid, int signal)
{
	trace(PTRACE_CONT, pid, 0, (unsigned long)signal);
}

/* To the end of the call that it is at. */
static void resume_call(pid_t pid)
{
	trace(PTRACE_SYSCALL, pid, 0, 0);
}

/* The answer to the call that it stands at, in place of the kernel's. Where that has not made it
 * yet, it does not: number -1 is no call. */
#if defined(__x86_64__)
static void answer(pid_t pid, long value)
{
	struct user_regs_struct regs;
	struct iovec vec = {.iov_base = &regs, .iov_len = sizeof(regs)};

	trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&vec);
	regs.orig_rax = (unsigned long long)-1;
	regs.rax = (unsigned long long)value;
	trace(PTRACE_SETREGSET, pid, NT_PRSTATUS, (unsigned long)&vec);
}
#elif defined(__aarch64__)
static void answer(pid_t pid, long value)
{
	struct user_regs_struct regs;
	struct iovec vec = {.iov_base = &regs, .iov_len = sizeof(regs)};
	int none = -1;
	struct iovec number = {.iov_base = &none, .iov_len = sizeof(none)};

	trace(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&vec);
	regs.regs[0] = (unsigned long long)value;
	trace(PTRACE_SETREGSET, pid, NT_PRSTATUS, (unsigned long)&vec);
	trace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, (unsigned long)&number);
}
#else
#error "say how a system call is answered on this architecture"
#endif

static void report_call(const struct tracer *tracer, const struct tracee *tracee,
	const struct call_args *args, unsigned int nth)
{
	struct injector_call call = {.number = args->number, .nth = nth};

	snprintf(call.role, sizeof(call.role), "%s", tracee->role);
	call_text(tracee->pid, args, call.text, sizeof(call.text));
	/* Less than PIPE_BUF, so whole. */
	if (write(tracer->report, &call, sizeof(call)) != (ssize_t)sizeof(call))
		_exit(124);
}

static bool shall_fail(
	const struct tracer *tracer, const struct tracee *tracee, int number, unsigned int nth)
{
	const struct injector_fault *fault = tracer->fault;

	if (number != fault->call->number)
		return false;
	if (tracer->outcome.injected)
		return fault->sticky;
	return nth == fault->call->nth && strcmp(tracee->role, fault->call->role) == 0;
}

/* close(2) fails when the descriptor is gone: what a file system has to tell is no reason to keep
 * it. */
static void fail_call(const struct tracer *tracer, struct tracee *tracee)
{
	tracee->fails_late = tracer->fault->call->number == SYS_close;
	if (!tracee->fails_late)
		answer(tracee->pid, -tracer->fault->error);
}

static void at_call(struct tracer *tracer, struct tracee *tracee)
{
	struct call_args args;
	unsigned int nth;

	if (!tracer->executed || !call_args_read(tracee->pid, &args) || args.number < 0 ||
		args.number >= NUMBERS)
		return;
	nth = ++tracee->made[args.number];
	if (!tracer->fault) {
		report_call(tracer, tracee, &args, nth);
	} else if (shall_fail(tracer, tracee, args.number, nth)) {
		fail_call(tracer, tracee);
		tracer->outcome.injected = true;
	}
}

static void at_end_of_call(const struct tracer *tracer, struct tracee *tracee)
{
	tracee->fails_late = false;
	answer(tracee->pid, -tracer->fault->error);
}

static void at_fork(struct tracer *tracer, struct tracee *parent)
{
	unsigned long pid = 0;
	struct tracee *child;

	trace(PTRACE_GETEVENTMSG, parent->pid, 0, (unsigned long)&pid);
	child = find(tracer, (pid_t)pid);
	if (!child)
		child = add(tracer, (pid_t)pid);
	snprintf(child->role, sizeof(child->role), "%.*s.%u", INJECTOR_ROLE_MAX - 8, parent->role,
		++parent->children);
	if (child->stopped)
		resume(child->pid, 0);
}

/* The fourth field of proc_pid_stat(5), behind a name that may have anything in it. 0 where that
 * cannot be told. */
static pid_t parent_of(pid_t pid)
{
	static const char before[] = ") S ";
	cleanup_file FILE *file = NULL;
	char path[64], line[256];
	const char *end = NULL;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file && fgets(line, sizeof(line), file))
		end = strrchr(line, ')');
	return end && strlen(end) > strlen(before) ? (pid_t)strtol(end + strlen(before), NULL, 10)
						   : 0;
}

/* Whoever was killed at fork(2) does not tell any more whose the child is. */
static void release_orphan(struct tracer *tracer, struct tracee *tracee)
{
	if (!tracee->stopped || tracee->role[0] || find(tracer, parent_of(tracee->pid)))
		return;
	snprintf(tracee->role, sizeof(tracee->role), "?");
	resume(tracee->pid, 0);
}

/* A child is stopped at its start, maybe before its parent's stop has told whose it is. */
static bool is_start(struct tracer *tracer, pid_t pid, int status)
{
	struct tracee *tracee = find(tracer, pid);

	if (WSTOPSIG(status) != SIGSTOP || (tracee && (tracee->stopped || !tracee->role[0])))
		return false;
	if (!tracee)
		tracee = add(tracer, pid);
	tracee->stopped = true;
	if (tracee->role[0])
		resume(pid, 0);
	else
		release_orphan(tracer, tracee);
	return true;
}

static void at_stop(struct tracer *tracer, pid_t pid, int status)
{
	struct tracee *tracee = find(tracer, pid);
	int signal = 0;

	if (is_start(tracer, pid, status))
		return;
	/* Nothing but its start comes before its parent's word of it. */
	if (!tracee)
		abort();
	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		at_call(tracer, tracee);
		if (tracee->fails_late) {
			resume_call(pid);
			return;
		}
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		at_fork(tracer, tracee);
		break;
	case PTRACE_EVENT_EXEC:
		tracer->executed = true;
		memset(tracee->made, 0, sizeof(tracee->made));
		break;
	default:
		if (WSTOPSIG(status) == CALL_ENDS)
			at_end_of_call(tracer, tracee);
		else
			signal = WSTOPSIG(status);
	}
	resume(pid, signal);
}

static uint64_t now_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* 1: one has changed, 0: none is left, -ETIMEDOUT. */
static int next_change(uint64_t until_msec, pid_t *ret_pid, int *ret_status)
{
	for (;;) {
		/* Past `until_msec` a look is still due: what is there counts. */
		bool late = now_msec() >= until_msec;
		pid_t pid = waitpid(-1, ret_status, __WALL | (until_msec ? WNOHANG : 0));

		if (pid > 0) {
			*ret_pid = pid;
			return 1;
		}
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return 0;
		if (late)
			return -ETIMEDOUT;
		usleep(500);
	}
}

static void at_end(struct tracer *tracer, pid_t pid, int status, uint64_t *until_msec)
{
	drop(tracer, pid);
	for (size_t i = 0; WIFSIGNALED(status) && i < tracer->n; i++)
		release_orphan(tracer, tracer->tracees[i]);
	if (pid != tracer->program)
		return;
	tracer->outcome.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	*until_msec = now_msec() + AFTER_MSEC;
}

/* Until no process of the program is left, or for AFTER_MSEC behind its end. */
static void follow(struct tracer *tracer)
{
	uint64_t until_msec = 0;
	int status;
	pid_t pid;

	for (;;) {
		int r = next_change(until_msec, &pid, &status);

		if (r == 0)
			return;
		if (r < 0)
			break;
		if (WIFSTOPPED(status))
			at_stop(tracer, pid, status);
		else
			at_end(tracer, pid, status, &until_msec);
	}
	for (size_t i = 0; i < tracer->n; i++) {
		tracer->outcome.left++;
		kill(tracer->tracees[i]->pid, SIGKILL);
	}
}

struct runner {
	struct traced traced;
	const struct injector_fault *fault;
	int report;
};

/* A process of its own: every process that the program leaves behind becomes its child. */
static int run(void *data)
{
	struct runner *runner = data;
	struct tracer tracer = {.fault = runner->fault, .report = runner->report};
	struct injector_call end = {.number = -1};
	struct tracee *program;
	int status;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	alarm(HANG_SECONDS);
	tracer.program = child_start(be_traced, &runner->traced);
	if (tracer.program < 0 || waitpid(tracer.program, &status, 0) < 0 || !WIFSTOPPED(status))
		return 124;
	program = add(&tracer, tracer.program);
	snprintf(program->role, sizeof(program->role), "0");
	program->stopped = true;
	if (trace(PTRACE_SETOPTIONS, tracer.program, 0, OPTIONS) < 0)
		return 124;
	resume(tracer.program, 0);
	follow(&tracer);
	memcpy(end.text, &tracer.outcome, sizeof(tracer.outcome));
	return write(runner->report, &end, sizeof(end)) == (ssize_t)sizeof(end) ? 0 : 124;
}

static int read_report(int from, struct injector_calls *calls, struct injector_outcome *ret)
{
	struct injector_call call;
	ssize_t n;

	while ((n = read(from, &call, sizeof(call))) == (ssize_t)sizeof(call)) {
		if (call.number < 0) {
			memcpy(ret, call.text, sizeof(*ret));
			return 0;
		}
		if (!calls || array_grow(&calls->items, calls->n, sizeof(*calls->items)) < 0)
			return -ENOMEM;
		calls->items[calls->n++] = call;
	}
	return n < 0 ? -errno : -EPIPE;
}

static int start(struct runner *runner, struct injector_calls *calls, struct injector_outcome *ret)
{
	int ends[2], status, r;
	pid_t pid;

	*ret = (struct injector_outcome){0};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	runner->report = ends[1];
	pid = child_start(run, runner);
	close(ends[1]);
	r = pid < 0 ? -ECHILD : read_report(ends[0], calls, ret);
	close(ends[0]);
	status = pid < 0 ? 0 : child_wait(pid);
	if (status == 128 + SIGALRM) {
		ret->hangs = true;
		ret->status = status;
		return 0;
	}
	return status != 0 ? -ECHILD : r;
}

int injector_list(int (*work)(void *data), void *data, struct injector_calls *ret_calls,
	struct injector_outcome *ret)
{
	struct runner runner = {.traced = {.work = work, .data = data, .number = -1}};

	return start(&runner, ret_calls, ret);
}

int injector_run(int (*work)(void *data), void *data, const struct injector_fault *fault,
	struct injector_outcome *ret)
{
	struct runner runner = {
		.traced = {.work = work, .data = data, .number = fault->call->number},
		.fault = fault,
	};

	return start(&runner, NULL, ret);
}

void injector_calls_clear(struct injector_calls *calls)
{
	free(calls->items);
	*calls = (struct injector_calls){0};
}
