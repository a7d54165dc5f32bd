/* SPDX-License-Identifier: Apache-2.0 */
/* Dead FUSE mounts, detached; live and hung ones left alone. */
#ifndef FSH_HOOK_MOUNT_DEAD_MOUNT_H
#define FSH_HOOK_MOUNT_DEAD_MOUNT_H

#include "oci/base/error.h"
#include "policy/record/topology.h"
#include <stdint.h>

struct dead_mount {
	unsigned int major, minor;
	int id;
	uint64_t unique; /* 0: the kernel does not tell */
};

struct dead_mount_search {
	int volume_fd;	    /* pinned directory that the walk starts from; borrowed */
	const char *volume; /* its host path */
	const char *host_path;
	uint64_t probe_timeout_usec;
	/* Asked of each dead mount before it goes: 1 where it may, 0 where it has to stay, or a
	 * negative errno. */
	int (*may_detach)(void *data, const struct dead_mount *mount, struct error *err);
	void *data;
};

/*
 * Detach the dead FUSE mounts that are stacked on host_path, from the top down, until one there is
 * not dead, or has to stay: that one and all below it stay. Each is pinned by a descriptor before
 * it is judged, and its mount id compared again before it goes. *ret_detached counts them (also on
 * failure), *ret_state is the state of what is there now. A pinned mount cannot be waited for: a
 * hung one is reported as PATH_HUNG within the probe's timeout.
 */
int dead_mount_detach(const struct dead_mount_search *search, unsigned int *ret_detached,
	enum path_state *ret_state, struct error *err);

#endif
