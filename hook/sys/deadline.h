/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deadline for system calls that have no timeout of their own, such as flock(2): a timer whose
 * signal interrupts them. The process must have one thread.
 */
#ifndef FSH_HOOK_SYS_DEADLINE_H
#define FSH_HOOK_SYS_DEADLINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct deadline {
	bool armed;
	timer_t timer;
	uint64_t until_usec; /* CLOCK_MONOTONIC */
	struct sigaction saved_action;
	sigset_t saved_mask;
};

/*
 * From `usec` microseconds on, system calls that block return EINTR; ask deadline_passed() then and
 * repeat the call where it is false. SIGALRM is the deadline's until deadline_disarm(), so that
 * there can be only one at a time. 0 or a negative errno with nothing changed.
 */
int deadline_arm(uint64_t usec, struct deadline *ret);

bool deadline_passed(const struct deadline *deadline);

/* Put SIGALRM back as it was. An all-zero deadline is accepted. errno is kept. */
void deadline_disarm(struct deadline *deadline);

/* Microseconds of CLOCK_MONOTONIC. */
uint64_t deadline_now(void);

#define cleanup_deadline __attribute__((cleanup(deadline_disarm)))

#endif
