/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binds that hooks made to have something to share (plan step bind-shared): who uses them, and
 * their end. Two pods may use one, through a hostPath volume: the last one's end is the bind's.
 */
#ifndef FSH_HOOK_MOUNT_SHARED_BIND_H
#define FSH_HOOK_MOUNT_SHARED_BIND_H

#include "hook/mount/rollback_list.h"
#include "hook/record/lock.h"
#include "hook/record/record_index.h"
#include "oci/base/error.h"
#include "policy/record/topology.h"
#include <stdbool.h>

/* The lock of a directory whose mount is being changed or adopted: by device and inode, the same
 * for every pod. Held for a moment. */
int shared_bind_lock(
	int runtime_fd, int fd, const char *host_path, struct lock *ret, struct error *err);

/* Let go of it, and remove its file: a volume has nobody to remove it later. */
void shared_bind_unlock(struct lock *lock);

#define cleanup_bind_lock __attribute__((cleanup(shared_bind_unlock)))

/*
 * Write in the pod's record, before it is done, that its hook is about to bind the volume
 * `host_path` on itself: a hook that is killed in between leaves no bind of nobody's. Without a
 * mount id until topology_note_container(), or the caller, enters the one that came.
 */
int shared_bind_announce(
	int runtime_fd, struct topology *topology, const char *host_path, struct error *err);

/*
 * Enter in `topology` that the volume `key` lies on a bind of another pod's hook, where one's
 * record says so of the mount that `fd` is on. The caller holds shared_bind_lock(). 0, also where
 * it is nobody's.
 */
int shared_bind_adopt(
	int runtime_fd, struct topology *topology, const char *key, int fd, struct error *err);

/*
 * Whether another pod's record uses the bind or the shared mount that the pod's run has made, or
 * may do so (it cannot be read). The caller holds shared_bind_lock().
 */
int shared_bind_is_used_elsewhere(struct record_index *index, int runtime_fd,
	const struct topology *mine, const struct rollback_step *made, bool *ret_used,
	struct error *err);

struct shared_bind_end {
	int runtime_fd;
	struct record_index *index;
	struct topology *topology; /* of the pod, which has no live container any more */
	struct topology_volume *volume;
	int fd;		 /* on the volume */
	bool own_volume; /* own_volume_is(): else another pod's, whose bind was adopted */
};

/*
 * The end of a hook's bind, for that pod: unmounted where no other pod's record has it, and not
 * marked as a hook's any more (committed). It is a bind of the directory on itself, and has the
 * mount id that was noted; in the pod's own volume it may also be one that was only announced. 0
 * with *ret_unmounted telling; -EBUSY where something is mounted below it that did not come along
 * as a copy: any mount, or, in the pod's own volume, a FUSE mount.
 */
int shared_bind_release(const struct shared_bind_end *end, bool *ret_unmounted, struct error *err);

#endif
