/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two processes for one command: a worker, which does everything, and a supervisor, which waits for
 * it, tells the journal how it ended where the worker itself cannot, and exits in its place. A
 * worker that a file system holds in the kernel cannot be killed; the supervisor does not wait for
 * it (design section 11, rule 4).
 */
#ifndef FSH_HOOK_WORKER_SUPERVISE_H
#define FSH_HOOK_WORKER_SUPERVISE_H

#include "hook/sandbox/worker_status.h"
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How long a worker that was sent SIGKILL may take to die, where nothing holds it. */
#define SUPERVISE_DEATH_USEC (500 * UINT64_C(1000))

/* What is supervised. */
struct supervised {
	const char *name;     /* of the command or its stage, for what is said of it; borrowed */
	bool for_people;      /* it writes to its user's terminal by itself */
	bool never_fails;     /* whatever becomes of it, the exit code is 0 */
	uint64_t budget_usec; /* how long its own work may take; 0: any time */
};

struct supervisor {
	struct supervised command;
	struct worker_status *progress; /* shared with the worker */
	pid_t worker;			/* 0 in the worker itself */
	bool outermost; /* of a whole run: it holds the journal, and is told what was refused */
	int outputs[2]; /* what the worker of a stage has written to standard output and error,
			   whose end a runtime would wait for; -EBADF: its own */
};
#define SUPERVISOR_NONE                                                                            \
	(struct supervisor)                                                                        \
	{                                                                                          \
		.outputs = { -EBADF, -EBADF }                                                      \
	}

enum worker_end {
	WORKER_EXITED,
	WORKER_KILLED, /* by a signal */
	WORKER_STUCK,  /* its time is over; it was sent SIGKILL */
};

struct worker_ending {
	enum worker_end how;
	int value; /* exit status, or number of the signal */
	bool gone; /* of a stuck one: SIGKILL has ended it */
};

/*
 * Fork. Returns in both processes, and supervise_is_worker() tells which one. The worker dies with
 * its supervisor. `ret` is released by supervise_clear(). 0 or a negative errno: in the worker,
 * which then has to say so and end; or where there is one process.
 */
int supervise_begin(const struct supervised *command, struct supervisor *ret);

/* Also of one that could not begin. */
bool supervise_is_worker(const struct supervisor *supervisor);

/* End a worker that has only begun: its supervisor cannot do its part. Half a second is waited for
 * its death, and no longer: a file system may hold it already. */
void supervise_abandon(struct supervisor *supervisor);

/* Wait for the worker's end, or for the end of its time and then half a second for its death. */
int supervise_wait(struct supervisor *supervisor, struct worker_ending *ret);

/* Say what the worker could not, and pass on what it wrote; the command's exit code. */
int supervise_report(const struct supervisor *supervisor, const struct worker_ending *ending);

/* supervise_wait() and supervise_report(). */
int supervise_end(struct supervisor *supervisor);

void supervise_clear(struct supervisor *supervisor);

#define cleanup_supervisor __attribute__((cleanup(supervise_clear)))

#endif
