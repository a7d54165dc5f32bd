/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with the propagation of a target and can be fixed by the hook itself. The checks
 * ask (no finding then), and so does the plan (steps then): both must come to the same answer.
 */
#ifndef FSH_POLICY_CHECK_FIXABLE_H
#define FSH_POLICY_CHECK_FIXABLE_H

#include "policy/check/facts.h"
#include "policy/check/target.h"
#include <stdbool.h>

/* The host's mount that carries a FUSE path. */
enum fixable_host {
	FIXABLE_NOT_NEEDED, /* it is shared, or nothing is known of it */
	FIXABLE_SHARE,	    /* the hook makes the anchor shared */
	/* It is not shared, and the hook leaves it so: */
	FIXABLE_NODE,	 /* an @node path: nodeMounts and `prepare` are the administrator's */
	FIXABLE_OUTSIDE, /* the anchor is not below any of the policy's roots */
	FIXABLE_FOREIGN, /* it is no volume of the pod's own: whoever mounts that directory would be
		    sharing from then on, so it is the administrator's to say, in nodeMounts */
	FIXABLE_UNBINDABLE, /* a directory of an unbindable mount cannot be bound on itself */
	FIXABLE_NAMELESS,   /* no directory above the path is known by name */
};

enum fixable_host fixable_host(const struct facts *facts, const struct target *target);

/*
 * True where the container's mount at the anchor has to become a clone of the host's: it shows the
 * same directory, declares a propagation that would do, and is in no relation to the host's mount
 * (or will be in none once that is made shared: the container's was made before). 0 or -ENOMEM.
 */
int fixable_replaces(const struct facts *facts, const struct target *target, bool *ret);

/* True where the container's mount declares what its side of the way needs: shared for a provider,
 * slave or shared for a consumer. */
bool fixable_declared(const struct target *target);

#endif
