/* SPDX-License-Identifier: Apache-2.0 */
/* Processes identified by pid and start time, so that a recycled pid is never taken for the old
 * one. */
#ifndef FSH_HOOK_SYS_PROCESS_H
#define FSH_HOOK_SYS_PROCESS_H

#include <errno.h>
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

/* A process that is held on to. */
struct process {
	int dir;   /* /proc/PID: what is opened from it is that process's, never a later one's */
	int pidfd; /* readable once it has ended (poll(2)); -EBADF before Linux 5.3 */
};
#define PROCESS_NONE                                                                               \
	(struct process)                                                                           \
	{                                                                                          \
		.dir = -EBADF, .pidfd = -EBADF                                                     \
	}

/* Hold on to that very process. 0, -ESRCH where it is gone or the pid is another's by now, or
 * another negative errno. Closed by process_close(). */
int process_open(pid_t pid, uint64_t start_ticks, struct process *ret);

/* Whether it has ended, its last thread too. False where nothing says so. */
bool process_has_ended(const struct process *process);

void process_close(struct process *process);

#define cleanup_process __attribute__((cleanup(process_close)))

/* True where somebody traces this process (ptrace(2)): each of its system calls may then stop it.
 */
bool process_is_traced(void);

/* In a child, just after fork(2): be killed when `parent` ends, at once where it has ended. 0, or a
 * negative errno; the child must then end by itself. A change of user takes it away. */
int process_die_with(pid_t parent);

/* The parent with which this process dies, 0 where there is none: to be asked before a change of
 * user, the file system's too, for process_die_with() after it. */
pid_t process_dies_with(void);

#endif
