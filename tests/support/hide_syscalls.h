/* SPDX-License-Identifier: Apache-2.0 */
/* System calls taken away by a seccomp filter, as an older kernel or a container's older profile
 * does. */
#ifndef FSH_TESTS_SUPPORT_HIDE_SYSCALLS_H
#define FSH_TESTS_SUPPORT_HIDE_SYSCALLS_H

/* What Linux 4.18 has not: every name below but statx_force_sync. */
#define HIDE_ALL "all"

/*
 * Answer `error` (ENOSYS or EPERM) to the system calls of the comma separated list, in this process
 * and all that come from it, for ever. Names are those of system calls, and
 *
 *   statx_mnt_id         statx(2) asked for nothing but the mount's id, or for the unique one
 *   statx_mnt_id_unique  statx(2) asked for the unique one
 *   statx_force_sync     statx(2) with AT_STATX_FORCE_SYNC, which FUSE heeds since Linux 4.20
 *
 * 0 or a negative errno: -EINVAL for a name that is not known.
 */
int hide_syscalls(const char *names, int error);

#endif
