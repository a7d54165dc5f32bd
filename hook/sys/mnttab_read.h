/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All mounts of a process's namespace: as text through libmount (oci/spec/mountinfo.h), or one by
 * one by listmount(2) and statmount(2), which gives the same entries in the same order and is what
 * a stage, which cannot load a library any more, does on a kernel that tells everything.
 */
#ifndef FSH_HOOK_SYS_MNTTAB_READ_H
#define FSH_HOOK_SYS_MNTTAB_READ_H

#include "oci/base/error.h"
#include "oci/spec/mountinfo.h"
#include <stdbool.h>
#include <sys/types.h>

/* Whether the kernel tells this process's table without libmount: Linux 6.15, in a root that is its
 * mount namespace's. */
bool mnttab_is_listed(void);

/*
 * The table of the process `pid`, 0: of this one; as text where libmount is loaded or can be. 0 or
 * a negative errno with FINDING_HOST_IO. `ret` is untouched on failure and owned by the caller.
 */
int mnttab_read(pid_t pid, struct mount_table *ret, struct error *err);

/* The same without libmount: -EOPNOTSUPP where the kernel does not tell. */
int mnttab_list(pid_t pid, struct mount_table *ret);

#endif
