/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the hook may detach, or abort, a FUSE mount of the host for the pod of a run. A record
 * alone says nothing of a host path: what it says is believed where the path has the pod's uid in
 * the kubelet's directory of pods, where this container's config.json says the same, or where the
 * mount has the ids that were noted when it was seen to answer.
 */
#ifndef FSH_HOOK_RUN_AUTHORITY_H
#define FSH_HOOK_RUN_AUTHORITY_H

#include "hook/mount/dead_mount.h"
#include "hook/run/mount_owner.h"
#include "hook/run/run.h"

/* A place where the hook would act. Nothing is owned. */
struct claim {
	const char *volume, *host_path;
	const struct topology_path *path; /* of the pod's record; NULL: it has no such path */
	bool could_itself; /* provider_rights_unmount(): the container that the hook runs for */
};

/*
 * May it? Below a volume of the pod's own: yes, unless another pod's provider was seen to make that
 * very mount (one claim, mounted by two pods), or nobody of this pod was, nor could do it itself,
 * and it is to be seen outside of the pod's volumes as well. Anywhere else: a mount that an allowed
 * provider of this pod was seen to have made, or any that this container could unmount itself, and
 * in both cases none that another pod's provider has, unless it is both. `owner` (empty) is filled
 * where that is in the way. 0 or a negative errno.
 */
int authority_find(const struct run *run, const struct claim *claim, const struct dead_mount *mount,
	struct mount_owner *owner, bool *ret, struct error *err);

/*
 * Whether a file system is mounted at a place of the node that is not the pod's, too: both have one
 * volume (a claim that two pods mount, a subPath of a hostPath), and who has made the mount cannot
 * be told from here. `host` is the whole table.
 */
bool authority_is_elsewhere(const struct run_input *input, const struct mount_table *host,
	unsigned int major, unsigned int minor);

/* provider_rights_unmount() of the container of the run, whose config.json is read where it has not
 * been. False where it cannot be read. 0 or a negative errno. */
int authority_of_container(
	struct run *run, const char *path, const char *host_path, bool *ret, struct error *err);

/* A FUSE path that the container provides, as a target or a step of the plan names it. */
struct claim_place {
	const char *path, *volume, *host_path;
};

/* The claim of the run's container to it. 0 or a negative errno. */
int authority_claim(
	struct run *run, const struct claim_place *place, struct claim *ret, struct error *err);

/*
 * The ids of the mount that a walk to the claim's host path ends on, below its volume and through
 * no FUSE mount. 0 or a negative errno; where safe_walk_has_changed(), nothing is there any more of
 * what the caller has seen.
 */
int authority_identify(const struct run_input *input, const struct claim *claim,
	struct dead_mount *mount, struct error *err);

/* The same of a FUSE mount, with its device. */
int authority_query(const struct run_input *input, const struct claim *claim,
	struct dead_mount *mount, struct error *err);

#endif
