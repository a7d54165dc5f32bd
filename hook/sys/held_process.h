/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another user's process whose mount namespace and root a stage needs more than once: opened while
 * it may (CAP_SYS_PTRACE), so that it can give that up before it does anything else.
 */
#ifndef FSH_HOOK_SYS_HELD_PROCESS_H
#define FSH_HOOK_SYS_HELD_PROCESS_H

#include <sys/types.h>

/* Open both for all that this process and those that it forks ask for. What cannot be opened is
 * told to who asks. Whether `pid` is still the process that was meant is theirs to ask too, after
 * it (process_is_alive()).
 * It takes the place of the one before. */
void held_process_hold(pid_t pid);

/* A descriptor of /proc/PID/ns/mnt, and one (O_PATH) of /proc/PID/root, the caller's; or a negative
 * errno. Of the process that is held it is that one's, of others it is opened now. */
int held_process_mount_ns(pid_t pid);
int held_process_root(pid_t pid);

#endif
