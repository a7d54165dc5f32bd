/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a pod on this node, or of a container in it: what its hooks made is taken away. */
#ifndef FSH_HOOK_POD_END_H
#define FSH_HOOK_POD_END_H

#include "hook/run.h"

/* True where a recorded container's process still runs. */
bool pod_has_live_container(const struct topology *topology);

/*
 * Detach dead FUSE mounts on the paths that `provider` provides (NULL: all of the pod's), by the
 * record. Live and hung ones stay. Returns the first error after having tried them all, as hostile
 * volumes must not keep the others from being cleaned.
 */
int pod_detach_dead(struct run *run, const char *provider, struct error *err);

/* After the last container: dead mounts, hook-made binds, the record and the lock's file. Where
 * something cannot be taken away, the record stays for the next try. */
int pod_end(struct run *run, struct error *err);

#endif
