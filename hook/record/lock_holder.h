/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a file locked: for the message of a lock that cannot be had. */
#ifndef FSH_HOOK_RECORD_LOCK_HOLDER_H
#define FSH_HOOK_RECORD_LOCK_HOLDER_H

#include <sys/types.h>

/* The process that took the flock(2) on the file of `fd`, as /proc/locks has it; 0 where nobody
 * has, or it cannot be told. */
pid_t lock_holder(int fd);

/* How /proc/PID/stat has the process (proc(5)): 'D' waits in the kernel; '?' where it is gone. */
char lock_holder_state(pid_t pid);

#endif
