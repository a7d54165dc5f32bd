/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is to ask a FUSE connection whether it lives. A process that waits for an answer
 * that never comes cannot be ended, so there is one of them for each connection of the node,
 * however many hooks and commands want to know.
 *
 * The turn is a lock of fcntl(2) on the connection's part of the file `probes` in the runtime
 * directory: the asking process's own, so that the kernel ends it with that process, and with
 * nothing to be made or removed for a connection. Where that file cannot be had it is a flock(2) on
 * the connection's own file of fusectl.
 */
#ifndef FSH_HOOK_RECORD_PROBE_TURN_H
#define FSH_HOOK_RECORD_PROBE_TURN_H

#include "hook/sys/fusectl.h"
#include "policy/record/topology.h"
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct probe_turn {
	int fd;	    /* -EBADF: none, also where no file can be had */
	int64_t at; /* the connection's part of it; -1: fusectl's, where nothing is said */
	enum path_state answer; /* found out by the one before, in time; PATH_UNKNOWN: none */
};
#define PROBE_TURN_NONE                                                                            \
	(struct probe_turn)                                                                        \
	{                                                                                          \
		.fd = -EBADF, .at = -1, .answer = PATH_UNKNOWN                                     \
	}

/*
 * Take the turn, in the process that is to ask, and that takes one at a time. With `wait` after
 * whoever has it: that may take for ever, and a signal that kills ends it. `since_usec`
 * (CLOCK_MONOTONIC) is when the question was put: an answer that another process got after that
 * answers it too. 0, also where there is no file to lock; -EWOULDBLOCK; or another negative errno.
 */
int probe_turn_take(const struct fuse_connection *connection, bool wait, uint64_t since_usec,
	struct probe_turn *ret);

/* Give it back, with what was found out for those who wait; PATH_UNKNOWN: nothing. */
void probe_turn_end(struct probe_turn *turn, enum path_state answer);

/* Give it back without a word. */
void probe_turn_clear(struct probe_turn *turn);

#define cleanup_probe_turn __attribute__((cleanup(probe_turn_clear)))

/* Whether another process has the turn. One request that waits in the connection may be its
 * question then, also where it runs: it is about to sleep, or has been killed and is about to end.
 */
bool probe_turn_is_taken(const struct fuse_connection *connection);

/* Who has asked, and has no answer yet. */
struct probe_waiter {
	pid_t pid;
	uint64_t since_usec; /* CLOCK_MONOTONIC; 0: not known */
};

/* Whether another process has the turn, and waits for the daemon's answer. */
bool probe_turn_waiter(const struct fuse_connection *connection, struct probe_waiter *ret);

#endif
