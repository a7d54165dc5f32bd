/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a plan have in common, below all of them: to reach a path of the host by the
 * policy's roots, and to look at the mounts again after one was changed. */
#ifndef FSH_HOOK_APPLY_CONTEXT_H
#define FSH_HOOK_APPLY_CONTEXT_H

#include "hook/record/lock.h"
#include "hook/run/run.h"

/* Pin a step's volume from the policy's root that holds it. */
int apply_open(const struct run *run, const char *host_path, int *ret_fd, struct error *err);

/*
 * Pin what lies in a volume, where whoever writes to it may have mounted on the way:
 * safe_walk_below() from the volume or, where that is not known (NULL) or not above it, from the
 * policy's root. For what was seen there a moment ago: that it is gone is FINDING_PATH_UNSAFE. 0 or
 * a negative errno, of which safe_walk_has_changed() tells whether it is of this moment.
 */
int apply_open_below(const struct run *run, const char *volume, const char *host_path, int *ret_fd,
	struct error *err);

/*
 * The same with the directory's shared_bind_lock() taken, and opened only then: what was there
 * before the lock may have been another pod's bind, that has ended with it. The lock is the
 * caller's (bind_unlock).
 */
int apply_open_locked(const struct run *run, const char *volume, const char *host_path,
	struct lock *ret_lock, int *ret_fd, struct error *err);

/* Read the mount tables again, and resolve the targets with them, where something was mounted
 * since. */
int apply_refresh(struct run *run, struct error *err);

/* The same, and whole tables where it takes those to tell which way mounts travel. */
int apply_refresh_way(struct run *run, struct error *err);

#endif
