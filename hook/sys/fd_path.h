/* SPDX-License-Identifier: Apache-2.0 */
/* Where a descriptor is now, as the kernel says it. */
#ifndef FSH_HOOK_SYS_FD_PATH_H
#define FSH_HOOK_SYS_FD_PATH_H

/*
 * The canonical path of the file that `fd` (O_PATH will do) has open, from /proc/self/fd (proc(5)).
 * For messages and for comparing with mount tables, never to open it again. Asks no file system but
 * proc, so it cannot hang. -ENOENT where the file has been removed or cannot be reached from the
 * root directory. Owned by the caller.
 */
int fd_path(int fd, char **ret_path);

#endif
