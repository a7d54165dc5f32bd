/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the place is free where the container is to see the topology. */
#include "policy/check/checks.h"

#include "policy/check/exposure.h"
#include "policy/check/plan.h"

int check_exposure(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	const char *by = NULL;

	switch (exposure_of(facts, targets_role(targets), &by)) {
	case EXPOSURE_TAKEN:
		return findings_add(findings, facts->config, FINDING_TOPOLOGY_PLACE_TAKEN, by,
			"mount it elsewhere, or set fuse-sidecar.io/expose: \"false\"",
			"%s is where container %s is shown the pod's topology, at " PLAN_EXPOSE_PATH
			": one of the two would hide the other",
			by, facts->identity->container_name);
	case EXPOSURE_TRAVELS:
		return findings_add(findings, facts->config, FINDING_TOPOLOGY_NOT_SHOWN, by,
			"mount the volume below /run, or set fuse-sidecar.io/expose: \"false\"",
			"the volume at %s of container %s is shared with the host: the topology is "
			"not shown at " PLAN_EXPOSE_PATH
			", since it would appear wherever that volume is",
			by, facts->identity->container_name);
	case EXPOSURE_UNWANTED:
	case EXPOSURE_FREE:
		break;
	}
	return 0;
}
