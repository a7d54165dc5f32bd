/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A system call that is on neither of the filter's lists: one that a library of this node makes and
 * the one that the hook was built with did not. It is refused with the error that a kernel without
 * it would give, so that the library does without. The kernel sends SIGSYS for it
 * (SECCOMP_RET_TRAP), whose handler gives that answer and notes the first call: what nobody makes
 * costs nothing. Where SIGSYS is blocked the kernel kills instead; C libraries block it around a
 * fork alone, whose calls are on the list.
 */
#ifndef FSH_HOOK_SANDBOX_REFUSED_CALL_H
#define FSH_HOOK_SANDBOX_REFUSED_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* In memory that forked processes share, all zero at first; whoever reads it takes it for
 * untrusted. */
struct refused_call {
	atomic_bool taken; /* by the process that writes the rest */
	atomic_bool told;  /* it has */
	int number;	   /* as this architecture counts */
	int error;	   /* errno that was given for it */
	uint64_t arguments[2];
};

/* Where the first of this process and of those that it forks is noted, until it is called again.
 * NULL: nowhere. */
void refused_call_note_in(struct refused_call *note);

/* Note the one that a process with another note has told of. */
void refused_call_pass_on(const struct refused_call *from);

/* Answer from now on; before the filter is installed, which keeps anybody from taking the handler
 * away. 0 or a negative errno. */
int refused_call_answer(void);

#endif
