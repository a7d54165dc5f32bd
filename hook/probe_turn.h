/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is to ask a FUSE connection whether it lives. A process that waits for an answer
 * that never comes cannot be ended, so there is one of them for each connection of the node,
 * however many hooks and commands want to know.
 *
 * The turn is a flock(2) on locks/probe-MAJOR-MINOR of the runtime directory, or, where none can be
 * made there, on the connection's own file of fusectl. It belongs to an open file that the asking
 * process alone has, so that the kernel ends it with that process. Who has asked removes the file;
 * `reconcile` those of processes that were killed, or that had become another user.
 */
#ifndef FSH_HOOK_PROBE_TURN_H
#define FSH_HOOK_PROBE_TURN_H

#include "hook/fusectl.h"
#include "policy/topology.h"
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct probe_turn {
	int fd;			/* -EBADF: none, also where no file can be had */
	int directory;		/* the runtime directory; -EBADF with a file of fusectl */
	char name[64];		/* in it */
	bool can_say;		/* those who wait will see what is found out */
	enum path_state answer; /* found out by the one before, in time; PATH_UNKNOWN: none */
};
#define PROBE_TURN_NONE                                                                            \
	(struct probe_turn)                                                                        \
	{                                                                                          \
		.fd = -EBADF, .directory = -EBADF, .answer = PATH_UNKNOWN                          \
	}

/*
 * Take it, in the process that is to ask. With `wait` after whoever has it: that may take for ever,
 * and a signal that kills ends it. `since_usec` (CLOCK_MONOTONIC) is when the question was put: an
 * answer that another process got after that answers it too. 0, also where there is no file to
 * lock; -EWOULDBLOCK; or another negative errno.
 */
int probe_turn_take(const struct fuse_connection *connection, bool wait, uint64_t since_usec,
	struct probe_turn *ret);

/* Give it back, with what was found out for those who wait; PATH_UNKNOWN: nothing. */
void probe_turn_end(struct probe_turn *turn, enum path_state answer);

/* Who has asked, and has no answer yet. */
struct probe_waiter {
	pid_t pid;
	uint64_t since_usec; /* CLOCK_MONOTONIC; 0: not known */
};

/* Whether somebody has the turn, and waits for the daemon's answer. */
bool probe_turn_waiter(const struct fuse_connection *connection, struct probe_waiter *ret);

/* Whether a file of locks/ is a turn's, by its name. */
bool probe_turn_is_file(const char *name);

#define cleanup_probe_turn __attribute__((cleanup(probe_turn_clear)))

/* Give it back without a word. */
void probe_turn_clear(struct probe_turn *turn);

#endif
