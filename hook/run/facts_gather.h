/* SPDX-License-Identifier: Apache-2.0 */
/* All that the judge is told, for who acts by it and for who only asks what it says: one function,
 * so that both are told the same. */
#ifndef FSH_HOOK_RUN_FACTS_GATHER_H
#define FSH_HOOK_RUN_FACTS_GATHER_H

#include "hook/run/run.h"

enum facts_for {
	FACTS_FOR_STAGE, /* the container's init must be there; what cannot be looked at ends the
			    run */
	FACTS_FOR_CHECK, /* maybe by a user, of a container that maybe ran elsewhere: what cannot be
			    looked at for want of rights, or because it is not there, is not known
			  */
};

/*
 * What is true on the node now for the container of the run, whose state, policy, request,
 * config.json and record have been read: into run->known.facts. The container's init is taken from
 * the state; a check without one has no container's mounts. Nothing is changed on the node. 0 or a
 * negative errno.
 */
int facts_gather(struct run *run, enum facts_for whom, struct error *err);

/* The same for input that was captured elsewhere, with the mount tables in run->known.node that are
 * known: nothing of this node counts. */
void facts_of_input(struct run *run);

/* FINDING_STATE_INVALID where the state has no pid: no hook could do anything for that container.
 */
int facts_require_pid(const struct run *run, struct error *err);

#endif
