/* SPDX-License-Identifier: Apache-2.0 */
/* Files of procfs that something is done through: the descriptor that is used is seen to be procfs'
 * own, so that nothing that is mounted over it can have the hook act on something else. */
#ifndef FSH_HOOK_SYS_PROCFS_H
#define FSH_HOOK_SYS_PROCFS_H

#include <dirent.h>

/* 0 where /proc is procfs, -ENODEV where it is not or is not there, or another negative errno. */
int procfs_check(void);

/* The directory /proc/self/fd (O_PATH): a descriptor, -ENODEV where that is not of procfs or is not
 * there, or another negative errno. Of the namespace that the caller is in. */
int procfs_open_descriptors(void);

/* The same, to be read; 0, or a negative errno as above. closedir() is the caller's. */
int procfs_list_descriptors(DIR **ret_directory);

#endif
