/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks inside volumes that pods control: from a pinned directory, component by component, never
 * through a symlink, never out of it, and never through a FUSE mount, which can hold whoever looks
 * something up in it (FINDING_PATH_UNSAFE). What is opened is used by descriptor from then on. A
 * directory of a volume that refuses root is searched as the user that it belongs to.
 */
#ifndef FSH_HOOK_MOUNT_SAFE_WALK_H
#define FSH_HOOK_MOUNT_SAFE_WALK_H

#include "hook/mount/rollback_list.h"
#include "hook/sys/fs_user.h"
#include "oci/base/error.h"
#include <stdbool.h>
#include <sys/types.h>

/*
 * Open (O_PATH) the directory `host_path`, which is `trusted` or below it. `trusted` is the
 * administrator's (a root of the policy) and may go through symlinks; the rest may not. Errors:
 * FINDING_PATH_UNSAFE for a symlink or something that is no directory on the way, else
 * FINDING_HOST_IO.
 */
int safe_walk_open(const char *trusted, const char *host_path, int *ret_fd, struct error *err);

/* Who makes a directory and what it becomes. */
struct safe_walk_directory {
	struct fs_user
		creator; /* the container's, so that nothing is made that it could not make */
	uid_t owner_uid; /* given to it once all are made, where they differ */
	gid_t owner_gid;
	mode_t mode;
};

/*
 * Make each missing directory of `rest` (relative, normalized) below `volume_fd`, whose host path
 * `volume` is for messages. Each one that was made is put on `rollback`; existing ones keep mode
 * and owner. The number of those that were made, or a negative errno.
 */
int safe_walk_make(int volume_fd, const char *volume, const char *rest,
	const struct safe_walk_directory *directory, struct rollback_list *rollback,
	struct error *err);

/* Open (O_PATH) what is at `rest` ("" is the volume itself) below `volume_fd`, following no
 * symlink. */
int safe_walk_below(
	int volume_fd, const char *volume, const char *rest, int *ret_fd, struct error *err);

/*
 * Whether an error of these walks says no more than that the path is not what a look at the mounts
 * a moment ago has shown: no such path, or no such mount on the way. Whoever has looked looks
 * again.
 */
bool safe_walk_has_changed(int r);

#endif
