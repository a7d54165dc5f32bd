/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted on the paths that the container provides, and whose it is: a fact like others,
 * gathered before anything is decided. */
#ifndef FSH_HOOK_RUN_FACTS_MOUNTED_H
#define FSH_HOOK_RUN_FACTS_MOUNTED_H

#include "hook/run/run.h"

/*
 * Into run->known.mounted and run->known.facts.mounted, of the targets whose place is below one of
 * the policy's roots: at another the hook looks at nothing. The mounts are asked all at once, so
 * that those that hang take one probeTimeout together; their paths are in run->session.hung
 * afterwards. The host's mounts must be loaded. 0 or a negative errno.
 */
int facts_mounted_read(struct run *run, const struct targets *targets, struct error *err);

/*
 * One path that was found in that state: whose the mount is, or that its former instance still
 * runs. What is DEAD is taken for one that is not detachable. Owned by the caller
 * (mounted_path_clear). 0 or a negative errno.
 */
int facts_mounted_describe(const struct run *run, const struct target *target,
	enum path_state state, struct mounted_path *ret, struct error *err);

#endif
