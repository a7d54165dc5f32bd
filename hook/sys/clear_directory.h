/* SPDX-License-Identifier: Apache-2.0 */
/* Directories that a container may have written to, and that are to go. */
#ifndef FSH_HOOK_SYS_CLEAR_DIRECTORY_H
#define FSH_HOOK_SYS_CLEAR_DIRECTORY_H

/*
 * Remove files and empty directories from the directory `fd` (not O_PATH), a thousand at most. What
 * is left, a tree say, keeps it from being removed, which the caller finds out.
 */
void clear_directory(int fd);

#endif
