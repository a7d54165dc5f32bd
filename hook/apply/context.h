/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a plan have in common, below all of them: to reach a path of the host by the
 * policy's roots, and to look at the mounts again after one was changed. */
#ifndef FSH_HOOK_APPLY_CONTEXT_H
#define FSH_HOOK_APPLY_CONTEXT_H

#include "hook/record/lock.h"
#include "hook/run/run.h"

/*
 * host_path_open_below() with the directory's shared_bind_lock() taken, and opened only then: what
 * was there before the lock may have been another pod's bind, that has ended with it. The lock is
 * the caller's (bind_unlock).
 */
int apply_open_locked(const struct run *run, const char *volume, const char *host_path,
	struct lock *ret_lock, int *ret_fd, struct error *err);

/* Read the mounts again, and resolve the targets with them, where something was mounted since. */
int apply_refresh(struct run *run, struct error *err);

/* The same, and all that it takes to tell which way mounts travel. */
int apply_refresh_path(struct run *run, struct error *err);

/* The target of that FUSE path, valid until the next refresh; NULL without. */
const struct target *apply_target(const struct judgement *judgement, const char *path);

#endif
