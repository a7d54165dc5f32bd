/* SPDX-License-Identifier: Apache-2.0 */
/* What the program gives up before it reads a byte that a pod has written: design section 11,
 * rule 5. */
#ifndef FSH_HOOK_SANDBOX_DROP_PRIVILEGES_H
#define FSH_HOOK_SANDBOX_DROP_PRIVILEGES_H

/* What a worker may keep, by its command. */
enum privilege_profile {
	PRIVILEGES_NOTHING, /* no capability; a command of that profile begins unconfined */
	PRIVILEGES_PRESTART,
	PRIVILEGES_POSTSTOP,
	PRIVILEGES_CHECK,
	PRIVILEGES_STATUS,
	PRIVILEGES_PREPARE,
	PRIVILEGES_RECONCILE,
	PRIVILEGES_DOCTOR,
};

/*
 * Keep only the capabilities that the profile needs (see drop_privileges.c for each one's reason),
 * in the permitted, effective and bounding sets; empty the inheritable and ambient sets; set
 * no_new_privs; install the filter of system calls (hook/sandbox/filter.h). What the process never
 * had is no error: a hook that lacks something says so where it needs it. 0 or a negative errno;
 * *ret_unfiltered is a negative errno where the kernel takes no filter, which is no error either.
 */
int drop_privileges_worker(enum privilege_profile profile, int *ret_unfiltered);

/* The same without a filter, for a command that starts other programs: they have what it keeps. */
int drop_privileges_with_programs(enum privilege_profile profile);

/* A stage has opened what it needed CAP_SYS_PTRACE for: nothing of another process can be opened by
 * that any more. 0 or a negative errno. */
int drop_privileges_drop_ptrace(void);

/* The child that parses (hook/sandbox/parser.h): no capability, and a filter that lets it compute.
 * Also below a worker that is confined. */
int drop_privileges_parser(void);

/* A supervisor has no capability at all, and a filter of its own. Its bounding set stays: it is for
 * programs, and no_new_privs gives them nothing. */
int drop_privileges_supervisor(void);

#endif
