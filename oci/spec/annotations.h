/* SPDX-License-Identifier: Apache-2.0 */
/* What the pod asks for: the fuse-sidecar.io/ annotations of design section 4. */
#ifndef FSH_OCI_SPEC_ANNOTATIONS_H
#define FSH_OCI_SPEC_ANNOTATIONS_H

#include "oci/base/error.h"
#include "oci/spec/keyval.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ANNOTATION_PREFIX "fuse-sidecar.io/"
#define ANNOTATION_MOUNTS ANNOTATION_PREFIX "mounts"
#define ANNOTATION_WAIT ANNOTATION_PREFIX "wait"
#define ANNOTATION_DIR_MODE ANNOTATION_PREFIX "dir-mode"
#define ANNOTATION_DIR_OWNER ANNOTATION_PREFIX "dir-owner"
#define ANNOTATION_EXPOSE ANNOTATION_PREFIX "expose"
#define ANNOTATION_PROPAGATION ANNOTATION_PREFIX "propagation"

#define ANNOTATION_MAX_SIZE 4096 /* bytes of one value */
#define ANNOTATION_MAX_MOUNTS 64

#define PROVIDER_NODE "@node"

struct mount_request {
	char *provider; /* a container's name, or PROVIDER_NODE */
	char *path;	/* the FUSE path, normalized */
	bool node;	/* the provider is PROVIDER_NODE */
};

struct request {
	struct mount_request *mounts;
	size_t n_mounts;
	bool has_wait;
	uint64_t wait_usec; /* valid where has_wait */
	mode_t dir_mode;    /* 0755 unless given; permissions and the sticky bit */
	bool has_owner;
	bool has_owner_gid;
	uid_t owner_uid; /* valid where has_owner */
	gid_t owner_gid; /* valid where has_owner_gid */
	bool expose;
	bool grant; /* propagation: grant */
};

/* True where ANNOTATION_MOUNTS is there, whatever its value: this pod wants the hook. */
bool annotations_active(const struct keyvals *annotations);

/*
 * Parse the pod's request. Unknown keys under the prefix, values over a limit or malformed: -EINVAL
 * with FINDING_ANNOTATION_INVALID; the same path twice or one path below another: -EINVAL with
 * FINDING_MOUNTPOINT_CONFLICT. The message has key, value and what was expected. `ret` is owned by
 * the caller. Without ANNOTATION_MOUNTS other keys under the prefix are still checked, and n_mounts
 * is 0.
 */
int annotations_parse(const struct keyvals *annotations, struct request *ret, struct error *err);
void request_clear(struct request *request);

#define cleanup_request __attribute__((cleanup(request_clear)))

#endif
