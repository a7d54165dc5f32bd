/* SPDX-License-Identifier: Apache-2.0 */
/* How a container's mounts stand to a FUSE path. For policy/check/target.c. */
#ifndef FSH_POLICY_CHECK_TARGET_RELATION_H
#define FSH_POLICY_CHECK_TARGET_RELATION_H

#include "policy/check/target.h"

/* Which mount holds or shows the FUSE path, and how; the path's place on the host. 0 or -ENOMEM;
 * what is not known stays NULL. */
int target_relate(const struct facts *facts, struct target *target);

#endif
