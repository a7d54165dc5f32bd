/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount that is live on the node has to be in the consumer's own mount table too. Where it was
 * made after the container's bind it came by itself. One that was there before came with the bind,
 * unless the runtime binds without what is mounted below, as crun does for a container with a user
 * namespace: then it is put there.
 */
#ifndef FSH_HOOK_APPLY_CONSUMER_MOUNT_H
#define FSH_HOOK_APPLY_CONSUMER_MOUNT_H

#include "hook/run/run.h"
#include "policy/check/target.h"

/*
 * Look for the FUSE mount of `device` ("0:55") where the container sees the target's path, and put
 * a slave clone of it, with what is mounted below, there where it is missing: it goes and comes
 * with the node's then, as any other. 1 where it was put there, 0 where there is nothing to do, or
 * a negative errno with FINDING_MOUNT_NOT_IN_CONSUMER.
 */
int consumer_mount_ensure(const struct run_input *input, const struct target *target,
	const char *device, struct error *err);

#endif
