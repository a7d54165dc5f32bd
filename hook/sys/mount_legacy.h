/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hook/sys/mount_ops.c does through descriptors, by mount(2): for kernels before 5.2
 * (open_tree, move_mount) or 5.12 (mount_setattr). Descriptors become paths as /proc/self/fd/N,
 * which lead to the very mount and directory. System calls: mount, umount2, openat, fstat, those of
 * mount_id_of(), and reading /proc/self/mountinfo.
 */
#ifndef FSH_HOOK_SYS_MOUNT_LEGACY_H
#define FSH_HOOK_SYS_MOUNT_LEGACY_H

#include <stdbool.h>

/* MS_NOSYMFOLLOW of linux/mount.h, Linux 5.10; not in the C library of Debian 12. */
#define MOUNT_MS_NOSYMFOLLOW 256

/* Set the propagation (MS_SHARED, …) of the mount whose root `fd` is, and of all below it where
 * `recursive`. It must be of the caller's mount namespace. */
int mount_legacy_propagation(int fd, unsigned long flag, bool recursive);

/* Set options beside those that the mount has already, by their MS_* flags; MS_NOATIME takes the
 * place of another atime option. It must be of the caller's mount namespace. */
int mount_legacy_options(int fd, unsigned long flags);

/*
 * Make the whole file system whose mount's root `fd` is read-only, or writable again, for all its
 * mounts: mount_set_options() changes one mount alone. The mount, of the caller's namespace, gets
 * nosuid, nodev and noexec. -EBUSY where somebody has a file open for writing.
 */
int mount_legacy_read_only(int fd, bool read_only);

/*
 * Bind the directory `from` on the directory `to`, with everything mounted below it where
 * `recursive`; both are of the caller's mount namespace (-EINVAL otherwise). *ret_fd is the new
 * mount's root (O_PATH), the caller's: -ESTALE, and nothing is mounted, where another mount came on
 * top of it at once.
 */
int mount_legacy_bind(int from, int to, bool recursive, int *ret_fd);

/* 1 where the descriptors are of the same directory, on whichever mounts; 0 where not, or a
 * negative errno. */
int mount_legacy_same(int a, int b);

#endif
