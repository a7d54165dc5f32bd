/* SPDX-License-Identifier: Apache-2.0 */
/* What killed hooks left in the runtime directory: temporary files, copies of records that are
 * gone, and locks that nobody holds. */
#ifndef FSH_HOOK_RECLAIM_RUNTIME_GC_H
#define FSH_HOOK_RECLAIM_RUNTIME_GC_H

#include "oci/base/error.h"
#include <stdbool.h>

/*
 * Remove the temporary files ("tmp/UID", "tmp/UID.d") of pods whose lock can be taken at once, and
 * the copies ("shown/UID") and lock files of pods without a record for which that is so. Safe
 * beside running hooks: what they need they hold the lock of, and a lock's file goes while it is
 * held, so that whoever waits for it starts afresh.
 */
int runtime_gc(int runtime_fd, bool dry_run, struct error *err);

#endif
