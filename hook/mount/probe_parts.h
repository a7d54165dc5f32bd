/* SPDX-License-Identifier: Apache-2.0 */
/* What hook/mount/probe.c and probe_paths.c share. */
#ifndef FSH_HOOK_MOUNT_PROBE_PARTS_H
#define FSH_HOOK_MOUNT_PROBE_PARTS_H

#include "hook/mount/probe.h"
#include "hook/mount/probe_child.h"

/* A child for this question alone; who asks, and since when, is filled in. 0 or a negative errno.
 */
int probe_start(const struct probe_child *question, struct probe *ret);

#endif
