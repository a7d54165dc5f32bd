/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is killed at a chosen system call, by ptrace(2). */
#ifndef FSH_TESTS_SUPPORT_SYSCALL_KILL_H
#define FSH_TESTS_SUPPORT_SYSCALL_KILL_H

/*
 * Run `work`, which must exec a program, in a child, and kill that with SIGKILL where it enters its
 * `nth` system call (from 1, of the process itself, not of its children), before the kernel carries
 * it out. *ret_status is as from child_wait() where it came to its end before. 1: killed, 0: it
 * came to its end, or a negative errno.
 */
int syscall_kill(int (*work)(void *data), void *data, unsigned int nth, int *ret_status);

#endif
