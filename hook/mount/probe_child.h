/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe's child does, which may be held in the kernel for as long as a daemon likes. For
 * hook/mount/probe.c. */
#ifndef FSH_HOOK_MOUNT_PROBE_CHILD_H
#define FSH_HOOK_MOUNT_PROBE_CHILD_H

#include "hook/sys/fusectl.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What it is asked about: a descriptor, or the mount that is expected at a path. */
struct probe_child {
	int fd;		  /* -EBADF with a path */
	const char *path; /* NULL with a descriptor */
	int mount_id;
	struct fuse_connection connection;
	uint64_t since_usec; /* CLOCK_MONOTONIC: when the question was put */
	pid_t parent;	     /* who asks */
};

/* Write the answer, an int, into `to`: an enum path_state or a negative errno. It holds nothing of
 * the parent's then: no lock, which belongs to the open file, and no standard output, for whose end
 * a runtime waits. */
_Noreturn void probe_child_run(const struct probe_child *child, int to);

/* Several, one after the other, each with its own end to write to. */
struct probe_child_batch {
	const struct probe_child *children; /* of descriptors all; `parent` and `since_usec` are the
					       first one's */
	const int *to;
	int *keep; /* room for both descriptors of each, twice `n` */
	size_t n;
};

/* Whose end it is tells the gate, pipe by pipe: an answer is there as soon as it is known. -EAGAIN
 * where it would have to wait for another process's turn, or to become another user. */
_Noreturn void probe_child_run_batch(const struct probe_child_batch *batch);

#endif
