/* SPDX-License-Identifier: Apache-2.0 */
/* A path of the host opened from the policy's root that holds it: the only way to any. */
#ifndef FSH_HOOK_RUN_HOST_PATH_H
#define FSH_HOOK_RUN_HOST_PATH_H

#include "oci/base/error.h"
#include "policy/config/config.h"

/* Pin a volume from the policy's root that holds it. */
int host_path_open(
	const struct config *config, const char *host_path, int *ret_fd, struct error *err);

/*
 * Pin what lies in a volume, where whoever writes to it may have mounted on the way:
 * safe_walk_below() from the volume or, where that is not known (NULL) or not above it, from the
 * policy's root. For what was seen there a moment ago: that it is gone is FINDING_PATH_UNSAFE. 0 or
 * a negative errno, of which safe_walk_has_changed() tells whether it is of this moment.
 */
int host_path_open_below(const struct config *config, const char *volume, const char *host_path,
	int *ret_fd, struct error *err);

#endif
