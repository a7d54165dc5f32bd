/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer and not alarm(2): it can be repeated, so that a signal that comes just before the system
 * call is no lost one.
 */
#include "hook/sys/deadline.h"

#include <errno.h>

#define USEC_PER_SEC UINT64_C(1000000)
#define NSEC_PER_USEC 1000

/*
 * The signal may arrive just before the system call that it is meant to interrupt: it is repeated,
 * so that this only makes the deadline a little later.
 */
#define REPEAT_USEC (50 * UINT64_C(1000))

/* Nothing to do: that there is a handler makes the system call return. */
static void deadline_interrupt(int signal_number)
{
	(void)signal_number;
}

static struct timespec timespec_of(uint64_t usec)
{
	return (struct timespec){
		.tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_nsec = (long)(usec % USEC_PER_SEC) * NSEC_PER_USEC,
	};
}

uint64_t deadline_now(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
}

static int start_timer(uint64_t usec, timer_t *ret_timer)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	/* An all-zero it_value would disarm the timer. */
	struct itimerspec when = {
		.it_value = timespec_of(usec ? usec : 1),
		.it_interval = timespec_of(REPEAT_USEC),
	};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return -errno;
	if (timer_settime(timer, 0, &when, NULL) < 0) {
		int r = -errno;

		timer_delete(timer);
		return r;
	}
	*ret_timer = timer;
	return 0;
}

int deadline_arm(uint64_t usec, struct deadline *ret)
{
	/* No SA_RESTART: that the call is not restarted is the purpose. */
	struct sigaction action = {.sa_handler = deadline_interrupt};
	struct deadline deadline = {.armed = true, .until_usec = deadline_now() + usec};
	sigset_t alarm_only;
	int r;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	if (sigaction(SIGALRM, &action, &deadline.saved_action) < 0)
		return -errno;
	if (sigprocmask(SIG_UNBLOCK, &alarm_only, &deadline.saved_mask) < 0) {
		r = -errno;
		sigaction(SIGALRM, &deadline.saved_action, NULL);
		return r;
	}
	r = start_timer(usec, &deadline.timer);
	if (r < 0) {
		sigprocmask(SIG_SETMASK, &deadline.saved_mask, NULL);
		sigaction(SIGALRM, &deadline.saved_action, NULL);
		return r;
	}
	*ret = deadline;
	return 0;
}

bool deadline_passed(const struct deadline *deadline)
{
	return deadline_now() >= deadline->until_usec;
}

void deadline_disarm(struct deadline *deadline)
{
	int saved = errno;

	if (!deadline->armed)
		return;
	/*
	 * The timer first, then the mask, then the action: an alarm that is still under way is
	 * delivered to the handler above, since it is unblocked until there can be no other.
	 */
	timer_delete(deadline->timer);
	sigprocmask(SIG_SETMASK, &deadline->saved_mask, NULL);
	sigaction(SIGALRM, &deadline->saved_action, NULL);
	deadline->armed = false;
	errno = saved;
}
