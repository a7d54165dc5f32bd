/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, carried out: the only code of a prestart run that changes the node. */
#ifndef FSH_HOOK_APPLY_APPLY_H
#define FSH_HOOK_APPLY_APPLY_H

#include "hook/run/run.h"

/*
 * Carry the steps of run->judgement.plan out in order and audit each change. A step that fails ends
 * it with `err` filled; what was made so far is on run->session.rollback, for the caller to take
 * back.
 */
int apply_plan(struct run *run, struct error *err);

#endif
