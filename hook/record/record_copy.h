/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pod's containers see of its record: a copy, shown/UID/topology.json, and nothing reads it
 * back. A container with CAP_SYS_ADMIN makes its own read-only bind writable again
 * (remount,bind,rw); what is behind it is therefore a tmpfs of the pod's own, read-only as a whole
 * but while it is written, and small. The directory `shown` is a mount of its own that is private,
 * so that no copy travels to whoever shares the node's /run, and unbindable, so that no bind of
 * /run takes them along.
 *
 * Before Linux 5.2 it is a plain directory, and what the bind allows, the container can write.
 *
 * The pod's lock is held by whoever calls these. shown/UID is made together with the pod's record,
 * whether it comes to hold a copy or not: it says that the record's directory was never shown
 * (hook/record/record_place.h).
 */
#ifndef FSH_HOOK_RECORD_RECORD_COPY_H
#define FSH_HOOK_RECORD_RECORD_COPY_H

#include "oci/base/error.h"

/* 1 where shown/UID is there, 0 where it is not, or a negative errno. */
int record_copy_is_marked(int runtime_fd, const char *pod_uid);

/* Make shown/UID, without a copy. */
int record_copy_mark(int runtime_fd, const char *pod_uid, struct error *err);

/*
 * Write the copy anew, where there is one. Readers never see half of it. Where it cannot be written
 * (a container has made the tmpfs writable, and filled it) it is given up: who sees it sees it
 * go on as it was, later containers get a new one. 0 or a negative errno: -EBUSY where it was
 * written, and a container that has it open for writing keeps it from being read-only again.
 */
int record_copy_update(int runtime_fd, const char *pod_uid, const char *text, struct error *err);

/*
 * The directory to be shown: the copy is made, of `text`, where there is none yet. 0; 1 where it
 * could not be labelled, which `err` tells, so that containers may not be able to read it
 * (SELinux); or a negative errno.
 */
int record_copy_open(
	int runtime_fd, const char *pod_uid, const char *text, int *ret_fd, struct error *err);

/* Remove copy and shown/UID. Who still sees the copy sees an empty directory. One that is not there
 * is no error. */
int record_copy_remove(int runtime_fd, const char *pod_uid, struct error *err);

#endif
