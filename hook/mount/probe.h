/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a FUSE mount live, dead or hung? Asked in a child: the hook itself never blocks on a file
 * system that a pod's process answers for. A child whose question is never answered can not be
 * ended either, so of all probes on the node at most one waits in a connection
 * (hook/record/probe_turn.h): the others wait for that one, and can be.
 */
#ifndef FSH_HOOK_MOUNT_PROBE_H
#define FSH_HOOK_MOUNT_PROBE_H

#include "hook/sys/fusectl.h"
#include "oci/spec/mountinfo.h"
#include "policy/record/topology.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct probe_batch; /* a child that asks for several */

/* A question that is under way. */
struct probe {
	pid_t pid;		   /* of the child that asks; 0: none */
	int fd;			   /* readable once there is an answer; -EBADF: none */
	struct probe_batch *batch; /* NULL: the child is this probe's alone */
};
#define PROBE_NONE                                                                                 \
	(struct probe)                                                                             \
	{                                                                                          \
		.pid = 0, .fd = -EBADF                                                             \
	}

/* What is asked. */
struct probe_mount {
	int fd;				   /* O_PATH, on the mount; borrowed */
	struct fuse_connection connection; /* its device, as the mount table has it */
};

/* Of the entry of a mount table. */
static inline struct fuse_connection probe_connection(const struct mount_entry *mount)
{
	return (struct fuse_connection){.major = mount->major, .minor = mount->minor};
}

/* Ask the root of a mount. 0 or a negative errno. */
int probe_begin(const struct probe_mount *mount, struct probe *ret);

/*
 * Ask `n` mounts by one child, one after the other: a process for all where each answers, but one
 * that hangs holds up those behind it. Each of the `n` probes at `ret` is ended or cancelled like
 * one of its own; to cancel one ends the child, and the others then have no answer. One that only
 * its owner may ask (no allow_other), and one that another process is asking, has none either,
 * -EAGAIN: probe_begin() has. 0 or a negative errno.
 */
int probe_begin_together(const struct probe_mount *mounts, size_t n, struct probe *ret);

/* The answer, once probe->fd is readable: PATH_LIVE, PATH_DEAD. Ends the probe. 0, or a negative
 * errno: -EPIPE where the child died without one. */
int probe_end(struct probe *probe, enum path_state *ret_state);

/* Give up. The child may be held in the kernel until its question is answered: it is killed, and
 * never waited for. NULL and no probe are accepted. */
void probe_cancel(struct probe *probe);

/* All in one: PATH_HUNG where there is no answer within `timeout_usec`, or where another process
 * has waited for one for that long. 0 or a negative errno. */
int probe_fd(const struct probe_mount *mount, uint64_t timeout_usec, enum path_state *ret_state);

/*
 * The state of `host_path`: PATH_ABSENT where the mount table has no FUSE mount there (another file
 * system is none), else probe_fd() of it; PATH_UNKNOWN where it changed in between. *ret_mount (may
 * be NULL) is the entry, borrowed, NULL when absent. 0 or a negative errno.
 */
int probe_path(const struct mount_table *host, const char *host_path, uint64_t timeout_usec,
	enum path_state *ret_state, const struct mount_entry **ret_mount);

/* A path, and what probe_paths() finds out about it: as probe_path() tells it. */
struct probe_question {
	const char *host_path; /* NULL: state is UNKNOWN */
	enum path_state state;
	const struct mount_entry *mount;
};

/*
 * probe_path() for many at once: they are all asked at the same time, so that any number of mounts
 * that hang takes `timeout_usec` together. One that cannot be asked is UNKNOWN. 0 or a negative
 * errno.
 */
int probe_paths(const struct mount_table *host, struct probe_question *questions, size_t n,
	uint64_t timeout_usec);

#define cleanup_probe __attribute__((cleanup(probe_cancel)))

#endif
