/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy decides on: everything it knows of the container, the pod and the node. Nothing
 * here is owned. */
#ifndef FSH_POLICY_CHECK_FACTS_H
#define FSH_POLICY_CHECK_FACTS_H

#include "oci/spec/annotations.h"
#include "oci/spec/identity.h"
#include "oci/spec/mountinfo.h"
#include "oci/spec/spec.h"
#include "policy/check/mounted.h"
#include "policy/config/config.h"
#include "policy/config/lsm.h"
#include "policy/record/topology.h"
#include <stdbool.h>

/* A fact that may not have been looked at, as with captured input: checks on it are then left out.
 */
enum known {
	KNOWN_NOT,
	KNOWN_NO,
	KNOWN_YES,
};

struct facts {
	const struct config *config;
	const struct identity *identity;
	const struct request *request;
	const struct spec *spec;
	const char *bundle;	    /* absolute; NULL where unknown (check without --state) */
	const char *container_root; /* canonical host path of root.path; NULL: root.path as it is
				       written */

	const struct mount_table *host; /* mount table that the hook lives in; NULL unknown */
	const struct mount_table
		*container; /* of the container's init, before pivot_root; NULL unknown */

	enum known fuse_module;		  /* "fuse" in /proc/filesystems */
	enum known fuse_device;		  /* /dev/fuse is that character device on the host */
	enum known apparmor, selinux;	  /* enabled on the node */
	enum apparmor_mode apparmor_mode; /* of the container's profile */

	const struct topology *topology; /* the pod's record so far; NULL without one */
	const struct mounted *mounted;	 /* on the paths that it provides; NULL: not looked at */
};

#endif
