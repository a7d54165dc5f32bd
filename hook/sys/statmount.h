/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statmount(2) and listmount(2): what the kernel says of one mount, whose cost does not depend on
 * how many there are. Linux 6.8, of other mount namespaces 6.11; the entries are the same as those
 * of /proc/PID/mountinfo from 6.13 on, when a FUSE file system's subtype came.
 */
#ifndef FSH_HOOK_SYS_STATMOUNT_H
#define FSH_HOOK_SYS_STATMOUNT_H

#include "oci/spec/mountinfo.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A mount as only this interface tells it: by ids that are never used again. Not the kernel's
 * struct statmount, which <sys/mount.h> declares where the C library is young enough. */
struct statmount_told {
	struct mount_entry entry; /* owned */
	uint64_t id, parent;
	bool is_local; /* looking a name up in its file system waits for nobody: no network, no
			  daemon */
};

/*
 * The mount `id` of the mount namespace `ns` (0: the own one). 0 or a negative errno: -ENOENT where
 * it is gone, -EHOSTUNREACH where it is not below the process's root, -EOPNOTSUPP where the kernel
 * cannot say all that an entry holds. Owned by the caller.
 */
int statmount_read(uint64_t id, uint64_t ns, struct statmount_told *ret);

/*
 * The ids of the mounts below the mount `id`, at any depth. Their number, or a negative errno:
 * -E2BIG where there are more than `n`. The kernel looks at every mount of the namespace for it.
 */
int statmount_list(uint64_t id, uint64_t ns, uint64_t *ids, size_t n);

/*
 * The ids of all mounts of the mount namespace `ns` (0: the own one) behind the id `after` (0: from
 * the first on), in the order of mountinfo, at most `n`. Their number or a negative errno.
 */
int statmount_list_all(uint64_t ns, uint64_t after, uint64_t *ids, size_t n);

/* Whether the kernel says all that an entry holds of any mount, and says so: Linux 6.15. `id` is
 * one of this process's mounts. */
bool statmount_is_complete(uint64_t id);

/* The id of the mount that `fd` is on. Nothing is asked of a file system. 0 or a negative errno:
 * -EACCES of a FUSE mount without allow_other, which is its user's alone. */
int statmount_id_of(int fd, uint64_t *ret_id);

/* The id of the mount namespace of `pid`, Linux 6.11. 0 or a negative errno, -EOPNOTSUPP before. */
int statmount_namespace_of(pid_t pid, uint64_t *ret_ns);

void statmount_clear(struct statmount_told *mount);

#define cleanup_statmount __attribute__((cleanup(statmount_clear)))

#endif
