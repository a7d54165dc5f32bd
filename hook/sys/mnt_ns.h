/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From where the kernel tells mountpoints (statmount(2)): for this process its root, for another
 * one the root of its mount namespace. mountinfo tells them from the root of the process. They are
 * told alike where the root is the same.
 */
#ifndef FSH_HOOK_SYS_MNT_NS_H
#define FSH_HOOK_SYS_MNT_NS_H

#include <stdint.h>
#include <sys/types.h>

struct mnt_ns {
	int fd;	     /* O_PATH */
	uint64_t ns; /* 0: this process's */
	uint64_t id; /* the mount that `fd` is the root of */
};
#define MNT_NS_NONE                                                                                \
	(struct mnt_ns)                                                                            \
	{                                                                                          \
		.fd = -EBADF                                                                       \
	}

/* Of the process `pid`, 0: this one. 0 or a negative errno, -EOPNOTSUPP where the kernel does not
 * tell mounts by statmount(2) or not as mountinfo does. Owned by the caller. */
int mnt_ns_open(pid_t pid, struct mnt_ns *ret);

void mnt_ns_close(struct mnt_ns *root);

#define cleanup_mnt_ns __attribute__((cleanup(mnt_ns_close)))

#endif
