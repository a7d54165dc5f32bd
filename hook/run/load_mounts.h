/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one reader of the host's and the container's mounts for a run: asked for the paths that the
 * container's targets need, where the kernel can be asked for those, or out of the whole tables.
 * What it leaves in run->known.node and run->known.facts is complete for what was asked, whichever
 * kernel this is: who judges need not know how it was read.
 */
#ifndef FSH_HOOK_RUN_LOAD_MOUNTS_H
#define FSH_HOOK_RUN_LOAD_MOUNTS_H

#include "hook/run/run.h"

enum load_mounts_how {
	LOAD_MOUNTS_PLACES, /* the mounts that lead to the targets, on both sides */
	LOAD_MOUNTS_WAYS,   /* and whether a mount travels from one side to the other: where it does
			       not by these   mounts, it may by others that lie elsewhere */
};

/*
 * Read both anew into run->known.node and run->known.facts, which know everything but the tables.
 * What was resolved with the tables before is invalid. 0 or a negative errno: -ESRCH where the
 * container's init has ended, whoever has its pid by now.
 */
int load_mounts(struct run *run, enum load_mounts_how how, struct error *err);

/*
 * The same with the ways for who asks about a container that need not be there (no pid in
 * run->input.state), nor be that process, nor be his to look at: then its mounts are not known. A
 * root.path that cannot be opened is an error where the bundle is here, as it is for the hook.
 */
int load_mounts_known(struct run *run, struct error *err);

#endif
