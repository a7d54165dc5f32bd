/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A FUSE daemon inside a container: it mounts in the container's mount namespace, from where the
 * mount has to travel to the host and to whoever reads it.
 */
#ifndef FSH_TESTS_PODS_DAEMON_H
#define FSH_TESTS_PODS_DAEMON_H

#include "oci/spec/mountinfo.h"
#include "tests/pods/story.h"

#include <sys/types.h>

struct inner_daemon {
	pid_t pid;		   /* 0: none */
	unsigned int major, minor; /* of its mount; both 0: none */
};

/*
 * Start one of that kind on `path` of the process's mount namespace; where it mounts, it has done
 * so when this returns, and the mount is seen there. 0 or a negative errno.
 */
int inner_daemon_start(
	pid_t container, const char *path, enum daemon_kind kind, struct inner_daemon *ret);

/* End it. What it has mounted is dead then. */
void inner_daemon_kill(struct inner_daemon *daemon);

/* How many mounts of that device are at exactly that place of a process's mount namespace. */
unsigned int inner_daemon_mounts_on(
	const struct inner_daemon *daemon, pid_t process, const char *path);

#endif
