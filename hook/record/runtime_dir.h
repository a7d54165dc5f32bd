/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /run/fuse-sidecar-hook: pods/UID/topology.json, locks/ and tmp/ (0700: root alone), and shown/
 * (0755), copies of the records that containers read. Everything is reached from one pinned
 * descriptor, and nothing there is followed through a symlink.
 */
#ifndef FSH_HOOK_RECORD_RUNTIME_DIR_H
#define FSH_HOOK_RECORD_RUNTIME_DIR_H

#include "hook/record/runtime_path.h"
#include "oci/base/error.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Open the runtime directory, made with its subdirectories where `create`. It must belong to
 * root and be writable by root alone (FINDING_HOST_IO otherwise). -ENOENT, with err filled, where
 * it is not there and `create` is false.
 */
int runtime_dir_open(bool create, int *ret_fd, struct error *err);

/* Make those of its subdirectories that are missing. */
int runtime_dir_complete(int runtime_fd, struct error *err);

/*
 * Where the node has SELinux, give it and its subdirectories the type that they should have
 * (hook/record/selinux_context.h), also where an older version or a service has made them with
 * another. All are tried; the first error is told.
 */
int runtime_dir_label(int runtime_fd, struct error *err);

/* The name of its subdirectory number `i`, NULL behind the last. */
const char *runtime_dir_name(size_t i);

/* What fixes the error `r` of a call below it; NULL where nothing is known that does. */
const char *runtime_dir_fix(int r);

/* O_PATH directory of the pod's record, "pods/UID", made where `create`. The uid is checked against
 * its grammar first. */
int runtime_dir_open_pod(
	int runtime_fd, const char *pod_uid, bool create, int *ret_fd, struct error *err);

#endif
