/* SPDX-License-Identifier: Apache-2.0 */
/* What the program gives up before it reads a byte that a pod has written: design section 11,
 * rule 5. */
#ifndef FSH_HOOK_SANDBOX_DROP_PRIVILEGES_H
#define FSH_HOOK_SANDBOX_DROP_PRIVILEGES_H

/* What a worker may keep, by its command. */
enum confine_profile {
	CONFINE_NOTHING, /* no capability; a command of that profile begins unconfined */
	CONFINE_PRESTART,
	CONFINE_POSTSTOP,
	CONFINE_CHECK,
	CONFINE_STATUS,
	CONFINE_PREPARE,
	CONFINE_RECONCILE,
	CONFINE_DOCTOR,
};

/*
 * Keep only the capabilities that the profile needs (see drop_privileges.c for each one's reason), in the
 * permitted, effective and bounding sets; empty the inheritable and ambient sets; set no_new_privs;
 * install the filter of system calls (hook/sandbox/filter.h). What the process never had is no
 * error: a hook that lacks something says so where it needs it. 0 or a negative errno;
 * *ret_unfiltered is a negative errno where the kernel takes no filter, which is no error either.
 */
int confine_worker(enum confine_profile profile, int *ret_unfiltered);

/* The same without a filter, for a command that starts other programs: they have what it keeps. */
int confine_with_programs(enum confine_profile profile);

/* A stage has opened what it needed CAP_SYS_PTRACE for: nothing of another process can be opened by
 * that any more. 0 or a negative errno. */
int confine_drop_ptrace(void);

/* The child that parses (hook/sandbox/parser.h): no capability, and a filter that lets it compute.
 * Also below a worker that is confined. */
int confine_parser(void);

/* A supervisor has no capability at all, and a filter of its own. Its bounding set stays: it is for
 * programs, and no_new_privs gives them nothing. */
int confine_supervisor(void);

#endif
