/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of config.json by the paths that it gives them. */
#ifndef FSH_POLICY_CHECK_TARGET_SOURCE_H
#define FSH_POLICY_CHECK_TARGET_SOURCE_H

#include "policy/check/facts.h"

/* The entry of `mounts` that holds the container path `path`: the longest destination, of equals
 * the last. NULL where only the root file system does. */
const struct spec_mount *target_spec_mount(const struct spec *spec, const char *path);

/* The host directory that a bind mount of config.json names, owned by the caller; *ret NULL where
 * that cannot be told. 0 or -ENOMEM. */
int target_mount_source(const struct facts *facts, const struct spec_mount *mount, char **ret);

#endif
