/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work inside a container's mount namespace, in a forked child: the process is held on to first
 * (pidfd, and its directory of proc), its liveness checked after, then setns(2) (design section 11,
 * rule 7).
 */
#ifndef FSH_HOOK_MOUNT_CONTAINER_NS_H
#define FSH_HOOK_MOUNT_CONTAINER_NS_H

#include "oci/base/error.h"
#include <stdint.h>
#include <sys/types.h>

#define CONTAINER_NS_TIMEOUT_USEC (10 * UINT64_C(1000000))

struct container_ns {
	int mount_ns;	/* descriptor of /proc/PID/ns/mnt; -EBADF: none */
	pid_t pid;	/* whose it is, for messages */
	uid_t root_uid; /* who the container's root is on the host: with a user namespace */
	gid_t root_gid; /* somebody else */
};
#define CONTAINER_NS_NONE                                                                          \
	(struct container_ns)                                                                      \
	{                                                                                          \
		.mount_ns = -EBADF                                                                 \
	}

/*
 * Pin the mount namespace of that very process. -ESRCH where it is gone; -EINVAL with
 * FINDING_STATE_INVALID where it has none of its own (it shares the hook's: anything done there
 * would be done to the node).
 */
int container_ns_open(pid_t pid, uint64_t start_ticks, struct container_ns *ret, struct error *err);

/* Runs in the child: 0, or a negative errno with `err` filled. Descriptors opened before are there;
 * nothing of memory comes back but the error. */
typedef int (*container_ns_work)(void *data, struct error *err);

/*
 * Run `work` in a child inside the namespace, with its root and working directory, and hand back
 * what it returned. A child that does not end within CONTAINER_NS_TIMEOUT_USEC is killed:
 * -ETIMEDOUT.
 */
int container_ns_run(
	const struct container_ns *ns, container_ns_work work, void *data, struct error *err);

void container_ns_close(struct container_ns *ns);

#define cleanup_container_ns __attribute__((cleanup(container_ns_close)))

#endif
