/* SPDX-License-Identifier: Apache-2.0 */
/* Processes identified by pid and start time, so that a recycled pid is never taken for the old
 * one. */
#ifndef FSH_HOOK_PROCESS_H
#define FSH_HOOK_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Start time of a process in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)). 0 and
 * *ret_ticks, -ESRCH where there is no such process or it is a zombie (with no thread
 * left), or another negative errno.
 */
int process_start(pid_t pid, uint64_t *ret_ticks);

/* True where that very process still runs (exists, started then, no zombie), or where nothing says
 * that it does not. */
bool process_is_alive(pid_t pid, uint64_t start_ticks);

/* A pidfd of that very process: a descriptor, -ESRCH where it is gone or the pid is another's by
 * now, or another negative errno. */
int process_open(pid_t pid, uint64_t start_ticks);

/* In a child, just after fork(2): be killed when `parent` ends. 0, -ESRCH where it has ended
 * already, or another negative errno; the child must then end by itself. A change of user takes it
 * away. */
int process_die_with(pid_t parent);

#endif
