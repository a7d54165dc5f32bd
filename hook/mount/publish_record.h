/* SPDX-License-Identifier: Apache-2.0 */
/* The pod's record shown inside a container, read-only, as /run/fuse-sidecar. */
#ifndef FSH_HOOK_MOUNT_PUBLISH_RECORD_H
#define FSH_HOOK_MOUNT_PUBLISH_RECORD_H

#include "hook/mount/container_ns.h"
#include "oci/base/error.h"

/*
 * Mount the directory `record_fd` read-only on `path` ("/run/fuse-sidecar") of the container whose
 * root directory is `container_root`, in its namespace before pivot_root. `path` is resolved inside
 * that root, wherever the image's symlinks point, and made where it is missing; a symlink in its
 * last component is FINDING_PATH_UNSAFE. The directory is a mount of its own: a record that is
 * renamed into place later is seen at once. 0, PUBLISHED_NOWHERE where no directory can be made for
 * it because the file system there is read-only, or a negative errno.
 */
#define PUBLISHED_NOWHERE 1
int publish_record(const struct container_ns *ns, int record_fd, const char *container_root,
	const char *path, struct error *err);

#endif
