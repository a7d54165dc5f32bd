/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a pod on this node, or of a container in it: what its hooks made is taken away. */
#ifndef FSH_HOOK_RECLAIM_POD_END_H
#define FSH_HOOK_RECLAIM_POD_END_H

#include "hook/run/run.h"

/* True where a recorded container's process still runs. */
bool pod_has_live_container(const struct topology *topology);

/*
 * After the last container: dead mounts, hook-made binds, the record and the lock's file. Where
 * something cannot be taken away, the record stays for the next try. So it does while a mount of
 * the pod's hangs, which is no error: 1, with what hangs since when in the record; and at a
 * poststop where a dead mount is left that only its provider's own, which is to come, may detach.
 * Else 0.
 */
int pod_end(struct run *run, struct error *err);

/* Say on standard output what pod_end() would take off the host, and change nothing. 1 where it
 * would keep the record. */
int pod_end_report(struct run *run, struct error *err);

#endif
