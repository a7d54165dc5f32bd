/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets: each FUSE path of the pod as this container has to do with it. Where the container's
 * mount that holds it is, which host directory that is, and which mounts carry it on both sides.
 */
#ifndef FSH_POLICY_CHECK_TARGET_H
#define FSH_POLICY_CHECK_TARGET_H

#include "oci/base/error.h"
#include "policy/check/facts.h"
#include <stdbool.h>
#include <stddef.h>

enum target_relation {
	TARGET_NONE,	 /* the container does not mount that volume (or not that part of it) */
	TARGET_PROVIDES, /* it is the path's provider */
	TARGET_SEES,	 /* a mount of it shows a directory above the FUSE path: a consumer */
	TARGET_INSIDE,	 /* a mount of it shows the FUSE path itself or a directory below it */
};

struct target {
	const struct mount_request *request;
	enum target_relation relation;
	const struct spec_mount *mount; /* volume mount of this container; NULL for NONE, or a
					   provider without one */
	char *volume;	 /* host path of the volume root (the provider's, from the record, or this
			    container's); NULL unknown */
	char *host_path; /* host path of the FUSE path; NULL unknown */
	char *source;	 /* the host directory that `mount` shows, at or above host_path as text
			    (below it for INSIDE); NULL where no such name is known */
	bool exact;	 /* INSIDE: `mount` shows the FUSE path itself, not a directory below it */
	char *seen_path; /* where this container sees it; request->path for the provider; NULL for
			    NONE and INSIDE */

	/* Host side, where facts->host is known and host_path too: */
	const struct mount_entry *host_carrier; /* mounts_carrier(host, host_path) */
	char *anchor; /* directory whose mount has to be shared: carrier's mountpoint where that is
			 at or below `source`, else `source`; NULL where that is NULL */
	bool anchor_is_mountpoint;
	bool anchor_self_bind; /* mounts_is_self_bind of the carrier at the anchor: maybe a hook's
				*/

	/* Container side, where facts->container is known and `mount` is found there: */
	char *container_path; /* seen_path in the container's table (with its root) */
	bool unplaced;	      /* which mount of the container it is only its whole table can tell:
				 facts->container is partial */
	const struct mount_entry *container_carrier; /* that carries container_path; for INSIDE
							`mount` itself */
	char *container_anchor; /* mountpoint in the container's table (with its root) that stands
				   for the anchor; NULL where there is none */
};

struct targets {
	struct target *items;
	size_t n; /* == request->n_mounts */
};

/* Resolve every path of the request. 0 or -ENOMEM; what cannot be resolved is left NULL/NONE for
 * the checks to report. */
int targets_resolve(const struct facts *facts, struct targets *ret);

/* The first that has this relation; NULL without one. */
const struct target *targets_first(const struct targets *targets, enum target_relation relation);

/* Provider where it provides any path, else consumer where it sees any or is INSIDE any, else
 * bystander. */
enum role targets_role(const struct targets *targets);

void targets_clear(struct targets *targets);

#define cleanup_targets __attribute__((cleanup(targets_clear)))

#endif
