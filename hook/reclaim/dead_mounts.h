/* SPDX-License-Identifier: Apache-2.0 */
/* The dead mounts that a pod has left on the host, by its record. Live and hung ones stay; those
 * that hang and are the pod's are in run->session.hung_own afterwards, and noted in the record. */
#ifndef FSH_HOOK_RECLAIM_DEAD_MOUNTS_H
#define FSH_HOOK_RECLAIM_DEAD_MOUNTS_H

#include "hook/run/run.h"
#include <stdbool.h>

/*
 * Detach the dead mounts on the FUSE paths that `provider` provides, which is the run's container
 * and was allowed (NULL: on all of the pod's, which is over), where authority_find() lets it.
 * Returns the first error after having tried them all: hostile volumes must not keep the others
 * from being cleaned.
 */
int dead_mounts_detach(struct run *run, const char *provider, struct error *err);

/*
 * Detach every dead FUSE mount below the volumes of the pod's own, wherever it is: a bind that
 * somebody made of a FUSE path dies with it. What another pod's record has as its own path or mount
 * is left to that pod, and what lies inside another FUSE mount cannot be reached without asking
 * that one's daemon. `dry_run`: only say on standard output what would be detached. Errors as
 * above.
 */
int dead_mounts_sweep(struct run *run, bool dry_run, struct error *err);

/* Only say on standard output what both would detach at the end of the pod. Errors as above. */
int dead_mounts_report(struct run *run, struct error *err);

#endif
