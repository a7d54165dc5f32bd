/* SPDX-License-Identifier: Apache-2.0 */
/* Paths opened without being followed out of where they belong: openat2(2), or the same walk in
 * steps. */
#ifndef FSH_HOOK_SYS_RESOLVE_H
#define FSH_HOOK_SYS_RESOLVE_H

#include <stdint.h>

/*
 * Open `path` from `dir` (AT_FDCWD allowed). `flags` are O_PATH, O_DIRECTORY, O_NOFOLLOW and
 * O_CLOEXEC; `resolve` is of SYS_RESOLVE_*, with SYS_RESOLVE_NO_SYMLINKS or SYS_RESOLVE_IN_ROOT. A
 * descriptor, or a negative errno: -ELOOP for a symlink that is not wanted, -EXDEV for a path out
 * of where it belongs.
 *
 * Linux 5.6 has a system call for it. Before, each component is opened from the descriptor of the
 * one above, never through a symlink. What openat2(2) does more: a ".." is refused (-EXDEV), but
 * with SYS_RESOLVE_IN_ROOT; and without a system call for the whole walk, what is renamed under it
 * is followed to where it goes, not noticed.
 */
int resolve_open(int dir, const char *path, uint64_t flags, uint64_t resolve);

#endif
