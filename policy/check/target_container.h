/* SPDX-License-Identifier: Apache-2.0 */
/* A target in the container's own mount table. */
#ifndef FSH_POLICY_CHECK_TARGET_CONTAINER_H
#define FSH_POLICY_CHECK_TARGET_CONTAINER_H

#include "policy/check/target.h"

/*
 * Where the container's root is in the container's table: before pivot_root its directory on the
 * host, in a table captured later simply "/". Owned by the caller; *ret NULL where that is unknown.
 * 0 or -ENOMEM.
 */
int target_table_root(const struct facts *facts, char **ret);

/* The target's mounts there, where the table has the root at `root`; NULL: not known. 0 or -ENOMEM.
 */
int target_resolve_container(const struct facts *facts, const char *root, struct target *target);

#endif
