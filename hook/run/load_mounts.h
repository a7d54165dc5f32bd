/* SPDX-License-Identifier: Apache-2.0 */
/* The host's and the container's mount table of a run: as much of them as decides it. */
#ifndef FSH_HOOK_RUN_LOAD_MOUNTS_H
#define FSH_HOOK_RUN_LOAD_MOUNTS_H

#include "hook/run/run.h"

/*
 * Read both anew into run->node and run->facts, which know everything but the tables: the mounts
 * that the container's targets need where the kernel can be asked for those, else the whole tables.
 * What was resolved with the tables before is invalid. 0 or a negative errno: -ESRCH where the
 * container's init has ended, whoever has its pid by now.
 */
int load_mounts(struct run *run, struct error *err);

/* After targets_resolve(): read them as a whole where `targets` shows that parts do not settle it.
 * 1 where that was done and the targets have to be resolved anew, 0 where not, or a negative errno.
 */
int load_mounts_complete(struct run *run, const struct targets *targets, struct error *err);

#endif
