/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's policy, as this node has it. */
#ifndef FSH_HOOK_RECORD_POLICY_FILE_H
#define FSH_HOOK_RECORD_POLICY_FILE_H

#include "oci/base/error.h"
#include "policy/config/config.h"

#define POLICY_FILE "/etc/fuse-sidecar-hook/policy.json"

/*
 * Load the node's policy: the defaults where the file is missing, an error where it cannot be read
 * or is broken (FINDING_POLICY_INVALID). It must belong to root and not be writable by others. Each
 * root and node mount that is or contains a symlink is joined by its canonical path, since
 * container sources are canonical. Owned by the caller (config_clear).
 */
int policy_file_load(struct config *ret, struct error *err);

/* Its two halves: what is in the file, and the canonical paths, which file systems are asked for.
 */
int policy_file_read(struct config *ret, struct error *err);
int policy_file_resolve(struct config *config, struct error *err);

#endif
