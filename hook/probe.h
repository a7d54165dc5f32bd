/* SPDX-License-Identifier: Apache-2.0 */
/* Is a FUSE mount live, dead or hung? Asked in a child with a deadline: the hook itself never
 * blocks on it. */
#ifndef FSH_HOOK_PROBE_H
#define FSH_HOOK_PROBE_H

#include "oci/mountinfo.h"
#include "policy/topology.h"
#include <stdint.h>

/*
 * The state of the FUSE mount at `host_path` according to the mount table and, where one is there,
 * its root's answer to statx(2) within `timeout_usec`. *ret_mount (may be NULL) is the entry,
 * borrowed, NULL when absent. 0 or a negative errno where no answer could be had.
 */
int probe_path(const struct mount_table *host, const char *host_path, uint64_t timeout_usec,
	enum path_state *ret_state, const struct mount_entry **ret_mount);

#endif
