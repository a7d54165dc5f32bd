/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is there somebody at the other end of a FUSE mount? The kernel and a daemon have the same errors
 * to answer with. What tells them apart is whether the one who asks had to wait.
 */
#ifndef FSH_HOOK_MOUNT_LIVENESS_H
#define FSH_HOOK_MOUNT_LIVENESS_H

#include "policy/record/topology.h"

/*
 * Ask the root of the mount that `fd` (O_PATH) is on: blocks for as long as its daemon does not
 * answer, so this is for a child (hook/mount/probe.h). 0 with *ret_state PATH_LIVE or PATH_DEAD;
 * -EACCES where it cannot be told, since the mount lets another user ask alone.
 */
int liveness_query(int fd, enum path_state *ret_state);

#endif
