/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker for FUSE mounts that never answer again: opt-in, by `abortHungAfter` of the node's
 * policy. */
#ifndef FSH_HOOK_RECLAIM_ABORT_HUNG_H
#define FSH_HOOK_RECLAIM_ABORT_HUNG_H

#include "hook/run/run.h"

/*
 * Abort (fusectl, Documentation/filesystems/fuse.rst of the kernel) the connection of each FUSE
 * path of the record that hangs for longer than the policy allows, if its provider's process is
 * gone, the mount is the one that the record names (same device) and the pod's own
 * (authority_find()), and requests wait in it, or no container of the pod lives. Enters
 * in the record since when a path hangs. 0, also where nothing is to be done; the lock is held by
 * the caller.
 */
int abort_hung(struct run *run, bool dry_run, struct error *err);

#endif
