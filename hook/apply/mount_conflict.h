/* SPDX-License-Identifier: Apache-2.0 */
/* A mount on the path of a provider that is about to start which is somebody else's: live, or dead
 * and not the hook's to detach. */
#ifndef FSH_HOOK_APPLY_MOUNT_CONFLICT_H
#define FSH_HOOK_APPLY_MOUNT_CONFLICT_H

#include "hook/run/run.h"
#include "policy/check/plan.h"

/*
 * Judge the FUSE mount on step->host_path, where step->provider is to mount. PATH_LIVE: after a
 * crash it would be dead, so it belongs to another pod, to a former instance that still runs, or to
 * somebody unknown. PATH_DEAD: authority_find() has said no; the provider could not mount over it.
 * -EBUSY with FINDING_MOUNTPOINT_CONFLICT naming whom; 0 where the policy only warns
 * (reported, and among the run's findings), ignores it, or is of mode audit.
 */
int mount_conflict_judge(
	struct run *run, const struct plan_step *step, enum path_state state, struct error *err);

#endif
