/* SPDX-License-Identifier: Apache-2.0 */
/* A run in the node's counters, where the policy asks for metrics; nothing else where it does not.
 */
#ifndef FSH_HOOK_RUN_RUN_COUNT_H
#define FSH_HOOK_RUN_RUN_COUNT_H

#include "hook/run/run.h"

/*
 * The run has come to its end with this exit code, and for `cause` where that is no finding of its
 * judgement (FINDING_NONE: it is, or there is none). Lets go of the pod's lock first. What cannot
 * be counted is told in the journal and fails nobody.
 */
void run_count(struct run *run, int exit_code, enum finding_code cause);

/* The same for what a run of reconcile has detached: that is no run of a stage. */
void run_count_heals(struct run *run);

#endif
