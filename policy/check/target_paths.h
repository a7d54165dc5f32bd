/* SPDX-License-Identifier: Apache-2.0 */
/* The paths that targets_resolve() and the checks ask the mount tables about: who reads the tables
 * needs to read no more of them. */
#ifndef FSH_POLICY_CHECK_TARGET_PATHS_H
#define FSH_POLICY_CHECK_TARGET_PATHS_H

#include "oci/base/strv.h"
#include "policy/check/target.h"

/* Of the host's table; facts->host is not looked at. Appended to `ret`. 0 or -ENOMEM. */
int target_paths_of_host(const struct facts *facts, struct strv *ret);

/* Of the container's table, by `targets` as they were resolved without it. facts->container must
 * know the container's root. Appended to `ret`. 0 or -ENOMEM. */
int target_paths_of_container(
	const struct facts *facts, const struct targets *targets, struct strv *ret);

#endif
