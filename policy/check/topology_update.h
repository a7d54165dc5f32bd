/* SPDX-License-Identifier: Apache-2.0 */
/* What a hook run has seen of a container, put into the pod's record. */
#ifndef FSH_POLICY_CHECK_TOPOLOGY_UPDATE_H
#define FSH_POLICY_CHECK_TOPOLOGY_UPDATE_H

#include "policy/check/facts.h"
#include "policy/check/target.h"
#include "policy/record/finding.h"
#include "policy/record/topology.h"
#include <stdint.h>

struct container_note {
	enum role role;
	enum container_status status;
	pid_t pid;
	uint64_t pid_start_ticks;
	const struct findings *findings;
	uint64_t now_usec; /* CLOCK_REALTIME */
};

/*
 * Enter the container of `facts` into the record: its pod, the volumes and FUSE paths of the
 * targets as the facts' tables show them, the container (a new id counts as its name's next
 * instance), and the edges along which its mounts travel. Flags about what a hook did to a volume,
 * and what is known of a path's state, stay. What there is no room for
 * (policy/record/topology_limit.h) is left out of refused containers and counted in their
 * `omitted`. 0, -ENOMEM, or -E2BIG where another container has no room: check_room() tells before
 * anything is done.
 */
int topology_note_container(struct topology *topology, const struct facts *facts,
	const struct targets *targets, const struct container_note *note);

/* What is known of a path now. */
struct path_note {
	enum path_state state;
	const char *device; /* "0:55" of the mount there; NULL: none, or not known */
	int mount_id;	    /* of it; 0: not known */
	uint64_t mount_id_unique;
	bool provider_runs; /* the path's provider is an allowed container whose program may have
			       begun to mount */
	uint64_t now_usec;  /* CLOCK_REALTIME */
	uint64_t boottime_usec; /* CLOCK_BOOTTIME */
};

/*
 * Set it; `since` changes with the state. A mount is the pod's own from when it is first seen on
 * the path, if that one answers and the provider runs: what was there before, or died before
 * anybody looked, nobody knows the maker of. 0 or -ENOMEM.
 */
int topology_note_path(struct topology *topology, const char *path, const struct path_note *note);

#endif
