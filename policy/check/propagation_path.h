/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a FUSE mount, read from mount tables: from the provider's mount to the host's, from
 * the host's to a consumer's (Documentation/filesystems/sharedsubtree.rst of the kernel).
 */
#ifndef FSH_POLICY_CHECK_PROPAGATION_PATH_H
#define FSH_POLICY_CHECK_PROPAGATION_PATH_H

#include "policy/check/facts.h"
#include "policy/check/target.h"

enum propagation_path {
	PROPAGATION_UNKNOWN,	       /* a table or the host path is not known */
	PROPAGATION_OPEN,	       /* a mount made at one end arrives at the other */
	PROPAGATION_ABSENT,	       /* no mount carries the path on one side */
	PROPAGATION_ELSEWHERE,	       /* the two sides show different directories */
	PROPAGATION_HOST_PRIVATE,      /* the host's mount is not shared */
	PROPAGATION_CONTAINER_PRIVATE, /* the provider's is not shared, or the consumer's has no
					  master */
	PROPAGATION_APART, /* both are in peer groups, which have nothing to do with each other */
};

/*
 * The way of a target that the container PROVIDES or SEES. Where both mounts show the same place of
 * the same file system, that place lies below either mount's root, which is what the kernel asks
 * before it propagates. 0 or -ENOMEM.
 */
int propagation_path_find(
	const struct facts *facts, const struct target *target, enum propagation_path *ret);

/*
 * True where partial tables do not settle it and the whole ones may: a chain of slaves that leads
 * over mounts elsewhere, or a mount of the container at another place than its destination. 0 or
 * -ENOMEM.
 */
int propagation_path_needs_whole(
	const struct facts *facts, const struct targets *targets, bool *ret);

#endif
