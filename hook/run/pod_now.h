/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's record beside what the kernel says of it now. */
#ifndef FSH_HOOK_RUN_POD_NOW_H
#define FSH_HOOK_RUN_POD_NOW_H

#include "oci/spec/mountinfo.h"
#include "policy/record/topology.h"
#include <stdbool.h>
#include <stdint.h>

struct path_now {
	enum path_state state; /* PATH_UNKNOWN: no host path yet, or no answer to be had */
	char *fstype;	       /* of the FUSE mount; NULL without one */
};

struct pod_now {
	struct topology topology; /* as recorded */
	struct path_now *paths;	  /* one for each of topology.paths */
	bool *running;		  /* one for each of topology.containers: its init runs */
};

/*
 * Look at what is recorded in pod->topology: paths in the mount table and, where there is a mount,
 * by a probe; processes by pid and start time. Each path that hangs takes `probe_timeout_usec`. 0
 * or -ENOMEM.
 */
int pod_now_read(struct pod_now *pod, const struct mount_table *host, uint64_t probe_timeout_usec);

void pod_now_clear(struct pod_now *pod);

#define cleanup_pod_now __attribute__((cleanup(pod_now_clear)))

#endif
