/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /run/fuse-sidecar-hook: pods/UID/topology.json (0755/0644: containers read it), locks/ and tmp/
 * (0700). Everything is reached from one pinned descriptor, and nothing there is followed through a
 * symlink.
 */
#ifndef FSH_HOOK_RUNTIME_DIR_H
#define FSH_HOOK_RUNTIME_DIR_H

#include "oci/base/error.h"
#include <stdbool.h>

#define RUNTIME_DIR "/run/fuse-sidecar-hook"

/*
 * Open the runtime directory, made with its three subdirectories where `create`. It must belong to
 * root and be writable by root alone (FINDING_HOST_IO otherwise). -ENOENT, with err filled, where
 * it is not there and `create` is false.
 */
int runtime_dir_open(bool create, int *ret_fd, struct error *err);

/* Make those of its subdirectories that are missing. */
int runtime_dir_complete(int runtime_fd, struct error *err);

/* What mends the error `r` of a call below it; NULL where nothing is known that does. */
const char *runtime_dir_fix(int r);

/*
 * Where the node has SELinux, give what holds records, and what they are written in, the type that
 * containers can read: what is made in a directory takes its type. Nothing where they have it. 0 or
 * a negative errno, as selinux_set_type() has it.
 */
int runtime_dir_label(int runtime_fd, struct error *err);

/* O_PATH directory of the pod's record, "pods/UID", made where `create`. The uid is checked against
 * its grammar first. */
int runtime_dir_open_pod(
	int runtime_fd, const char *pod_uid, bool create, int *ret_fd, struct error *err);

#endif
