/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime has made of a container when its prestart hooks run: a process in a mount
 * namespace of its own, a root file system, binds below it, no pivot_root yet. For tests of what a
 * hook does to it.
 */
#ifndef FSH_TESTS_SUPPORT_FAKE_CONTAINER_H
#define FSH_TESTS_SUPPORT_FAKE_CONTAINER_H

#include <stdbool.h>
#include <sys/types.h>

struct fake_bind {
	const char *source;	   /* on the host */
	const char *destination;   /* in the container */
	unsigned long propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, each maybe with MS_RDONLY */
};

#define FAKE_CONTAINER_ROOT_ID 100000

struct fake_container {
	pid_t pid;
	const char *root;		/* host path of its root file system: a tmpfs of its own */
	unsigned long root_propagation; /* in: what the runtime makes of "/" first, as of
					   linux.rootfsPropagation; 0: MS_SLAVE */
	bool user_namespace;		/* in: root is FAKE_CONTAINER_ROOT_ID on the host, and binds
					   leave out what is mounted below, as crun's do then */
};

/*
 * Start it on `root` (an existing directory), with a tmpfs there that has /run and the
 * destinations. The process sleeps until fake_container_stop(), and dies with the test. 0 or a
 * negative errno.
 */
int fake_container_start(const char *root, const struct fake_bind *binds, size_t n_binds,
	struct fake_container *ret);

/* Run `work` in a child inside its mount namespace; the child's exit status (work's result). */
int fake_container_run(const struct fake_container *container, int (*work)(void *data), void *data);

/* Kill it; its mount namespace goes with it. */
void fake_container_stop(struct fake_container *container);

#endif
