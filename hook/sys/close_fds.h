/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors closed by the range: close_range(2) of Linux 5.9, or by looking at what is open. */
#ifndef FSH_HOOK_SYS_CLOSE_FDS_H
#define FSH_HOOK_SYS_CLOSE_FDS_H

/* Close every open descriptor from `first` to `last`, both included; ~0U is the end. None where
 * `last` is below `first`. 0 or a negative errno. Without the system call /proc is needed, and
 * -ENODEV says that there is none. */
int close_fds(unsigned int first, unsigned int last);

#endif
