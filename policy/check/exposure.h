/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the topology can be shown in a container, at PLAN_EXPOSE_PATH. What is mounted there for
 * it must be the container's alone: it would hide a volume that the pod has there, and in one whose
 * mounts travel it would appear on the host and in every other container with that volume.
 *
 * By the pod's own words. What an image's symlinks make of them is seen when it is done
 * (hook/mount/publish_record.c).
 */
#ifndef FSH_POLICY_CHECK_EXPOSURE_H
#define FSH_POLICY_CHECK_EXPOSURE_H

#include "policy/check/facts.h"
#include "policy/check/target.h"

enum exposure {
	EXPOSURE_UNWANTED, /* by the annotation, or the container has nothing to do with a path */
	EXPOSURE_FREE,
	EXPOSURE_TAKEN,	  /* a volume or a FUSE path is at the place or below it */
	EXPOSURE_TRAVELS, /* a volume that holds the place is shared with the host */
};

/* *ret_by, which may be NULL, is the mount's destination, or the FUSE path, that is the reason;
 * NULL where there is none. Borrowed from the facts. */
enum exposure exposure_of(const struct facts *facts, enum role role, const char **ret_by);

#endif
