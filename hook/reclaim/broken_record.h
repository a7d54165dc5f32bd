/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's record that cannot be read: what becomes of it when the pod has gone. */
#ifndef FSH_HOOK_RECLAIM_BROKEN_RECORD_H
#define FSH_HOOK_RECLAIM_BROKEN_RECORD_H

#include "hook/run/run.h"
#include <stdbool.h>

/* Whether `r`, of run_open_record(), says that the record itself is not what it should be, rather
 * than that the node cannot read it now. */
bool broken_record_is(int r);

/*
 * Move the directory of the pod of run->input.identity.pod_uid to broken/UID-SECONDS of the runtime
 * directory, where the kubelet has removed the pod: it keeps a directory of that name below a root
 * of the policy that is called "pods". Nothing else is touched: what the record knew of the host is
 * not known any more. `dry_run`: do nothing. 1 and *ret_place, for messages and owned by the
 * caller; 0 where the pod may live, or a negative errno.
 */
int broken_record_move(struct run *run, bool dry_run, char **ret_place, struct error *err);

#endif
