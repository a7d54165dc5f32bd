/* SPDX-License-Identifier: Apache-2.0 */
/* Whose is a FUSE mount of the host, by the records of the node's pods? */
#ifndef FSH_HOOK_RUN_MOUNT_OWNER_H
#define FSH_HOOK_RUN_MOUNT_OWNER_H

#include "hook/run/run.h"

/* All owned; NULL where nobody is known. */
struct mount_owner {
	char *pod_namespace, *pod_name;
	char *provider; /* the container */
};

struct mount_owner_question {
	const char *host_path; /* who provides it, or a path above it? NULL: not asked */
	const char *device;    /* "0:55": whose own mount has that device, and is mounted on that
				  one's path still? NULL: not asked */
};

/*
 * The other pod (than the run's) whose that is: one of whose containers lives, and whose provider
 * of the path was allowed. Nobody reads the mounts of a pod that has no container any more, and who
 * is refused owns nothing. Records that cannot be read own nothing. 0, also where there is none, or
 * a negative errno.
 */
int mount_owner_find(const struct run *run, const struct mount_owner_question *question,
	struct mount_owner *ret, struct error *err);

void mount_owner_clear(struct mount_owner *owner);

#define cleanup_mount_owner __attribute__((cleanup(mount_owner_clear)))

#endif
