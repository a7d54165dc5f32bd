/* SPDX-License-Identifier: Apache-2.0 */
/* Files in the runtime directory that killed hooks left: temporary files, and locks that nobody
 * holds. */
#ifndef FSH_HOOK_LEFTOVERS_H
#define FSH_HOOK_LEFTOVERS_H

#include "oci/base/error.h"
#include <stdbool.h>

/*
 * Remove the temporary files ("tmp/UID.PID") whose writer is gone, and the lock files of pods
 * without a record that can be taken at once. Safe beside running hooks: a lock's file goes while
 * it is held, and whoever waits for it starts afresh.
 */
int leftovers_remove(int runtime_fd, bool dry_run, struct error *err);

#endif
