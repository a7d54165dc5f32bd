/* SPDX-License-Identifier: Apache-2.0 */
/* A container's own bind of a volume, made before the volume was shared, replaced by a clone of the
 * shared mount. */
#ifndef FSH_HOOK_MOUNT_REBIND_H
#define FSH_HOOK_MOUNT_REBIND_H

#include "hook/mount/container_ns.h"
#include "oci/base/strv.h"
#include "oci/spec/mountinfo.h"
#include "oci/spec/spec.h"
#include <stdbool.h>

struct rebind {
	int anchor_fd;			/* host directory on the shared mount; borrowed */
	const struct mount_entry *bind; /* the container's mount, from its mount table; borrowed */
	enum propagation propagation;	/* what the container declares: shared, or slave */
	bool recursive;			/* with the mounts below it */
	/* Mountpoints of the container's table, right below the bind: its own mounts (another
	 * volume, a file), which no mount of the host's brings back. Below a shared bind they
	 * travel to the host, as they do where the runtime makes them. Borrowed; may be NULL. */
	const struct strv *nested;
};

/*
 * Put a clone of the mount at the anchor where the container's bind is, with the bind's options and
 * the declared propagation, and take the old bind away. The nested mounts move over. The bind is
 * recognised by its mount id: -ESTALE with FINDING_HOST_IO where another mount is there by now;
 * -EOPNOTSUPP with FINDING_PEER_GROUP_MISMATCH for an idmapped bind, whose id map would be lost;
 * -ENOSYS with FINDING_HOST_NOT_SHARED before Linux 5.2, which takes no mount from one namespace to
 * another. The mount that the anchor is on may be kept shared then: a bind that is made of it later
 * needs no replacement.
 */
int rebind(const struct container_ns *ns, const struct rebind *replace, struct error *err);

#endif
