/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the younger system calls there are. Linux 4.18 (RHEL 8) has none of them; a container's
 * older seccomp profile hides them as EPERM or ENOSYS. docs/kernels.md says what takes their place.
 */
#ifndef FSH_HOOK_SYS_KERNEL_FEATURES_H
#define FSH_HOOK_SYS_KERNEL_FEATURES_H

#include <stdbool.h>

enum kernel_feature {
	KERNEL_OPEN_TREE,
	KERNEL_MOVE_MOUNT,
	KERNEL_FSOPEN,
	KERNEL_PIDFD_OPEN,
	KERNEL_OPENAT2,
	KERNEL_STATX_MNT_ID,
	KERNEL_CLOSE_RANGE,
	KERNEL_MOUNT_SETATTR,
	KERNEL_STATX_MNT_ID_UNIQUE,
	KERNEL_STATMOUNT,
	KERNEL_LISTMOUNT,
	KERNEL_FEATURES /* how many there are */
};

/*
 * Ask the kernel, by a call that cannot do anything: it has arguments that the system call itself
 * refuses (EINVAL), which one that is not there cannot. Touches no file but "/". Not remembered:
 * it costs less than a microsecond. KERNEL_MOVE_MOUNT and KERNEL_FSOPEN need CAP_SYS_ADMIN to be
 * told from ones that are hidden; the filter of system calls lets nobody ask for the latter.
 */
bool kernel_has(enum kernel_feature feature);

/*
 * Whether `r`, what a call of the feature returned, says that it is not there. ENOSYS and EPERM can
 * be a file system's or a security module's answer too, so the kernel is asked once more.
 */
bool kernel_lacks(enum kernel_feature feature, int r);

/* "open_tree" */
const char *kernel_feature_name(enum kernel_feature feature);

/* The Linux release that brought it: "5.2". Distributions bring some to older kernels. */
const char *kernel_feature_since(enum kernel_feature feature);

#endif
