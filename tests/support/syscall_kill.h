/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is killed at a chosen system call, by ptrace(2). */
#ifndef FSH_TESTS_SUPPORT_SYSCALL_KILL_H
#define FSH_TESTS_SUPPORT_SYSCALL_KILL_H

/*
 * Run `work`, which must exec a program, in a child, and send SIGKILL to it, or to the first
 * process that it has forked, where that one enters the `nth` system call of the two together (from
 * 1; not of other processes), before the kernel carries it out. Both have ended on return.
 * *ret_status is as from child_wait() for the program. 1: killed, 0: it came to its end before, or
 * a negative errno.
 */
int syscall_kill(int (*work)(void *data), void *data, unsigned int nth, int *ret_status);

#endif
