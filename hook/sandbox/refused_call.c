/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signal handler: nothing in it allocates or locks. The first call is noted in memory that is
 * shared with the process that can tell the journal.
 */
#include "hook/sandbox/refused_call.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>

/* linux/seccomp.h and bits/siginfo-consts.h do not go together everywhere. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* A handler has no argument of ours. */
static struct refused_call *noted;

/* This process answers, as do those that it forks. The kernel is not asked: under the filter who
 * asks is refused, and noted. */
static bool answers;

#if defined(__x86_64__)
static uint64_t refused_call_argument(const ucontext_t *context, unsigned int n)
{
	return (uint64_t)context->uc_mcontext.gregs[n == 0 ? REG_RDI : REG_RSI];
}

static void answer_with(ucontext_t *context, int error)
{
	context->uc_mcontext.gregs[REG_RAX] = -error;
}
#elif defined(__aarch64__)
static uint64_t refused_call_argument(const ucontext_t *context, unsigned int n)
{
	return context->uc_mcontext.regs[n];
}

static void answer_with(ucontext_t *context, int error)
{
	context->uc_mcontext.regs[0] = (uint64_t)(int64_t)-error;
}
#else
/* Where there is no filter either (hook/sandbox/filter_export.c). */
static uint64_t refused_call_argument(const ucontext_t *context, unsigned int n)
{
	(void)context;
	(void)n;
	return 0;
}

static void answer_with(ucontext_t *context, int error)
{
	(void)context;
	(void)error;
}
#endif

/* Of a kernel that has not got the call, or the operation. */
static int error_of(int number)
{
	switch (number) {
	case SYS_ioctl:
		return ENOTTY;
	case SYS_prctl:
	case SYS_fcntl:
	case SYS_rt_sigaction:
		return EINVAL;
	default:
		return ENOSYS;
	}
}

static void take_note(int number, int error, const ucontext_t *context)
{
	if (!noted || atomic_exchange(&noted->taken, true))
		return;
	noted->number = number;
	noted->error = error;
	noted->arguments[0] = refused_call_argument(context, 0);
	noted->arguments[1] = refused_call_argument(context, 1);
	atomic_store(&noted->told, true);
}

static void refused_call_handle(int signal_number, siginfo_t *info, void *context)
{
	int error;

	(void)signal_number;
	/* Somebody's kill(1) is no call of ours. */
	if (info->si_code != SYS_SECCOMP)
		return;
	error = error_of(info->si_syscall);
	take_note(info->si_syscall, error, context);
	answer_with(context, error);
}

void refused_call_note_in(struct refused_call *note)
{
	noted = note;
}

void refused_call_pass_on(const struct refused_call *from)
{
	if (!noted || atomic_exchange(&noted->taken, true))
		return;
	noted->number = from->number;
	noted->error = from->error;
	noted->arguments[0] = from->arguments[0];
	noted->arguments[1] = from->arguments[1];
	atomic_store(&noted->told, true);
}

int refused_call_answer(void)
{
	const struct sigaction action = {.sa_sigaction = refused_call_handle,
		.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER};

	if (!answers && sigaction(SIGSYS, &action, NULL) < 0)
		return -errno;
	answers = true;
	return 0;
}
