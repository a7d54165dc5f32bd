/* SPDX-License-Identifier: Apache-2.0 */
/* What a hook gives up before it reads a byte that a pod has written: design section 11, rule 5. */
#ifndef FSH_HOOK_CONFINE_H
#define FSH_HOOK_CONFINE_H

/*
 * Keep only the capabilities that a stage needs (see confine.c for each one's reason), in the
 * permitted, effective and bounding sets; empty the inheritable and ambient sets; set no_new_privs.
 * What the process never had is no error: a hook that lacks something says so where it needs it. 0
 * or a negative errno.
 */
int confine_stage(void);

#endif
