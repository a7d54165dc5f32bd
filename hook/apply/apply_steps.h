/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a plan, by matter; each in a file of its own. For hook/apply/apply.c. */
#ifndef FSH_HOOK_APPLY_APPLY_STEPS_H
#define FSH_HOOK_APPLY_APPLY_STEPS_H

#include "hook/apply/context.h"
#include "hook/run/authority.h"
#include "hook/run/run.h"
#include "policy/check/plan.h"

/*
 * Before apply_detach_dead() of several paths: ask them all at once, so that those that hang take
 * one probeTimeout together. apply_detach_dead() leaves those alone. 0 or a negative errno.
 */
int apply_probe_ahead(struct run *run, const struct mount_table *host, const struct strv *paths,
	struct error *err);

/*
 * dead_mount_detach() on the host path of the claim, whose volume is pinned first, of what the pod
 * may have detached (authority_find()): another's dead mount is left, PATH_DEAD. *ret_detached and
 * *ret_left are set on failure too: 0 and PATH_UNKNOWN where it was not come to. Says nothing: what
 * it means is the caller's.
 */
int apply_detach_dead(const struct run *run, const struct claim *claim, unsigned int *ret_detached,
	enum path_state *ret_left, struct error *err);

/* apply_paths.c: create-directory, detach-stale */
int apply_create_directory(struct run *run, const struct plan_step *step, struct error *err);
int apply_detach_stale(struct run *run, const struct plan_step *step, struct error *err);

/* apply_sharing.c: make-shared and bind-shared, replace-bind, verify-propagation */
int apply_share(struct run *run, const struct plan_step *step, struct error *err);
int apply_replace_bind(struct run *run, const struct plan_step *step, struct error *err);
int apply_verify(struct run *run, const struct plan_step *step, struct error *err);

/* apply_record.c: record, expose */

/* 0 or a negative errno. A denial is in the record all the same, unless that could not be written:
 * where the node cannot be looked at, with what was seen of it before. */
int apply_record(struct run *run, enum container_status status, struct error *err);
/* Whether that provider is an allowed container of the pod whose program may have begun to mount:
 * any but the one that this run is for. */
bool apply_provider_runs(const struct run *run, const char *provider);
int apply_expose(struct run *run, const struct plan_step *step, struct error *err);

/*
 * apply_gate.c, before anything is done for the container: 0 where the gate would have something to
 * wait for; else it is refused, said and recorded here: a provider that is not there, and no live
 * mount of it.
 */
int apply_probe_gate(struct run *run, struct error *err);

/*
 * apply_gate.c: every wait step of the plan at once. The pod's lock is let go meanwhile: what was
 * made is in the record. On return the lock is held again. Where the gate refuses the container,
 * what was shared for it is taken back, unless another container of the pod is there to use it.
 */
int apply_wait(struct run *run, struct error *err);

#endif
