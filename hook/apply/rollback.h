/* SPDX-License-Identifier: Apache-2.0 */
/* A run that has failed: what it made is taken away again. */
#ifndef FSH_HOOK_APPLY_ROLLBACK_H
#define FSH_HOOK_APPLY_ROLLBACK_H

#include "hook/run/run.h"

/*
 * Take back what is on run->session.rollback, the last thing first. A bind or a mount made shared
 * that another pod's record uses by now is that pod's too, and stays: the last one's end is its
 * end. What goes is not marked as a hook's in run->session.topology any more (the caller commits).
 * Returns how many steps could not be rolled back.
 */
unsigned int rollback_run(struct run *run);

#endif
