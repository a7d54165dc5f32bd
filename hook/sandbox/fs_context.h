/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file systems that a confined process may still mount: each kind at most once, and as it was
 * set up before the process read anything. fsopen(2) and all parameters come before the filter of
 * system calls, which lets through no more than "make it" and "mount it"
 * (hook/sandbox/filter_list.c): what kind of file system that is, and with which options, cannot be
 * chosen any more.
 */
#ifndef FSH_HOOK_SANDBOX_FS_CONTEXT_H
#define FSH_HOOK_SANDBOX_FS_CONTEXT_H

#include "hook/sandbox/drop_privileges.h"

enum fs_context {
	FS_CONTEXT_SHOWN, /* the tmpfs of what a pod's containers see of its record */
	FS_CONTEXTS	  /* how many there are */
};

/* Of FS_CONTEXT_SHOWN: two records, one of which is just written. */
#define FS_CONTEXT_SHOWN_KIB 1024

/*
 * Open those that a process of the profile may need. One that the kernel does not open (before
 * Linux 5.2, or hidden) is not there later, which is no error here.
 */
void fs_context_prepare(enum privilege_profile profile);

/*
 * Make the file system, once. *ret_fd is the root (O_PATH) of its mount (nosuid, nodev, noexec),
 * attached nowhere yet: closing it drops it. 0 or a negative errno: -EOPNOTSUPP where this kernel
 * makes none that way, or it was made already.
 */
int fs_context_mount(enum fs_context which, int *ret_fd);

#endif
