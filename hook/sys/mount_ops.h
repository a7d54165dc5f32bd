/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, changed through descriptors: what was looked at is what is changed. 0 or a negative
 * errno. */
#ifndef FSH_HOOK_SYS_MOUNT_OPS_H
#define FSH_HOOK_SYS_MOUNT_OPS_H

#include "oci/spec/spec.h"
#include <stdbool.h>

/*
 * Set the propagation of the mount whose root `fd` is, and of all below it where `recursive`.
 * Before Linux 5.12 it must be attached, in the caller's mount namespace.
 */
int mount_set_propagation(int fd, enum propagation propagation, bool recursive);

/* mount_set_propagation() with PROPAGATION_SHARED, not recursive. */
int mount_make_shared(int fd);

/*
 * Bind the directory `fd` on itself, with everything mounted below it, as a shared mount: attached
 * only once it is shared; before Linux 5.12 it is private for a moment. *ret_fd is the new mount's
 * root (O_PATH), the caller's.
 */
int mount_bind_self_shared(int fd, int *ret_fd);

/* Whether mounts can be cloned, and attached in another mount namespace (Linux 5.2). */
bool mount_can_clone(void);

/* A detached clone of the directory `fd`, with everything mounted below it where `recursive`: a
 * peer of a shared mount. *ret_fd is the caller's; closing it drops the clone where it was attached
 * nowhere. */
int mount_clone(int fd, bool recursive, int *ret_fd);

/* Set the attributes "ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "nosymfollow" that
 * the option list ("rw,nosuid,relatime") names. Where the mount must be: as for
 * mount_set_propagation(). */
int mount_set_options(int fd, const char *options);

/*
 * Detach (MNT_DETACH) the mount whose root `fd` is, with everything below it. The kernel takes the
 * topmost mount of that place: the caller has made sure that it is this one (mount_id_of). The
 * working directory is "/" afterwards.
 */
int mount_detach(int fd);

/*
 * mount_detach() of a bind with the mounts below it, which are copies or the pod's own: out of
 * every peer group first, since unmounting a tree unmounts its children in the peers of their
 * parents too, and one of those may be the original, or another provider's live FUSE mount.
 */
int mount_detach_copies(int fd);

/* As mount_detach(), but -EBUSY where anything uses it or is mounted below it. */
int mount_unmount(int fd);

#endif
