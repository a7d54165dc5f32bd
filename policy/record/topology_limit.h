/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a record may have: one set of limits for who writes it and who reads it, so that what is
 * written can be read back whatever a pod asks for. docs/annotations.md has them for users.
 */
#ifndef FSH_POLICY_RECORD_TOPOLOGY_LIMIT_H
#define FSH_POLICY_RECORD_TOPOLOGY_LIMIT_H

#include "oci/spec/annotations.h"
#include "policy/record/topology.h"
#include <stdbool.h>
#include <stddef.h>

#define TOPOLOGY_MAX_SIZE (384UL * 1024) /* bytes of the JSON text */
#define TOPOLOGY_MAX_CONTAINERS 128
#define TOPOLOGY_MAX_PATHS (2UL * ANNOTATION_MAX_MOUNTS) /* an earlier annotation's among them */
#define TOPOLOGY_MAX_VOLUMES TOPOLOGY_MAX_PATHS
#define TOPOLOGY_MAX_EDGES (TOPOLOGY_MAX_PATHS * TOPOLOGY_MAX_CONTAINERS)
/* of one container */
#define TOPOLOGY_MAX_MOUNTS ANNOTATION_MAX_MOUNTS
#define TOPOLOGY_MAX_FINDINGS 16
#define TOPOLOGY_MAX_ADDRESSES 16
/* bytes, with the NUL */
#define TOPOLOGY_MAX_FINDING_TEXT 1024 /* each of a finding's three */
#define TOPOLOGY_MAX_ADDRESS 272       /* a host's name, a port */
#define TOPOLOGY_MAX_FSTYPE 64	       /* a FUSE daemon chooses a part of it */

/*
 * At most so many bytes has topology_format(). What may still be entered in place of a zero (an id,
 * a time, a device) is counted as if it were there.
 */
size_t topology_bound(const struct topology *topology);

/* Whether it can be written, and read back: no list is longer, and the whole not larger. */
bool topology_fits(const struct topology *topology);

/* The part of topology_bound() that one element has; a container's is without its edges. */
size_t topology_bound_volume(const struct topology_volume *volume);
size_t topology_bound_path(const struct topology_path *path);
size_t topology_bound_container(const struct topology_container *container);
size_t topology_bound_edge(const struct topology_edge *edge);

/*
 * Leave out of a record what it has no room for, until topology_bound() is within the limit: mounts
 * and findings of containers that are not allowed, then findings of any, then denied containers
 * altogether and what is known through them alone. False where that does not suffice.
 */
bool topology_shorten(struct topology *topology);

/*
 * Whether the path's provider is a container that was let go on, or none of the pod's, or its mount
 * was seen; of a volume: whether such a path is in it, or a hook has changed its mount. What is not
 * is forgotten where others need the room: refused containers alone have named it.
 */
bool topology_path_is_settled(const struct topology *topology, const struct topology_path *path);
bool topology_volume_is_settled(
	const struct topology *topology, const struct topology_volume *volume);
/* Forget the places of paths, and the volumes, that are not. */
void topology_forget_unsettled(struct topology *topology);

#endif
