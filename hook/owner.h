/* SPDX-License-Identifier: Apache-2.0 */
/* Whose is a FUSE mount of the host, by the records of the node's pods? */
#ifndef FSH_HOOK_OWNER_H
#define FSH_HOOK_OWNER_H

#include "oci/base/error.h"
#include "policy/topology.h"

/* All owned; NULL where nobody is known. */
struct owner {
	char *pod_namespace, *pod_name;
	char *provider; /* the container */
};

/*
 * The other pod (than `mine`) that provides `host_path` or a path above it. Records that cannot be
 * read own nothing. 0, also where there is none, or a negative errno.
 */
int owner_find(int runtime_fd, const struct topology *mine, const char *host_path,
	struct owner *ret, struct error *err);

void owner_clear(struct owner *owner);

#define cleanup_owner __attribute__((cleanup(owner_clear)))

#endif
