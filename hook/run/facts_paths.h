/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a pod's FUSE paths now: what a stage notes in the record, and what status and
 * metrics show of it, by the same questions. */
#ifndef FSH_HOOK_RUN_FACTS_PATHS_H
#define FSH_HOOK_RUN_FACTS_PATHS_H

#include "hook/mount/probe.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/plan.h"
#include "policy/record/topology.h"
#include <stdint.h>

struct facts_paths {
	const struct mount_table *host;
	uint64_t probe_timeout_usec;
	const struct plan *waits; /* paths that it waits for are left to the gate, which asks and
				     notes the answer; NULL: none is left out */
};

/*
 * One answer for each of topology->paths, all asked at once: those that hang take the time-out
 * together. UNKNOWN where the host path is not known or it is left out. 0, or a negative errno as
 * of probe_paths(): all are UNKNOWN then. *ret is NULL without memory, else the caller's (free).
 */
int facts_paths_read(const struct topology *topology, const struct facts_paths *how,
	struct probe_question **ret);

#endif
