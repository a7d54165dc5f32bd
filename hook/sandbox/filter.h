/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter of system calls (seccomp(2)). What it allows is in hook/sandbox/filter_list.c, what
 * kills in hook/sandbox/filter_dangers.c; libseccomp makes a program of them when the hook is built
 * (hook/sandbox/filter_export.c), so that a hook only has to hand that to the kernel.
 */
#ifndef FSH_HOOK_SANDBOX_FILTER_H
#define FSH_HOOK_SANDBOX_FILTER_H

#include <linux/filter.h>

enum filter {
	FILTER_STAGE,	   /* prestart and poststop do everything: hook/worker/supervise.h */
	FILTER_KEEPER,	   /* prepare, reconcile, metrics: the same, and files of numbers */
	FILTER_READER,	   /* check and status change nothing */
	FILTER_LINT,	   /* reads what it is given */
	FILTER_PARSER,	   /* computes: hook/sandbox/parser.h */
	FILTER_SUPERVISOR, /* waits, tells the journal, and exits */
	FILTER_COUNT,
};

/* As built for this architecture; of length 0 on one that has none. */
extern const struct sock_fprog filter_programs[FILTER_COUNT];

/*
 * From now on, in this process and its children, a system call that is dangerous is the last: the
 * kernel kills the process with SIGSYS, which nothing can catch, and writes an audit record. One
 * that is not dangerous and not allowed either is refused (hook/sandbox/refused_call.h). Needs
 * no_new_privs. 0, or a negative errno where the kernel takes no filter.
 */
int filter_install(enum filter filter);

#endif
