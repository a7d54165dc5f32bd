/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each call is tried with arguments that no kernel takes: the error tells whether the call exists,
 * nothing happens, and no version number has to be believed. A table of distributions' kernels
 * would be wrong by the first backport.
 */
#include "hook/sys/kernel_features.h"

#include "hook/sys/syscalls.h"
#include <linux/stat.h>
#include <stddef.h>
#include <sys/stat.h>

/* No flags of any system call, now or later. */
#define NO_FLAGS (~0U)

/* The bits that the kernel gives beside the mount's id when it is asked for `mask` of "/". */
static bool statx_gives(unsigned int mask, unsigned int wanted)
{
	struct statx buffer = {0};

	return sys_statx(AT_FDCWD, "/", AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, mask, &buffer) == 0 &&
	       (buffer.stx_mask & wanted);
}

/* A kernel that has the call says EINVAL. Out of descriptors or memory it may say that first: an
 * old one it is not, nor where a filter hides the call. */
static bool kernel_refuses(long r)
{
	return r < 0 && errno != ENOSYS && errno != EPERM;
}

bool kernel_has(enum kernel_feature feature)
{
	switch (feature) {
	case KERNEL_OPEN_TREE:
		return kernel_refuses(syscall(SYS_NUMBER_OPEN_TREE, -1, "", NO_FLAGS));
	case KERNEL_MOVE_MOUNT:
		return kernel_refuses(syscall(SYS_NUMBER_MOVE_MOUNT, -1, "", -1, "", NO_FLAGS));
	case KERNEL_FSOPEN:
		return kernel_refuses(syscall(SYS_NUMBER_FSOPEN, NULL, NO_FLAGS));
	case KERNEL_PIDFD_OPEN:
		return kernel_refuses(syscall(SYS_NUMBER_PIDFD_OPEN, 0, NO_FLAGS));
	case KERNEL_OPENAT2:
		return kernel_refuses(syscall(SYS_NUMBER_OPENAT2, -1, "", NULL, (size_t)0));
	case KERNEL_STATX_MNT_ID:
		return statx_gives(0, STATX_MNT_ID);
	case KERNEL_CLOSE_RANGE:
		return kernel_refuses(syscall(SYS_NUMBER_CLOSE_RANGE, ~0U, ~0U, NO_FLAGS));
	case KERNEL_MOUNT_SETATTR:
		return kernel_refuses(
			syscall(SYS_NUMBER_MOUNT_SETATTR, -1, "", NO_FLAGS, NULL, (size_t)0));
	case KERNEL_STATX_MNT_ID_UNIQUE:
		return statx_gives(SYS_STATX_MNT_ID_UNIQUE, SYS_STATX_MNT_ID_UNIQUE);
	case KERNEL_STATMOUNT:
		return kernel_refuses(
			syscall(SYS_NUMBER_STATMOUNT, NULL, NULL, (size_t)0, NO_FLAGS));
	case KERNEL_LISTMOUNT:
		return kernel_refuses(
			syscall(SYS_NUMBER_LISTMOUNT, NULL, NULL, (size_t)0, NO_FLAGS));
	case KERNEL_FEATURES:
		break;
	}
	return false;
}

bool kernel_lacks(enum kernel_feature feature, int r)
{
	return (r == -ENOSYS || r == -EPERM) && !kernel_has(feature);
}

static const struct {
	const char *name, *since;
} features[KERNEL_FEATURES] = {
	[KERNEL_OPEN_TREE] = {"open_tree", "5.2"},
	[KERNEL_MOVE_MOUNT] = {"move_mount", "5.2"},
	[KERNEL_FSOPEN] = {"fsopen", "5.2"},
	[KERNEL_PIDFD_OPEN] = {"pidfd_open", "5.3"},
	[KERNEL_OPENAT2] = {"openat2", "5.6"},
	[KERNEL_STATX_MNT_ID] = {"statx STATX_MNT_ID", "5.8"},
	[KERNEL_CLOSE_RANGE] = {"close_range", "5.9"},
	[KERNEL_MOUNT_SETATTR] = {"mount_setattr", "5.12"},
	[KERNEL_STATX_MNT_ID_UNIQUE] = {"statx STATX_MNT_ID_UNIQUE", "6.8"},
	[KERNEL_STATMOUNT] = {"statmount", "6.8"},
	[KERNEL_LISTMOUNT] = {"listmount", "6.8"},
};

const char *kernel_feature_name(enum kernel_feature feature)
{
	return features[feature].name;
}

const char *kernel_feature_since(enum kernel_feature feature)
{
	return features[feature].since;
}
