/* SPDX-License-Identifier: Apache-2.0 */
/* The pod's topology record on disk. Readers never see half of one; writers hold the pod's lock. */
#ifndef FSH_HOOK_RECORD_RECORD_H
#define FSH_HOOK_RECORD_RECORD_H

#include "oci/base/error.h"
#include "oci/base/strv.h"
#include "policy/record/topology.h"
#include <stdbool.h>
#include <stdint.h>

/* Whether the pod has a directory for its record, or may have one (it cannot be looked at). */
bool record_is_there(int runtime_fd, const char *pod_uid);

/*
 * Read the record of a pod. 0 with *ret_found false where there is none. A record that cannot be
 * read or parsed is an error (FINDING_HOST_IO; -EPROTONOSUPPORT for a newer schema). It must be a
 * regular file of root's.
 */
int record_load(int runtime_fd, const char *pod_uid, struct topology *ret, bool *ret_found,
	struct error *err);

/*
 * False where the pod's record cannot have the string `text` in it, without parsing it. True where
 * it may: the text is there, or would be escaped there, or the record cannot be read.
 */
bool record_may_name(int runtime_fd, const char *pod_uid, const char *text);

/* Which writing of a record this is: each one is a new file. All-zero: none, or not known. */
struct record_stamp {
	uint64_t device, inode, size;
	int64_t written_sec, written_nsec;
};
void record_stamp(int runtime_fd, const char *pod_uid, struct record_stamp *ret);
bool record_stamp_same(const struct record_stamp *a, const struct record_stamp *b);

/*
 * Write it whole: a temporary file tmp/UID (the caller holds the pod's lock), fsync left out
 * (tmpfs), rename over pods/UID/topology.json, mode 0600. Containers see a copy
 * (hook/record/record_copy.h).
 */
int record_commit(int runtime_fd, const struct topology *topology, struct error *err);

/* The text of a record. -E2BIG where it has more than can be read back
 * (policy/record/topology_limit.h): that is not written. Owned by the caller. */
int record_format(const struct topology *topology, char **ret_text, struct error *err);

/* The same of what record_format() has made, with the stamp of what was written: taken before
 * anybody else can write there. */
int record_commit_text(int runtime_fd, const char *pod_uid, const char *text,
	struct record_stamp *ret, struct error *err);

/* Remove pods/UID/topology.json and pods/UID, then what containers see of it. What is not there is
 * no error. */
int record_remove(int runtime_fd, const char *pod_uid, struct error *err);

/* The uids of all pods that have a record directory, sorted. */
int record_list(int runtime_fd, struct strv *ret_uids, struct error *err);

#endif
