/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted on the paths that a container provides, as it was found before anything was
 * decided or done: a fact of the judge's, gathered by hook/run/facts_mounted.h. */
#ifndef FSH_POLICY_CHECK_MOUNTED_H
#define FSH_POLICY_CHECK_MOUNTED_H

#include "policy/record/topology.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A FUSE mount on one of them, or several on each other: the topmost. */
struct mounted_path {
	char *path;	       /* of the annotation */
	enum path_state state; /* PATH_LIVE, PATH_DEAD or PATH_HUNG */
	bool detachable;       /* DEAD: it is the hook's to detach for this container
				  (hook/run/authority.h) */
	pid_t former_pid; /* LIVE: the provider's instance before this one, which still runs; 0:
			     none */
	char *owner; /* "CONTAINER of the pod NAMESPACE/NAME" whose it is by the node's records;
			NULL: nobody's */
};

struct mounted {
	struct mounted_path *items; /* owned */
	size_t n;
};

/* What is on that path of the annotation; NULL: nothing, or nothing is known. `mounted` may be
 * NULL. */
const struct mounted_path *mounted_find(const struct mounted *mounted, const char *path);

/* Whether it is somebody's for whom it stays: the path's provider cannot mount there. */
bool mounted_is_anothers(const struct mounted_path *found);

/* Append; what `found` owns is the list's then. 0 or -ENOMEM. */
int mounted_add(struct mounted *mounted, struct mounted_path *found);

void mounted_path_clear(struct mounted_path *found);
void mounted_clear(struct mounted *mounted);

#define cleanup_mounted_path __attribute__((cleanup(mounted_path_clear)))
#define cleanup_mounted __attribute__((cleanup(mounted_clear)))

#endif
