/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of this node, gathered without changing it. */
#ifndef FSH_HOOK_RUN_NODE_H
#define FSH_HOOK_RUN_NODE_H

#include "oci/base/error.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/facts.h"
#include <sys/types.h>

/* What facts borrow from, owned here. */
struct node {
	struct mount_table host;
	struct mount_table container;
	bool has_ways;	      /* load_mounts() was asked for them */
	char *container_root; /* canonical; NULL where unknown */
};

/* /proc/filesystems, /dev/fuse, AppArmor (of facts->spec's profile too, where it is there) and
 * SELinux into `facts`: what cannot be read stays KNOWN_NOT. */
void node_query(struct facts *facts);

/* The hook's own mount table into node->host and facts->host. */
int node_read_host(struct node *node, struct facts *facts, struct error *err);

/* The canonical host path of the container's root (root.path, relative to the bundle where it is
 * relative), into both. */
int node_resolve_root(struct node *node, struct facts *facts, struct error *err);

void node_clear(struct node *node);

#define cleanup_node __attribute__((cleanup(node_clear)))

#endif
